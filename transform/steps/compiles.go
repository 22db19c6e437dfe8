package steps

import (
	"cmp"
	"slices"
	"sort"
	"strings"
)

// marksOf yields the marks of one part of a step in a process.
func (f *Finder) marksOf(process int, p part) func(yield func(*mark) bool) {
	return func(yield func(*mark) bool) {
		for i := range f.marks {
			m := &f.marks[i]
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
	for m := range f.marksOf(process, warmup) {
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
		steps[i].Warmup = depth > 0
	}
}

// compiles hands the compilations of a process to the steps.
func (f *Finder) compiles(r *Run, process int) {
	for m := range f.marksOf(process, compile) {
		_, recipe, _ := strings.Cut(plainName(m.name), ": ")
		r.Compiles = append(r.Compiles, Compile{Recipe: recipe, Start: m.start, End: m.end, Step: -1})
	}
	slices.SortStableFunc(r.Compiles, func(a, b Compile) int { return cmp.Compare(a.Start, b.Start) })
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
