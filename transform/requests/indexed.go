package requests

import (
	"tracekit/filter/producer"
	"tracekit/internal/snapshot"
	"tracekit/trace"
)

// IndexName is the name under which an index keeps what a Collector without CollectOptions has
// seen. The number counts up with whatever changes what that is, or how it is written.
func IndexName() string { return "requests 2 " + producer.Fingerprint() }

// Snapshot returns what c has seen of a whole trace. It learns no more then.
func (c *Collector) Snapshot() []byte {
	c.settled, c.tracks.called = c.lives(), c.tracks.byRequest()
	return snapshot.Write(c.state)
}

// restored returns a Collector that knows what c would if it was shown all of s, by what the
// index of s has, or nil if that has it not: where ids of requests stand elsewhere than servers
// put them.
func (c *Collector) restored(s *trace.Source) *Collector {
	if !c.usual {
		return nil
	}
	data := s.Indexed(IndexName())
	if data == nil {
		return nil
	}
	restored, err := NewCollector(CollectOptions{})
	if err != nil || !snapshot.Read(data, restored.state) {
		return nil
	}
	return restored
}

// Restore makes f know what it would if it was shown all of s, by what the index of s has, and
// reports whether that has it, requests and steps both. If not, f knows nothing more than before.
func (f *Finder) Restore(s *trace.Source) bool {
	c := f.collector
	if f.Records == nil {
		c = c.restored(s)
	}
	if c == nil || !f.steps.Restore(s) {
		return false
	}
	f.collector = c
	return true
}

// state shows what Requests looks at to a snapshot.
func (c *Collector) state(s *snapshot.State) {
	last := trace.Time(0)
	snapshot.List(s, &c.found, func(r *seen) { r.state(s, &last) })
	snapshot.List(s, &c.settled, func(l *life) {
		l.state(s, &last)
		snapshot.Number(s, &l.request)
		s.Check(l.request >= -1 && int(l.request) < len(c.found))
		s.Bool(&l.isRequest)
	})
	snapshot.List(s, &c.tracks.likely, s.Text)
	snapshot.List(s, &c.tracks.called, func(r *seen) { r.state(s, &last) })
}

func (r *seen) state(s *snapshot.State, last *trace.Time) {
	s.Shared(&r.id)
	snapshot.Since(s, &r.start, *last)
	snapshot.Since(s, &r.end, r.start)
	s.Bool(&r.begun)
	s.Bool(&r.open)
	*last = r.start
}
