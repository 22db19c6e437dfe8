package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tracekit/trace"
	"tracekit/transform/steps"
)

// measureSteps reports the steps, gaps and recompilations that start in the range.
func (m *measure) measureSteps() {
	r := m.report
	buckets := map[Bucket][]trace.Time{}
	for i := range m.run.Steps {
		s := &m.run.Steps[i]
		if m.holds(s.Start) {
			r.Steps = append(r.Steps, stepOf(s))
		}
		m.measureBatches(s, buckets)
	}
	phases := map[Bucket][]trace.Time{}
	for key, all := range buckets {
		key.Bucket = ""
		phases[key] = append(phases[key], all...)
	}
	r.Phases, r.Buckets = sumAll(phases), sumAll(buckets)
	m.measurePadding()
	m.measureGaps()
	m.measureCompiles()
}

func sumAll(buckets map[Bucket][]trace.Time) []Bucket {
	list := []Bucket{}
	for key, all := range buckets {
		key.Durations = SumUp(all)
		list = append(list, key)
	}
	slices.SortFunc(list, func(a, b Bucket) int {
		warm := func(b Bucket) int {
			if b.Warmup {
				return 1
			}
			return 0
		}
		return cmp.Or(cmp.Compare(b.Total, a.Total), cmp.Compare(a.Phase, b.Phase), cmp.Compare(a.Bucket, b.Bucket), warm(a)-warm(b), cmp.Compare(fmt.Sprint(a.Idle), fmt.Sprint(b.Idle)))
	})
	return list
}

func stepOf(s *steps.Step) Step {
	return Step{
		Index: s.Index, Number: known(s.Number), Label: s.Label, Phase: s.Phase.String(), Bucket: bucketOfStep(s), Warmup: s.Warmup,
		Start: s.Start, Duration: s.Duration(), Requests: known(s.Requests), Tokens: known(s.Tokens),
		PromptRequests: known(s.PromptRequests), DecodeRequests: known(s.DecodeRequests), Recompiled: s.Recompiled(), idle: s.Idle(),
	}
}

func known[T int32 | int64](n T) *T {
	if n == steps.Unknown {
		return nil
	}
	return &n
}

// measureBatches sorts a step's batches, or the step, into buckets.
func (m *measure) measureBatches(s *steps.Step, buckets map[Bucket][]trace.Time) {
	if s.Batches == nil && m.holds(s.Start) {
		key := bucketOf(&s.Load, s.Warmup)
		key.Idle = s.Idle()
		buckets[key] = append(buckets[key], s.Duration())
	}
	for i := range s.Batches {
		if b := &s.Batches[i]; m.holds(b.Start) {
			key := bucketOf(&b.Load, s.Warmup)
			key.Idle = s.Idle()
			m.report.batched = true
			buckets[key] = append(buckets[key], b.End-b.Start)
		}
	}
}

// bucketOfStep names what a step works on: its batch, or all of several, such as
// 2 × bs1 seq128 + bs4 ctx128.
func bucketOfStep(s *steps.Step) string {
	if len(s.Batches) < 2 {
		return bucketOf(&s.Load, s.Warmup).Bucket
	}
	count := map[string]int{}
	for i := range s.Batches {
		count[bucketOf(&s.Batches[i].Load, s.Warmup).Bucket]++
	}
	var words []string
	for _, bucket := range slices.Sorted(maps.Keys(count)) {
		if n := count[bucket]; n > 1 {
			bucket = fmt.Sprintf("%d × %s", n, bucket)
		}
		words = append(words, bucket)
	}
	return strings.Join(words, " + ")
}

// bucketOf names the size of a batch: that which it is padded to, else its
// tokens if it has prompts or its requests if it has none, up to the next power
// of two.
func bucketOf(l *steps.Load, warmup bool) Bucket {
	b := Bucket{Phase: l.Phase.String(), Warmup: warmup}
	var words []string
	for _, f := range []struct {
		name string
		n    int32
	}{{"bs", l.Bucket.Batch}, {"seq", l.Bucket.Seq}, {"ctx", l.Bucket.Ctx}} {
		if f.n >= 0 {
			words = append(words, fmt.Sprint(f.name, f.n))
		}
	}
	decode := l.Phase == steps.Decode
	switch {
	case words != nil:
	case l.Tokens >= 0 && !decode:
		words = []string{upTo(l.Tokens, "tokens")}
	case l.Requests >= 0:
		words = []string{upTo(l.Requests, "requests")}
	case l.Tokens >= 0:
		words = []string{upTo(l.Tokens, "tokens")}
	}
	b.Bucket = strings.Join(words, " ")
	return b
}

func upTo(n int32, what string) string {
	most := int64(1)
	for most < int64(n) {
		most *= 2
	}
	return fmt.Sprintf("≤%d %s", most, what)
}

func (m *measure) measureGaps() {
	var all []trace.Time
	end := trace.MinTime
	for i := range m.run.Steps {
		s := &m.run.Steps[i]
		if i > 0 && s.Start > end && m.holds(end) {
			m.report.Gaps = append(m.report.Gaps, Gap{After: s.Index - 1, Start: end, Duration: s.Start - end})
			all = append(all, s.Start-end)
		}
		end = max(end, s.End)
	}
	m.report.GapTotals = SumUp(all)
}

func (m *measure) measureCompiles() {
	for _, c := range Recompilations(m.run) {
		if m.holds(c.Start) {
			m.report.Recompilations = append(m.report.Recompilations, c)
		}
	}
}

// Recompilations lists those of a run in order of time. A step of which only a
// counter tells that graphs were compiled in it has one without a recipe.
func Recompilations(run *steps.Run) (all []Recompilation) {
	for _, c := range run.Compiles {
		all = append(all, Recompilation{c.Start, c.Took, c.Recipe, c.Within, c.Step})
	}
	for i := range run.Steps {
		if s := &run.Steps[i]; s.Recompiled() && len(s.Compiles) == 0 {
			all = append(all, Recompilation{Start: s.Start, Step: s.Index})
		}
	}
	slices.SortStableFunc(all, func(a, b Recompilation) int { return cmp.Compare(a.Start, b.Start) })
	return all
}
