package cut

import (
	"bytes"
	"context"

	"tracekit/filter"
	"tracekit/trace"
)

// launches join what ran on a device to the host's call that launched it: by
// the correlation that both have, else by their External id, else by an arrow.
type launches struct {
	device   *filter.Recognizer
	tracks   *trace.Tracks
	present  *[2]idSet // that a host's call has, by key
	complete bool      // present is, and arrows are
	leads    bool      // some arrow leads to a device
	orphans  orphans
	staying  [2]idSet // that one has which stays
	arrows   *arrows  // of slices that no id joins to a call
	stays    stays
	order    *stacks[begun] // knows the tracks on which begins and ends are in no order
}

func newLaunches() *launches {
	return &launches{device: &filter.Recognizer{}, tracks: &trace.Tracks{}, present: &[2]idSet{}, arrows: &arrows{}}
}

// of returns launches that know what l does of the whole trace, and are told
// what stays.
func (l *launches) of(stays stays) *launches {
	return &launches{device: l.device, tracks: l.tracks, present: l.present, arrows: l.arrows, complete: true, stays: stays}
}

// launchKeys are the args that join, the first that does decides.
var launchKeys = [2][]byte{[]byte("correlation"), []byte("External id")}

// joint is what joins an event to others: values of launchKeys, empty if absent.
// They belong to the event.
type joint [2][]byte

// stays tells whether a slice of the host counts as one that stays. One that
// never ends has trace.MaxTime for its end.
type stays func(track int, start, end trace.Time) bool

// learn takes what a part tells of devices. All parts have to be learnt from
// before anything is gathered.
func (l *launches) learn(p *trace.Part) {
	if p.Text != nil {
		l.device.LearnDocument(p.Text)
	}
	for i := range p.Events {
		e := &p.Events[i]
		l.device.Learn(e)
		l.leads = l.leads || leadsToDevice(e)
	}
}

// gather notes which calls there are, and which of them stay.
func (l *launches) gather(ctx context.Context, read reading, stays stays) error {
	l.stays = stays
	if err := l.gatherCalls(ctx, read); err != nil {
		return err
	}
	return l.followOrphans(ctx, read)
}

// gatherNoted is gather for a trace without begins and ends of which the complete
// slices that may have a part in this were noted.
func (l *launches) gatherNoted(ctx context.Context, noted *sliced, read reading, stays stays) error {
	l.stays = stays
	if err := noted.each(func(n *notedSlice) {
		switch {
		case l.device.SideOf(n.look) != filter.Device:
			l.call(n.joint, l.stays(n.track, n.start, n.end))
		case !n.mirror:
			l.orphans.note(n.joint, l.present)
		}
	}); err != nil {
		return err
	}
	return l.followOrphans(ctx, read)
}

// followOrphans follows arrows if there are slices that no id joins to a call, and
// arrows that may.
func (l *launches) followOrphans(ctx context.Context, read reading) error {
	if !l.leads || !l.orphans.any(l.present) {
		return nil
	}
	return l.follow(ctx, read)
}

// gatherCalls notes the calls, and which of them stay.
func (l *launches) gatherCalls(ctx context.Context, read reading) error {
	return l.eachSlice(ctx, read, looks{slice: l.note, restart: l.forget})
}

// forget makes l gather anew.
func (l *launches) forget() {
	l.orphans, l.staying = orphans{}, [2]idSet{}
	if !l.complete {
		*l.present = [2]idSet{}
	}
}

// follow follows arrows, for slices that no id joins to a call.
func (l *launches) follow(ctx context.Context, read reading) error {
	if err := eachEvent(ctx, read, func(e *trace.Event) {
		if leadsToDevice(e) {
			l.arrows.note(l.tracks.Of(e), e)
		}
	}); err != nil {
		return err
	}
	l.arrows.prepare(len(l.tracks.All))
	bind := func(s *launchSlice) { l.arrows.bind(s.track, s.start, s.stop, s.device, false) }
	if err := l.eachSlice(ctx, read, looks{slice: bind}); err != nil {
		return err
	}
	l.arrows.settle()
	return nil
}

// orphans are slices of devices that no id has joined to a call yet.
type orphans struct {
	known bool // there is one, for good
	ids   [2]idSet
}

// note takes a slice of a device.
func (o *orphans) note(j joint, present *[2]idSet) {
	switch {
	case len(j[0])+len(j[1]) == 0:
		o.known = true
	case present[0].has(j[0]) || present[1].has(j[1]):
	case len(j[0]) > 0:
		o.ids[0].add(j[0])
	default:
		o.ids[1].add(j[1])
	}
}

// any reports whether some are left, now that all calls are known.
func (o *orphans) any(present *[2]idSet) bool {
	return o.known || !o.ids[0].within(&present[0]) || !o.ids[1].within(&present[1])
}

// note takes a slice.
func (l *launches) note(s *launchSlice) {
	switch {
	case !s.device:
		l.call(s.ids(), l.stays(s.track, s.start, s.stop))
	case !l.complete && !s.mirror:
		l.orphans.note(s.ids(), l.present)
	}
}

// call notes a host's call by what joins it to others.
func (l *launches) call(j joint, stays bool) {
	for i, id := range j {
		if len(id) == 0 {
			continue
		}
		if !l.complete {
			l.present[i].add(id)
		}
		if stays {
			l.staying[i].add(id)
		}
	}
}

// judge decides on a device's slice whose launch is known.
func (l *launches) judge(e *trace.Event) (v verdict, known bool) {
	if l.device.Side(e) != filter.Device {
		return out, false
	}
	stays, known := l.launched(jointOf(e), l.tracks.Of(e), e.TS, e.End())
	if stays {
		return whole, known
	}
	return out, known
}

func (l *launches) launched(j joint, track int, start, end trace.Time) (stays, known bool) {
	for i, id := range j {
		if len(id) > 0 && l.present[i].has(id) {
			return l.staying[i].has(id), true
		}
	}
	for call := range l.arrows.calls(track, start, end) {
		known = true
		stays = stays || l.stays(int(call.track), call.from, call.to)
	}
	return stays, known
}

func jointOf(e *trace.Event) (j joint) {
	args := e.Args()
	for i, key := range launchKeys {
		value, sure := plainArg(args, key)
		if !sure {
			return jointByMembers(args)
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

func jointByMembers(args []byte) (j joint) {
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
