package launches

import (
	"bytes"
	"context"

	"tracekit/filter"
	"tracekit/trace"
	"tracekit/transform/internal/flows"
	"tracekit/transform/internal/pairs"
	"tracekit/transform/pipeline"
)

// Launches join what ran on a device to the host's call that launched it: by
// the correlation that both have, else by their External id, else by a flow. Where
// several ranks wrote into one file, a launch is one of the own rank.
type Launches struct {
	Device    *filter.Recognizer
	Tracks    *trace.Tracks
	Present   *IDSets // that a host's call has
	Links     flows.Links
	Complete  bool // Present and Links are
	leads     bool // some flow may lead to a device
	Orphans   orphans
	keptCalls IDSets       // that a call has which is kept
	Flows     flows.Binder // of slices that no id joins to a call
	IsKept    KeptSlice
	ranks     *ranks
	order     *pairs.Matcher[Begun] // knows the tracks on which begins and ends are in no order
}

// New returns Launches that have seen nothing; given says what events are, where nothing
// else tells.
func New(given filter.Given) *Launches {
	return &Launches{Device: &filter.Recognizer{Given: given}, Tracks: &trace.Tracks{}, Present: &IDSets{}, ranks: &ranks{}}
}

// ForSelection returns launches that know what l does of the whole trace, and are told
// what is kept.
func (l *Launches) ForSelection(stays KeptSlice) *Launches {
	return &Launches{
		Device: l.Device, Tracks: l.Tracks, Present: l.Present, Links: l.Links, Complete: true, IsKept: stays, ranks: l.ranks,
	}
}

// Known returns launches that know what l does of the whole trace, for another
// goroutine.
func (l *Launches) Known() *Launches {
	return &Launches{
		Device: l.Device.Clone(), Tracks: l.Tracks.Known(), Present: l.Present, Links: l.Links, Complete: true, ranks: l.ranks.clone(),
	}
}

// launchKeys are the args that join, the first that does decides.
var launchKeys = [2][]byte{[]byte("correlation"), []byte("External id")}

// IDs is what joins an event to others: values of launchKeys, empty if absent.
// They belong to the event.
type IDs [2][]byte

// Any reports whether there is one.
func (j IDs) Any() bool { return len(j[0])+len(j[1]) > 0 }

// KeptSlice reports whether a slice of the host counts as one that is kept. One that
// never ends has trace.MaxTime for its end.
type KeptSlice func(track int, start, end trace.Time) bool

// Learn takes what a part tells of devices. All parts have to be learnt from
// before anything is gathered.
func (l *Launches) Learn(p *trace.Part) {
	if p.Text != nil {
		l.Device.LearnDocument(p.Text)
	}
	for i := range p.Events {
		e := &p.Events[i]
		l.Device.Learn(e)
		l.leads = l.leads || MayLaunch(e)
		l.ranks.Learn(l.Tracks, e)
	}
}

// Gather notes which calls there are, and which of them stay.
func (l *Launches) Gather(ctx context.Context, read pipeline.Reading, stays KeptSlice) error {
	l.AssignRanks()
	l.IsKept = stays
	if err := l.GatherCalls(ctx, read); err != nil {
		return err
	}
	return l.followOrphans(ctx, read)
}

// GatherNoted is Gather for a trace without begins and ends of which the complete
// slices that may have a part in this were noted.
func (l *Launches) GatherNoted(ctx context.Context, noted *Noted, read pipeline.Reading, stays KeptSlice) error {
	l.AssignRanks()
	l.IsKept = stays
	if err := noted.EachSlice(func(n *NotedSlice) {
		switch {
		case l.Device.SideOf(n.Look) != filter.Device:
			l.call(n.Track, n.IDs, n.Start, l.IsKept(n.Track, n.Start, n.End))
		case !n.Mirror:
			l.work(n.Track, n.IDs, n.Start)
		}
	}); err != nil {
		return err
	}
	return l.followOrphans(ctx, read)
}

// followOrphans follows flows if there are slices that no id joins to a call, and
// flows that may.
func (l *Launches) followOrphans(ctx context.Context, read pipeline.Reading) error {
	if !l.leads || !l.Orphans.Any(l.Present) {
		return nil
	}
	return l.follow(ctx, read)
}

// GatherCalls notes the calls, and which of them stay.
func (l *Launches) GatherCalls(ctx context.Context, read pipeline.Reading) error {
	return l.eachSlice(ctx, read, passVisitor{slice: l.NoteSlice, restart: l.forget})
}

// forget makes l gather again.
func (l *Launches) forget() {
	l.Orphans, l.keptCalls = orphans{}, nil
	if !l.Complete {
		*l.Present = nil
		l.ranks.shared.forget()
	}
}

// follow follows flows, for slices that no id joins to a call.
func (l *Launches) follow(ctx context.Context, read pipeline.Reading) error {
	if err := pipeline.EachEvent(ctx, read, func(e *trace.Event) {
		if MayLaunch(e) {
			l.NoteFlow(e)
		}
	}); err != nil {
		return err
	}
	l.Flows.Prepare(nil, func(track int) bool { return l.order != nil && l.order.Tracks.Has(track) })
	if err := l.eachSlice(ctx, read, passVisitor{slice: l.Bind}); err != nil {
		return err
	}
	l.Join()
	return nil
}

// NoteFlow takes a flow event. Those of two ranks are no flow.
func (l *Launches) NoteFlow(e *trace.Event) {
	if track := l.Tracks.Of(e); e.Has&trace.HasTS != 0 {
		rank := l.Rank(track)
		if rank == several {
			if ranks := l.ranks.shared.parts.ranks(e.At()); len(ranks) > 0 {
				rank = int(ranks[0])
			}
		}
		l.Flows.NoteFlowAs(flows.Key(e)+uint64(rank), track, e, false)
	}
}

// Bind tells flow events of a slice.
func (l *Launches) Bind(s *Slice) {
	var is flows.Is
	if s.Device {
		is |= flows.Device
	}
	if s.Complete == nil {
		is |= flows.Pair
	}
	l.Flows.Bind(s.Track, s.Start, s.Stop, is)
}

// Join finds the slices that flows join, once these are told of all.
func (l *Launches) Join() {
	l.Flows.Resolve()
	l.Links = l.Flows.Launches()
	l.Flows = flows.Binder{}
}

// orphans are slices of devices that no id has joined to a call yet.
type orphans struct {
	joined bool // one that an id has joined came
	known  bool // there is one, for good
	ids    IDSets
}

// note takes a slice of a device.
func (o *orphans) addSlice(rank int, j IDs, present *IDSets) {
	switch {
	case !j.Any():
		o.known = true
	case present.Has(rank, 0, j[0]) || present.Has(rank, 1, j[1]):
		o.joined = true
	case len(j[0]) > 0:
		o.ids.add(rank, 0, j[0])
	default:
		o.ids.add(rank, 1, j[1])
	}
}

// Any reports whether some are left, now that all calls are known.
func (o *orphans) Any(present *IDSets) bool { return o.known || !o.ids.within(*present) }

// Recorded reports whether the launch of anything is known, once calls are gathered.
func (l *Launches) Recorded() bool {
	return l.Orphans.joined || len(l.Links) > 0 || l.Orphans.ids.meets(*l.Present)
}

// Unrecorded reports whether devices ran what nothing is known to have launched, and
// nothing else.
func (l *Launches) Unrecorded() bool {
	return !l.Recorded() && (l.Orphans.known || len(l.Orphans.ids) > 0)
}

// NotRecorded is what to say where none is.
const NotRecorded = "no launch is recorded in the trace: what ran on devices is judged by its own time"

// NoteSlice takes a slice.
func (l *Launches) NoteSlice(s *Slice) {
	switch {
	case !s.Device:
		l.call(s.Track, s.Joined(), s.Start, l.IsKept(s.Track, s.Start, s.Stop))
	case !l.Complete && !s.Mirror:
		l.work(s.Track, s.Joined(), s.Start)
	}
}

// work notes a slice of a device.
func (l *Launches) work(track int, j IDs, start trace.Time) {
	rank := l.Rank(track)
	if rank == several {
		l.ranks.shared.work(j, start)
		l.Orphans.joined = true
		return
	}
	l.Orphans.addSlice(rank, j, l.Present)
}

// call notes a host's call by what joins it to others.
func (l *Launches) call(track int, j IDs, start trace.Time, stays bool) {
	if !j.Any() {
		return
	}
	rank := l.Rank(track)
	if rank == several {
		return // no process of the host
	}
	if l.ranks.shared != nil && !l.Complete {
		l.ranks.shared.call(int32(rank), j, start)
	}
	for i, id := range j {
		if len(id) == 0 {
			continue
		}
		if !l.Complete {
			l.Present.add(rank, i, id)
		}
		if stays {
			l.keptCalls.add(rank, i, id)
		}
	}
}

// Judge reports whether a device's slice is kept, if its launch is known.
func (l *Launches) Judge(e *trace.Event) (keeps, known bool) {
	if l.Device.Side(e) != filter.Device {
		return false, false
	}
	return l.launched(IDsOf(e), l.Tracks.Of(e), e.TS, e.End(), e.At())
}

// Launched reports whether what a device ran on a track is kept, if its launch is
// known.
func (l *Launches) Launched(j IDs, track int, start, end trace.Time) (stays, known bool) {
	return l.launched(j, track, start, end, 0)
}

func (l *Launches) launched(j IDs, track int, start, end trace.Time, at int64) (stays, known bool) {
	if rank := l.Rank(track); rank != several {
		stays, known = l.joined(rank, j)
	} else if ranks := l.RanksOf(j, start, at); len(ranks) > 0 {
		stays, known = l.joined(int(ranks[0]), j)
		for _, rank := range ranks[1:] {
			others, _ := l.joined(int(rank), j)
			known = known && others == stays
		}
		stays = stays && known
	}
	if known {
		return stays, true
	}
	for call := range l.Links.To(track, start, end) {
		known = true
		stays = stays || l.IsKept(call.Track, call.Start, call.End)
	}
	return stays, known
}

// joined reports whether the call of a rank that has these ids is kept, if there is one.
func (l *Launches) joined(rank int, j IDs) (stays, known bool) {
	for i, id := range j {
		if l.Present.Has(rank, i, id) {
			return l.keptCalls.Has(rank, i, id), true
		}
	}
	return false, false
}

// IDsOf reads what joins an event to others. What counts from 1 has 0 for none.
func IDsOf(e *trace.Event) IDs {
	j := idsOf(e)
	for i, id := range j {
		if string(id) == "0" || string(id) == `"0"` || string(id) == "null" || string(id) == `""` {
			j[i] = nil
		}
	}
	return j
}

func idsOf(e *trace.Event) (j IDs) {
	args := e.Args()
	for i, key := range launchKeys {
		value, sure := plainArg(args, key)
		if !sure {
			return idsByMembers(args)
		}
		j[i] = value
	}
	return j
}

// plainArg returns the value of a key of args where it is a natural number and
// nothing in front of it nests; it is not sure of what is written in other ways.
func plainArg(args, key []byte) (value []byte, sure bool) {
	at := bytes.Index(args, key)
	if at < 0 {
		return nil, true
	}
	end := at + len(key)
	if at == 0 || args[at-1] != '"' || end == len(args) || args[end] != '"' {
		return nil, false
	}
	if bytes.IndexByte(args[1:at], '{') >= 0 || bytes.IndexByte(args[1:at], '[') >= 0 {
		return nil, false
	}
	rest := bytes.TrimLeft(args[end+1:], ": ")
	n := 0
	for n < len(rest) && rest[n]-'0' <= 9 {
		n++
	}
	if n == 0 || n == len(rest) || rest[n] != ',' && rest[n] != '}' && rest[n] != ' ' && rest[n] != '\n' {
		return nil, false
	}
	return rest[:n:n], args[end+1] == ':'
}

func idsByMembers(args []byte) (j IDs) {
	wanted := len(launchKeys)
	for m := range trace.Members(args) {
		for i, key := range launchKeys {
			if bytes.Equal(m.Key, key) && j[i] == nil {
				j[i] = m.Value
				wanted--
			}
		}
		if wanted == 0 {
			break
		}
	}
	return j
}

// Memory is about how many bytes l takes.
func (l *Launches) Memory() int {
	return l.Tracks.Memory() + l.Flows.Memory() + l.Present.Memory() + l.keptCalls.Memory() + l.Orphans.ids.Memory() + l.ranks.shared.memory()
}
