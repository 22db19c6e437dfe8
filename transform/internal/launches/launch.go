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
// the correlation that both have, else by their External id, else by an arrow.
type Launches struct {
	Device   *filter.Recognizer
	Tracks   *trace.Tracks
	Present  *[2]IDSet // that a host's call has, by key
	Complete bool      // Present is, and arrows are
	leads    bool      // some arrow leads to a device
	Orphans  orphans
	staying  [2]IDSet        // that one has which stays
	Flows    *flows.Follower // of slices that no id joins to a call
	Stays    Staying
	order    *pairs.Matcher[Begun] // knows the tracks on which begins and ends are in no order
}

func New() *Launches {
	return &Launches{Device: &filter.Recognizer{}, Tracks: &trace.Tracks{}, Present: &[2]IDSet{}, Flows: &flows.Follower{}}
}

// Of returns launches that know what l does of the whole trace, and are told
// what stays.
func (l *Launches) Of(stays Staying) *Launches {
	return &Launches{Device: l.Device, Tracks: l.Tracks, Present: l.Present, Flows: l.Flows, Complete: true, Stays: stays}
}

// launchKeys are the args that join, the first that does decides.
var launchKeys = [2][]byte{[]byte("correlation"), []byte("External id")}

// IDs is what joins an event to others: values of launchKeys, empty if absent.
// They belong to the event.
type IDs [2][]byte

// Staying tells whether a slice of the host counts as one that stays. One that
// never ends has trace.MaxTime for its end.
type Staying func(track int, start, end trace.Time) bool

// Learn takes what a part tells of devices. All parts have to be learnt from
// before anything is gathered.
func (l *Launches) Learn(p *trace.Part) {
	if p.Text != nil {
		l.Device.LearnDocument(p.Text)
	}
	for i := range p.Events {
		e := &p.Events[i]
		l.Device.Learn(e)
		l.leads = l.leads || LeadsToDevice(e)
	}
}

// Gather notes which calls there are, and which of them stay.
func (l *Launches) Gather(ctx context.Context, read pipeline.Reading, stays Staying) error {
	l.Stays = stays
	if err := l.GatherCalls(ctx, read); err != nil {
		return err
	}
	return l.followOrphans(ctx, read)
}

// GatherNoted is gather for a trace without begins and ends of which the complete
// slices that may have a part in this were noted.
func (l *Launches) GatherNoted(ctx context.Context, noted *Noted, read pipeline.Reading, stays Staying) error {
	l.Stays = stays
	if err := noted.Each(func(n *NotedSlice) {
		switch {
		case l.Device.SideOf(n.Look) != filter.Device:
			l.call(n.IDs, l.Stays(n.Track, n.Start, n.End))
		case !n.Mirror:
			l.Orphans.note(n.IDs, l.Present)
		}
	}); err != nil {
		return err
	}
	return l.followOrphans(ctx, read)
}

// followOrphans follows arrows if there are slices that no id joins to a call, and
// arrows that may.
func (l *Launches) followOrphans(ctx context.Context, read pipeline.Reading) error {
	if !l.leads || !l.Orphans.Any(l.Present) {
		return nil
	}
	return l.follow(ctx, read)
}

// GatherCalls notes the calls, and which of them stay.
func (l *Launches) GatherCalls(ctx context.Context, read pipeline.Reading) error {
	return l.eachSlice(ctx, read, looks{slice: l.Note, restart: l.forget})
}

// forget makes l gather anew.
func (l *Launches) forget() {
	l.Orphans, l.staying = orphans{}, [2]IDSet{}
	if !l.Complete {
		*l.Present = [2]IDSet{}
	}
}

// follow follows arrows, for slices that no id joins to a call.
func (l *Launches) follow(ctx context.Context, read pipeline.Reading) error {
	if err := pipeline.EachEvent(ctx, read, func(e *trace.Event) {
		if LeadsToDevice(e) {
			l.Flows.Note(l.Tracks.Of(e), e)
		}
	}); err != nil {
		return err
	}
	l.Flows.Prepare(len(l.Tracks.All))
	bind := func(s *Slice) { l.Flows.Bind(s.Track, s.Start, s.Stop, s.Device, false) }
	if err := l.eachSlice(ctx, read, looks{slice: bind}); err != nil {
		return err
	}
	l.Flows.Settle()
	return nil
}

// orphans are slices of devices that no id has joined to a call yet.
type orphans struct {
	known bool // there is one, for good
	ids   [2]IDSet
}

// note takes a slice of a device.
func (o *orphans) note(j IDs, present *[2]IDSet) {
	switch {
	case len(j[0])+len(j[1]) == 0:
		o.known = true
	case present[0].Has(j[0]) || present[1].Has(j[1]):
	case len(j[0]) > 0:
		o.ids[0].add(j[0])
	default:
		o.ids[1].add(j[1])
	}
}

// Any reports whether some are left, now that all calls are known.
func (o *orphans) Any(present *[2]IDSet) bool {
	return o.known || !o.ids[0].within(&present[0]) || !o.ids[1].within(&present[1])
}

// Note takes a slice.
func (l *Launches) Note(s *Slice) {
	switch {
	case !s.Device:
		l.call(s.Joined(), l.Stays(s.Track, s.Start, s.Stop))
	case !l.Complete && !s.Mirror:
		l.Orphans.note(s.Joined(), l.Present)
	}
}

// call notes a host's call by what joins it to others.
func (l *Launches) call(j IDs, stays bool) {
	for i, id := range j {
		if len(id) == 0 {
			continue
		}
		if !l.Complete {
			l.Present[i].add(id)
		}
		if stays {
			l.staying[i].add(id)
		}
	}
}

// Judge reports whether a device's slice is kept, if its launch is known.
func (l *Launches) Judge(e *trace.Event) (keeps, known bool) {
	if l.Device.Side(e) != filter.Device {
		return false, false
	}
	return l.Launched(IDsOf(e), l.Tracks.Of(e), e.TS, e.End())
}

func (l *Launches) Launched(j IDs, track int, start, end trace.Time) (stays, known bool) {
	for i, id := range j {
		if len(id) > 0 && l.Present[i].Has(id) {
			return l.staying[i].Has(id), true
		}
	}
	for call := range l.Flows.Calls(track, start, end) {
		known = true
		stays = stays || l.Stays(int(call.Track), call.From, call.To)
	}
	return stays, known
}

func IDsOf(e *trace.Event) (j IDs) {
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
