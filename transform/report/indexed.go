package report

import (
	"tracekit/filter"
	"tracekit/filter/producer"
	"tracekit/internal/snapshot"
	"tracekit/trace"
)

// IndexName is the name under which an index keeps what a First has learned, of which time may be
// attributed. The number counts up with whatever changes what that is, or how it is written.
func IndexName() string { return "report 1 " + producer.Fingerprint() }

// NewFirst returns a First of all that any report looks at.
func NewFirst() *First { return &First{share: true} }

// Snapshot returns what l has learned of a whole trace, the document apart. It learns no more then.
func (l *First) Snapshot() []byte {
	l.markOutOfOrder()
	return snapshot.Write(l.state)
}

// Restore makes l know what it would if it was shown all of s but for the document, by what the index of s
// has, and reports whether that has it. It has not where a user says what events are.
func (l *First) Restore(s *trace.Source) bool {
	if l.sides.Given != (filter.Given{}) {
		return false
	}
	restored := First{share: l.share}
	data := s.Indexed(IndexName())
	if data == nil || !snapshot.Read(data, restored.state) {
		return false
	}
	*l = restored
	return true
}

// state shows to a snapshot what a report looks at after the first reading.
func (l *First) state(s *snapshot.State) {
	l.sides.State(s)
	l.levels.State(s, &l.sides)
	l.names.state(s)
	l.begins.state(s)
	s.Check(len(l.begins.tracks) <= len(l.names.All))
	for _, n := range []struct {
		list *[]lateness
		most int
	}{{&l.work, len(l.names.Processes)}, {&l.frames, len(l.names.All)}, {&l.hosts, len(l.names.All)}, {&l.calls, len(l.names.All)}} {
		snapshot.List(s, n.list, func(l *lateness) {
			snapshot.Number(s, &l.late)
			s.Check(l.late >= 0)
		})
		s.Check(len(*n.list) <= n.most)
	}
	s.Bool(&l.unsure)
	s.Bool(&l.merged)
	snapshot.Number(s, &l.shortest)
}

// state shows n to a snapshot.
func (n *Names) state(s *snapshot.State) {
	n.Tracks.State(s)
	for _, list := range []*[]string{&n.threads, &n.processes, &n.labels} {
		snapshot.List(s, list, s.Shared)
	}
}

// state shows to a snapshot which tracks are out of order: that is what the second reading goes by.
func (b *begins) state(s *snapshot.State) {
	snapshot.List(s, &b.tracks, func(t *openTrack) { s.Bool(&t.outOfOrder) })
}
