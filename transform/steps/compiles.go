package steps

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"tracekit/trace"
)

// marksOf yields the marks of one part of a step in a process.
func (f *Finder) marksOf(process int, p part) func(yield func(*mark) bool) {
	return func(yield func(*mark) bool) {
		for i := range f.sorted {
			m := &f.sorted[i]
			if m.part == p && m.row == gaudi && f.tracks.All[m.track].Process == process && !yield(m) {
				return
			}
		}
	}
}

// markWarmup marks the steps inside of slices of the warm-up. With widen, one
// that lies around a single step belongs to the step.
func (f *Finder) markWarmup(steps []Step, process int, widen bool) {
	within := make([]int, len(steps)+1)
	begins := trace.MaxTime
	for m := range f.marksOf(process, warmup) {
		if m.name == "warmup" { // all of it: only a run for the profile of memory comes earlier
			begins = min(begins, m.start)
		}
		from := sort.Search(len(steps), func(i int) bool { return steps[i].Start >= m.start })
		to := sort.Search(len(steps), func(i int) bool { return steps[i].End > m.end })
		if from >= to {
			continue
		}
		within[from]++
		within[to]--
		if widen && to == from+1 {
			steps[from].Start, steps[from].End = m.start, m.end
		}
	}
	depth := 0
	for i := range steps {
		depth += within[i]
		steps[i].Warmup = steps[i].Warmup || depth > 0 || begins < trace.MaxTime && steps[i].End <= begins
	}
}

// compilation is an event that tells of one. vLLM's profiler does not know when graphs were
// compiled, but in which slice: such events begin with that slice and lie end to end, and
// stand before it in the file (vllm_gaudi/extension/profiler.py, track_graph_compile).
type compilation struct {
	Compile
	track int32
}

// chain is what a track has had last: compilations whose slice is to come, and a slice.
type chain struct {
	start   trace.Time // of the first compilation
	waiting int        // at the end of Finder.built
	name    string     // of the latest slice
	at, end trace.Time
}

// follow looks for the slices that compilations happened in.
func (f *Finder) follow(e *trace.Event, p part) {
	track := f.tracks.Of(e)
	for len(f.chains) <= track {
		f.chains = append(f.chains, chain{at: trace.MinTime})
	}
	c := &f.chains[track]
	if p == compile {
		_, recipe, _ := strings.Cut(plainName(string(e.Name())), ": ")
		if c.waiting == 0 {
			c.start = e.TS
		}
		c.waiting++
		f.built = append(f.built, compilation{Compile{Recipe: recipe, Took: e.Dur, Start: e.TS, End: e.End(), Step: -1}, int32(track)})
		return
	}
	before := *c
	c.name, c.at, c.end = f.intern(e.Name()), e.TS, e.End()
	if before.waiting > 0 && e.TS != before.start {
		f.place(&before, int32(track))
	} else if before.waiting > 0 {
		next := *c
		next.start, next.waiting = before.start, before.waiting
		f.place(&next, int32(track))
	}
	c.waiting = 0
}

// place says of the compilations that wait that they happened in the slice of c, if they
// begin as it does.
func (f *Finder) place(c *chain, track int32) {
	if c.at != c.start {
		return
	}
	for i := len(f.built) - 1; i >= 0 && c.waiting > 0; i-- {
		if b := &f.built[i]; b.track == track {
			b.Within, b.Start, b.End = plainName(c.name), c.at, c.end
			c.waiting--
		}
	}
}

// placeLast places the compilations that stand at the end of files in order of time.
func (f *Finder) placeLast() {
	for i := range f.chains {
		f.place(&f.chains[i], int32(i))
		f.chains[i].waiting = 0
	}
}

// compilesOf are the compilations of a process, in order of time. One in slices that lie in
// one another is written for each of them: it counts for the innermost.
func (f *Finder) compilesOf(process int) []Compile {
	f.placeLast()
	type work struct {
		recipe string
		took   trace.Time
	}
	var all []Compile
	same := map[work][]int{} // in all
	for i := range f.built {
		b := &f.built[i]
		if f.tracks.All[b.track].Process != process {
			continue
		}
		key := work{b.Recipe, b.Took}
		again := slices.IndexFunc(same[key], func(at int) bool { return nested(&all[at], &b.Compile) })
		if again < 0 {
			same[key] = append(same[key], len(all))
			all = append(all, b.Compile)
		} else if c := &all[same[key][again]]; b.End-b.Start < c.End-c.Start {
			*c = b.Compile
		}
	}
	slices.SortStableFunc(all, func(a, b Compile) int { return cmp.Compare(a.Start, b.Start) })
	return all
}

// nested reports whether one of two compilations happened in a slice that the other's holds.
func nested(a, b *Compile) bool {
	if a.Within == "" || b.Within == "" {
		return false
	}
	return a.Start <= b.Start && b.End <= a.End || b.Start <= a.Start && a.End <= b.End
}

// compiles hands the compilations of a process to the steps.
func (f *Finder) compiles(r *Run, process int) {
	for _, c := range f.compilesOf(process) {
		if r.Outside.Steps > 0 && !r.Capture.holds(c.Start, c.End) {
			r.Outside.Compiles++
			continue
		}
		r.Compiles = append(r.Compiles, c)
	}
	at := 0
	for i := range r.Steps {
		s := &r.Steps[i]
		for at < len(r.Compiles) && r.Compiles[at].Start < s.Start {
			at++
		}
		first := at
		for ; at < len(r.Compiles) && r.Compiles[at].Start < s.End; at++ {
			s.compiledBy(&r.Compiles[at])
		}
		if at > first {
			s.Compiles = r.Compiles[first:at:at]
		}
	}
}

func (s *Step) compiledBy(c *Compile) {
	c.Step = s.Index
	for i := range s.Batches {
		b := &s.Batches[i]
		b.Recompiled = b.Recompiled || c.Start >= b.Start && c.Start < b.End
	}
}
