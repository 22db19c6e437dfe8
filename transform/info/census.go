package info

import (
	"cmp"
	"slices"

	"tracekit/trace"
	"tracekit/transform/internal/merged"
	"tracekit/transform/internal/pairs"
	"tracekit/transform/report"
)

// census counts events by kind and by thread. The zero value is ready to use.
type census struct {
	open      pairs.Follow[begin] // slices that are begun and not yet ended
	names     report.Names
	kinds     []Kind
	byKey     map[kindKey]int
	keys      []kindKey // of kinds
	last      int       // kind of the event before
	lastKey   kindKey
	threads   []thread // by track
	processes []Process
	covered   map[place]*coverage
	held      int // of each coverage
	lastPlace place
	at        *coverage // at lastPlace
	reader    merged.Reader
	merged    Merged
	timeless  int64
}

type kindKey struct {
	phase byte
	cat   string
}

// place is a kind on a track.
type place struct{ kind, track int }

type thread struct {
	Thread
	first, last trace.Time // what its events reach over
	covered     coverage
}

type begin struct {
	kind int
	ts   trace.Time
}

// count takes an event and returns the number of its track.
func (c *census) count(e *trace.Event) (track int) {
	kind := c.kind(e)
	size := int64(e.Size())
	c.kinds[kind].Events++
	c.kinds[kind].Bytes += size
	track = c.names.Of(e)
	for len(c.threads) <= track {
		c.threads = append(c.threads, thread{covered: newCoverage(), first: trace.MaxTime, last: trace.MinTime})
		c.held = spansPerCoverage(len(c.threads) + len(c.covered))
	}
	process := c.names.All[track].Process
	for len(c.processes) <= process {
		c.processes = append(c.processes, Process{})
	}
	if e.IsMeta() {
		c.names.Learn(e)
		return track
	}
	if e.Has&trace.HasTS == 0 && e.Phase != 0 {
		c.timeless++
	}
	t, p := &c.threads[track], &c.processes[process]
	t.Events++
	t.Bytes += size
	p.Events++
	p.Bytes += size
	if s := c.reader.Read(e); s != nil {
		c.countMerged(e, s, t)
		return track
	}
	if e.Phase == 'X' || e.Phase == 'B' || e.Phase == 'b' {
		c.kinds[kind].Slices++
		t.Slices++
	}
	c.cover(e, place{kind, track}, t)
	return track
}

// countMerged counts the slices that e stands for.
func (c *census) countMerged(e *trace.Event, s *merged.Slices, t *thread) {
	exact := s.IsExact()
	c.merged.Events++
	c.merged.Slices += s.Count
	c.merged.Estimate = c.merged.Estimate || !exact
	if e.Has&trace.HasTS != 0 && e.TS >= 0 {
		t.first, t.last = min(t.first, e.TS), max(t.last, e.End())
	}
	t.Slices += s.Count
	t.Busy = t.Busy.Add(s.Outer)
	t.Estimate = t.Estimate || !exact
	add := func(cat []byte, count int64, covers trace.Time) {
		k := &c.kinds[c.numberOf('X', cat)]
		k.Slices += count
		k.Busy = k.Busy.Add(covers)
		k.Estimate = k.Estimate || !exact
	}
	count, busy := s.Count, s.Busy
	for n := range s.All {
		add(n.Cat, n.Count, s.Covers(n))
		count, busy = count-n.Count, busy-n.Busy
	}
	if count > 0 { // of which no name is known
		n := merged.Name{Cat: e.Cat(), Self: max(busy, 0)}
		add(n.Cat, count, s.Covers(&n))
	}
}

func (c *census) kind(e *trace.Event) int {
	if c.kinds != nil && c.lastKey.phase == e.Phase && c.lastKey.cat == string(e.Cat()) {
		return c.last
	}
	c.last = c.numberOf(e.Phase, e.Cat())
	c.lastKey = c.keys[c.last]
	return c.last
}

// numberOf is the number of a kind.
func (c *census) numberOf(phase byte, cat []byte) int {
	n, ok := c.byKey[kindKey{phase, string(cat)}] // as it stands here, no text is copied
	if !ok {
		key := kindKey{phase, string(cat)}
		if c.byKey == nil {
			c.byKey, c.covered = map[kindKey]int{}, map[place]*coverage{}
		}
		n = len(c.kinds)
		c.byKey[key] = n
		c.keys = append(c.keys, key)
		c.kinds = append(c.kinds, Kind{Phase: phaseText(phase), Cat: trace.Unquote([]byte(`"` + key.cat + `"`))})
	}
	return n
}

func phaseText(p byte) string {
	if p == 0 {
		return ""
	}
	return string(rune(p))
}

// cover notes what a slice covers, as long as begins and ends are in order of time.
func (c *census) cover(e *trace.Event, at place, t *thread) {
	if e.Has&trace.HasTS == 0 || e.TS < 0 {
		return
	}
	t.first, t.last = min(t.first, e.TS), max(t.last, e.End())
	switch {
	case e.Phase == 'B':
		c.open.Next(at.track, e, begin{at.kind, e.TS})
	case e.Phase == 'E':
		b := c.open.Next(at.track, e, begin{kind: -1})
		if b.kind < 0 {
			return
		}
		t.covered.add(b.ts, e.TS, c.held)
		c.coverage(place{b.kind, at.track}).add(b.ts, e.TS, c.held)
	case e.Phase == 'X' && e.Dur > 0:
		t.covered.add(e.TS, e.End(), c.held)
		c.coverage(at).add(e.TS, e.End(), c.held)
	}
}

func (c *census) coverage(at place) *coverage {
	if c.at == nil || c.lastPlace != at {
		n := c.covered[at]
		if n == nil {
			fresh := newCoverage()
			n = &fresh
			c.covered[at] = n
			c.held = spansPerCoverage(len(c.threads) + len(c.covered))
		}
		c.at, c.lastPlace = n, at
	}
	return c.at
}

// lists orders what was counted. Processes and threads without events are left
// out.
func (c *census) lists(x *trace.Extent) ([]Kind, []Process) {
	for at, covered := range c.covered {
		c.kinds[at.kind].Busy = c.kinds[at.kind].Busy.Add(covered.length(x))
	}
	kinds := append([]Kind{}, c.kinds...)
	slices.SortFunc(kinds, func(a, b Kind) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(b.Slices, a.Slices), cmp.Compare(a.Cat, b.Cat), cmp.Compare(a.Phase, b.Phase))
	})
	for i := range c.threads {
		t := &c.threads[i]
		if t.Events == 0 {
			continue
		}
		t.Tid, t.Name = trace.Unquote([]byte(c.names.All[i].Tid)), c.names.Thread(i)
		t.Busy = t.Busy.Add(t.covered.length(x)) // to that of merged slices
		p := &c.processes[c.names.All[i].Process]
		p.Threads = append(p.Threads, t.Thread)
	}
	processes := []Process{}
	for i, p := range c.processes {
		if p.Events == 0 {
			continue
		}
		p.Pid, p.Name, p.Labels = trace.Unquote([]byte(c.names.Processes[i])), c.names.Name(i), c.names.Label(i)
		slices.SortStableFunc(p.Threads, func(a, b Thread) int { return cmp.Or(cmp.Compare(b.Busy, a.Busy), cmp.Compare(b.Events, a.Events)) })
		processes = append(processes, p)
	}
	slices.SortStableFunc(processes, func(a, b Process) int { return cmp.Compare(b.Events, a.Events) })
	return kinds, processes
}
