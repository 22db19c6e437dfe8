package page

import (
	"cmp"
	"slices"
	"strings"

	"tracekit/trace"
	"tracekit/transform/steps"
)

// wantedWords are parts of the names of series, those that people look for
// most first.
var wantedWords = []string{"batch_size", "cache_num_blocks_used", "running", "waiting", "cache", "throughput", "utilization", "memory"}

func wanted(name string) int {
	if strings.Contains(name, "bucket_") {
		return len(wantedWords)
	}
	for i, word := range wantedWords {
		if strings.Contains(strings.ToLower(name), word) {
			return i
		}
	}
	return len(wantedWords)
}

// Band is a step, or neighbouring steps of one phase.
type Band struct {
	Start, End trace.Time
	Phase      string // prefill, decode, mixed, other or warm-up
	Label      string // empty for several steps
	Steps      int
	First      int64 // number of the first step
}

// Mark is a gap between steps or a recompilation.
type Mark struct {
	Start, End trace.Time
	Label      string
}

// Bounds of what a page has.
const (
	shownBands    = 12000
	shownMarks    = 300
	shownPhases   = 2000
	shownRequests = 4000
)

// bands lists the steps, or, if there are too many, the runs of one phase, the
// longest of them if there are still too many.
func bands(r *steps.Run) []Band {
	var all []Band
	if len(r.Steps) <= shownBands {
		for i := range r.Steps {
			s := &r.Steps[i]
			all = append(all, Band{s.Start, s.End, phaseName(s.Phase, s.Warmup), s.Label, 1, r.NumberOf(i)})
		}
		return all
	}
	return runs(r, shownBands)
}

func phases(r *steps.Run) []Band { return runs(r, shownPhases) }

// runs lists the n longest runs of steps of one phase.
func runs(r *steps.Run, n int) []Band {
	var all []Band
	for _, p := range r.Phases() {
		all = append(all, Band{p.Start, p.End, phaseName(p.Phase, p.Warmup), "", p.Last - p.First + 1, r.NumberOf(p.First)})
	}
	return longest(all, n, func(b *Band) trace.Time { return b.End - b.Start }, func(b *Band) trace.Time { return b.Start })
}

func phaseName(p steps.Phase, warmup bool) string {
	if warmup {
		return "warm-up"
	}
	return p.String()
}

// longGaps lists gaps that are over three times the median gap and over a tenth
// of the median step.
func longGaps(r *steps.Run) []Mark {
	var gaps []Mark
	var lengths, durations []trace.Time
	end := trace.MinTime
	for i := range r.Steps {
		s := &r.Steps[i]
		if i > 0 && s.Start > end {
			gaps = append(gaps, Mark{end, s.Start, ""})
			lengths = append(lengths, s.Start-end)
		}
		durations = append(durations, s.Duration())
		end = max(end, s.End)
	}
	limit := max(3*median(lengths), median(durations)/10)
	gaps = slices.DeleteFunc(gaps, func(m Mark) bool { return m.End-m.Start <= limit })
	return longest(gaps, shownMarks, length, start)
}

func median(t []trace.Time) trace.Time {
	if len(t) == 0 {
		return 0
	}
	slices.Sort(t)
	return t[len(t)/2]
}

func compiles(r *steps.Run) []Mark {
	var all []Mark
	for _, c := range r.Compiles {
		all = append(all, Mark{c.Start, c.End, c.Recipe})
	}
	return longest(all, shownMarks, length, start)
}

func length(m *Mark) trace.Time { return m.End - m.Start }
func start(m *Mark) trace.Time  { return m.Start }

// longest keeps the n longest of all, in order of time.
func longest[T any](all []T, n int, length, start func(*T) trace.Time) []T {
	if len(all) <= n {
		return all
	}
	slices.SortStableFunc(all, func(a, b T) int { return cmp.Compare(length(&b), length(&a)) })
	all = all[:n]
	slices.SortStableFunc(all, func(a, b T) int { return cmp.Compare(start(&a), start(&b)) })
	return all
}
