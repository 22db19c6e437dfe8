package steps

import (
	"cmp"
	"maps"
	"slices"

	"tracekit/filter/producer"
	"tracekit/internal/snapshot"
	"tracekit/trace"
)

// IndexName is the name under which an index keeps what a Finder without Options has seen. The
// number counts up with whatever changes what that is, or how it is written.
func IndexName() string { return "steps 1 " + producer.Fingerprint() }

// Snapshot returns what f has seen of a whole trace, the document apart. It learns no more then.
func (f *Finder) Snapshot() []byte {
	f.finishTrace()
	return snapshot.Write(f.state)
}

// Restore makes f know what it would if it was shown all of s, by what the index of s has, and
// reports whether that has it. It has not for a Finder of other markers or of one thread, whose
// events may be others.
func (f *Finder) Restore(s *trace.Source) bool {
	if f.Marker != nil || f.Tid != "" {
		return false
	}
	data := s.Indexed(IndexName())
	if data == nil {
		return false
	}
	restored := NewFinder(f.Options)
	v, err := s.Survey(nil)
	if err != nil || !snapshot.Read(data, restored.state) {
		return false
	}
	for i := range v.Blocks {
		if text := v.Blocks[i].Text; text != nil {
			restored.LearnDocument(text)
		}
	}
	*f = *restored
	return true
}

// finishTrace does what is left to do at the end of a trace: begins and ends are matched, slices of
// threads without a name are steps or none, compilations are placed.
func (f *Finder) finishTrace() {
	f.loosen()
	f.begun.marks = nil
	for _, m := range f.unnamed {
		if f.stepTracks[int(m.track)] {
			f.marks = append(f.marks, m)
		}
	}
	f.unnamed = nil
	f.placeLast()
}

// state shows what Run looks at to a snapshot, but for what it has of the document.
func (f *Finder) state(s *snapshot.State) {
	f.tracks.State(s)
	track := func(n *int32) {
		snapshot.Number(s, n)
		s.Check(*n >= 0 && int(*n) < len(f.tracks.All))
	}
	last := trace.Time(0)
	snapshot.List(s, &f.marks, func(m *mark) {
		snapshot.Since(s, &m.start, last)
		snapshot.Since(s, &m.end, m.start)
		s.Shared(&m.name)
		track(&m.track)
		snapshot.Number(s, &m.row)
		snapshot.Number(s, &m.part)
		s.Check(int(m.row) < len(table))
		last = m.start
	})
	snapshot.Number(s, &f.begun.last)
	g := gauge{}
	snapshot.List(s, &f.gauges, func(next *gauge) {
		g.next(s, next)
		s.Check(g.process >= 0 && int(g.process) < len(f.tracks.Processes) && int(g.phase) < len(phaseNames))
	})
	snapshot.List(s, &f.built, func(c *compilation) {
		s.Shared(&c.Recipe)
		snapshot.Number(s, &c.Took)
		s.Shared(&c.Within)
		snapshot.Number(s, &c.Start)
		snapshot.Since(s, &c.End, c.Start)
		c.Step = -1
		track(&c.track)
	})
	f.capture.state(s)
	f.mergedState(s, track)
	f.census.state(s)
}

// next shows a sample to a snapshot, by how it differs from g, which becomes that sample.
func (g *gauge) next(s *snapshot.State, next *gauge) {
	snapshot.Since(s, &next.ts, g.ts)
	snapshot.Number(s, &next.process)
	snapshot.Number(s, &next.phase)
	for i := range next.of {
		difference(s, &next.of[i], g.of[i])
	}
	for _, f := range []struct {
		next *int32
		last int32
	}{{&next.tokens, g.tokens}, {&next.blocks, g.blocks}, {&next.perBlock, g.perBlock}, {&next.compiled, g.compiled}} {
		difference(s, f.next, f.last)
	}
	*g = *next
}

func difference(s *snapshot.State, n *int32, known int32) {
	d := *n - known // may wrap, and wraps back
	snapshot.Number(s, &d)
	*n = known + d
}

func (c *Capture) state(s *snapshot.State) {
	s.Bool(&c.Known)
	snapshot.Number(s, &c.Start)
	snapshot.Number(s, &c.End)
}

func (f *Finder) mergedState(s *snapshot.State, track func(*int32)) {
	keys := slices.SortedFunc(maps.Keys(f.merged), func(a, b mergedKey) int {
		return cmp.Or(cmp.Compare(a.row, b.row), cmp.Compare(a.track, b.track))
	})
	snapshot.List(s, &keys, func(k *mergedKey) {
		snapshot.Number(s, &k.row)
		track(&k.track)
		n := f.merged[*k]
		snapshot.Number(s, &n)
		if s.Reading() {
			if f.merged == nil {
				f.merged = map[mergedKey]int64{}
			}
			f.merged[*k] = n
		}
	})
}

// state shows the commonest names to a snapshot: no more are told.
func (c *census) state(s *snapshot.State) {
	top := c.top(mostNames)
	snapshot.List(s, &top, func(n *Name) {
		s.Text(&n.Name)
		snapshot.Number(s, &n.Count)
	})
	if s.Reading() {
		for _, n := range top {
			if c.counts == nil {
				c.counts = map[string]*int64{}
			}
			c.counts[n.Name] = &n.Count
		}
	}
}

// CaptureName is IndexName for a Capture.
const CaptureName = "capture 1"

// Snapshot returns what c has seen of a whole trace.
func (c *Capture) Snapshot() []byte { return snapshot.Write(c.state) }

// Restore makes c know what it would if it was shown all of s, by what the index of s has, and
// reports whether that has it.
func (c *Capture) Restore(s *trace.Source) bool {
	data := s.Indexed(CaptureName)
	var restored Capture
	if data == nil || !snapshot.Read(data, restored.state) {
		return false
	}
	*c = restored
	return true
}
