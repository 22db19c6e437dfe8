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
	device  filter.Recognizer
	tracks  trace.Tracks
	present [2]idSet // that a host's call has, by key
	staying [2]idSet // that one has which stays
	arrows  arrows
	pairs   pairs
	calls   map[int]joint // begins of pairs that have a part in this, by ordinal

	begins   map[int]bool // begins of a device's pairs whose launch is known: whether it stays
	onDevice map[int]bool // begins of a device's pairs
}

// launchKeys are the args that join, the first that does decides.
var launchKeys = [2]string{"correlation", "External id"}

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
		l.device.Learn(&p.Events[i])
	}
}

// gather notes which calls there are, and which of them stay.
func (l *launches) gather(ctx context.Context, s *trace.Source, blocks []trace.Block, stays stays) error {
	each := func(f func(e *trace.Event)) error { return eachEvent(ctx, s, blocks, f) }
	l.calls, l.begins, l.onDevice = map[int]joint{}, map[int]bool{}, map[int]bool{}
	if err := each(func(e *trace.Event) { l.note(e, stays) }); err != nil {
		return err
	}
	l.pairs.match(func(async bool) fate { return &callers{l, stays, async} })
	if len(l.arrows.points) > 0 {
		l.arrows.prepare(len(l.tracks.All))
		if err := each(func(e *trace.Event) {
			if e.Phase == 'X' && e.Has&trace.HasTS != 0 {
				device := l.device.Side(e) == filter.Device
				track := l.tracks.Of(e)
				l.arrows.bind(track, e.TS, e.End(), device, !device && stays(track, e.TS, e.End()))
			}
		}); err != nil {
			return err
		}
		l.pairs.match(func(async bool) fate { return &arrowCallers{callers{l, stays, async}} })
		l.arrows.settle()
	}
	l.pairs.match(func(async bool) fate { return &launchedPairs{callers{l, stays, async}} })
	return nil
}

func (l *launches) note(e *trace.Event, stays stays) {
	track := l.tracks.Of(e)
	switch e.Phase {
	case 's', 'f':
		if cat := string(e.Cat()); cat == "ac2g" || cat == "async_cpu_to_gpu" {
			l.arrows.note(track, e)
		}
	case 'B', 'E', 'b', 'e':
		if e.Phase == 'B' {
			if j := jointOf(e); len(j[0])+len(j[1]) > 0 {
				l.calls[l.pairs.marks] = joint{bytes.Clone(j[0]), bytes.Clone(j[1])}
			}
			if l.device.Side(e) == filter.Device {
				l.onDevice[l.pairs.marks] = true
			}
		}
		l.pairs.note(track, e)
	case 'X':
		if e.Has&trace.HasTS == 0 {
			return
		}
		if l.device.Side(e) != filter.Device {
			l.call(e, stays(track, e.TS, e.End()))
		}
	}
}

// call notes a host's call.
func (l *launches) call(e *trace.Event, stays bool) {
	for m := range trace.Members(e.Args()) {
		for i, key := range launchKeys {
			if string(m.Key) == key {
				l.present[i].add(m.Value)
				if stays {
					l.staying[i].add(m.Value)
				}
			}
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
	return l.arrows.launched(track, start, end)
}

func jointOf(e *trace.Event) (j joint) {
	for m := range trace.Members(e.Args()) {
		for i, key := range launchKeys {
			if string(m.Key) == key {
				j[i] = m.Value
			}
		}
	}
	return j
}

// callers takes pairs for the calls that they are on the host.
type callers struct {
	*launches
	stays stays
	async bool
}

func (c *callers) pair(b, e mark) { c.call(b, c.stays(b.track, b.ts, e.ts)) }
func (c *callers) open(b mark)    { c.call(b, c.stays(b.track, b.ts, trace.MaxTime)) }
func (c *callers) lone(mark)      {}
func (c *callers) done()          {}

func (c *callers) call(b mark, stays bool) {
	if c.async || c.onDevice[b.n] {
		return
	}
	for i, id := range c.calls[b.n] {
		if len(id) > 0 {
			c.present[i].add(id)
			if stays {
				c.staying[i].add(id)
			}
		}
	}
}

// arrowCallers takes pairs for what arrows are bound to.
type arrowCallers struct{ callers }

func (c *arrowCallers) pair(b, e mark) { c.bind(b, e.ts, c.stays(b.track, b.ts, e.ts)) }
func (c *arrowCallers) open(b mark)    { c.bind(b, trace.MaxTime, c.stays(b.track, b.ts, trace.MaxTime)) }

func (c *arrowCallers) bind(b mark, end trace.Time, stays bool) {
	if device := c.onDevice[b.n]; !c.async {
		c.arrows.bind(b.track, b.ts, end, device, !device && stays)
	}
}

// launchedPairs takes pairs for what was launched.
type launchedPairs struct{ callers }

func (c *launchedPairs) pair(b, e mark) { c.follow(b, e.ts) }
func (c *launchedPairs) open(b mark)    { c.follow(b, trace.MaxTime) }

func (c *launchedPairs) follow(b mark, end trace.Time) {
	if c.async || !c.onDevice[b.n] {
		return
	}
	if stays, known := c.launched(c.launches.calls[b.n], b.track, b.ts, end); known {
		c.begins[b.n] = stays
	}
}
