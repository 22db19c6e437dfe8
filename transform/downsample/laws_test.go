package downsample

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/reference"
	"tracekit/transform/pipeline"
)

// randomDuration is short enough to take some slices, and long enough to leave some.
func randomDuration(rng *rand.Rand) int64 {
	return []int64{1, 2, 400, 501, 1001, 2000, 10_001, 60_000, 1e9}[rng.IntN(9)]
}

// With merging, time by track and by name, numbers of slices, first and last times
// are those of the input.
func TestMergeConserves(t *testing.T) {
	eachRandom(t, 200, func(t *testing.T, rng *rand.Rand, data []byte) {
		d := randomDuration(rng)
		out := runOn(t, data, Options{Resolution: ns(d)})
		want := measure(t, slicesOf(t, parsed(t, data)))
		sameFigures(t, measure(t, slicesOf(t, parsed(t, out))), want)
		again := runOn(t, out, Options{Resolution: ns(2 * d)})
		sameFigures(t, measure(t, slicesOf(t, parsed(t, again))), want)
	})
	eachReal(t, func(t *testing.T, data []byte) {
		want := measure(t, slicesOf(t, parsed(t, data)))
		for _, d := range []int64{2_000, 50_000, 1_000_000} {
			sameFigures(t, measure(t, slicesOf(t, parsed(t, runOn(t, data, Options{Resolution: ns(d)})))), want)
		}
	})
}

// So are they with a budget; by name, as far as resolutions are no coarser than a column.
func TestBudgetsConserve(t *testing.T) {
	conserved, coarse := 0, 0
	check := func(t *testing.T, data []byte, part int) {
		in := parsed(t, data)
		for _, o := range []Options{{MaxEvents: int64(len(in.Events)/part + 1)}, {TargetSize: int64(len(data)/part + 1)}} {
			out, rep, err := try(data, o, 11+len(data)/500)
			if errors.As(err, new(*BudgetError)) || strings.Contains(strings.Join(rep.Notes, "\n"), "slices go") {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			conserved++
			want, got := measure(t, slicesOf(t, in)), measure(t, slicesOf(t, parsed(t, out)))
			if o.TargetSize > 0 && !isFine(rep, in) {
				want, got = want.withoutNames(), got.withoutNames()
				coarse++
			}
			sameFigures(t, got, want)
		}
	}
	eachRandom(t, 100, func(t *testing.T, rng *rand.Rand, data []byte) { check(t, data, 2) })
	eachReal(t, func(t *testing.T, data []byte) { check(t, data, 4) })
	if conserved < 25 || coarse > conserved/2 {
		t.Errorf("only %d budgets could be kept by merging, %d of them by coarse resolutions", conserved, coarse)
	}
}

// isFine reports whether the resolution that a report says is no coarser than a column.
func isFine(rep pipeline.Report, in *reference.Trace) bool {
	first, last := int64(openEnd), int64(0)
	for i := range in.Events {
		if e := &in.Events[i]; e.HasTS && e.Phase != "M" {
			first, last = min(first, e.TS), max(last, e.TS+e.Span)
		}
	}
	var d float64
	var unit string
	for _, note := range rep.Notes {
		if strings.Contains(note, "whole trace") {
			return false
		}
		if n, _ := fmt.Sscanf(note, "exact down to %g %s", &d, &unit); n == 2 {
			d *= map[string]float64{"ns;": 1, "µs;": 1e3, "ms;": 1e6, "s;": 1e9}[unit]
		}
	}
	const rounded = 1.01
	return d*rounded <= float64(last-first)/pictureColumns
}

// What is merged is short, near and side by side, and what is kept is as it was. A run is
// no wider than the resolution, and no gap in it is.
func TestRunsAreNoWiderThanTheResolution(t *testing.T) {
	eachRandom(t, 120, func(t *testing.T, rng *rand.Rand, data []byte) {
		d := randomDuration(rng)
		in, out := parsed(t, data), parsed(t, runOn(t, data, Options{Resolution: ns(d)}))
		untouched(t, in, out, func(e *reference.Event) bool { return strings.HasPrefix(member(e, "args"), mergedArgs) })
		before := slicesOf(t, in)
		for _, m := range slicesOf(t, out) {
			if m.sums == nil {
				continue
			}
			if m.dur() > d {
				t.Fatalf("%v is wider than %d ns", m, d)
			}
			for _, s := range before {
				if s.track == m.track && s.start >= m.start && s.end <= m.end && s.dur() >= d && s.dur() < m.dur() {
					t.Fatalf("%v lies in what was merged", s)
				}
			}
		}
		kept := map[string]int{}
		for i := range out.Events {
			kept[out.Events[i].Raw]++
		}
		for _, s := range before {
			if s.dur() >= d {
				for _, i := range s.events {
					if kept[in.Events[i].Raw]--; kept[in.Events[i].Raw] < 0 && member(&in.Events[i], "bind_id") == "" {
						t.Fatalf("%s has gone", in.Events[i].Raw)
					}
				}
			}
		}
	})
}

// untouched sees to it that all events but those that are made stand in the input,
// in the same order and byte for byte, but for names that are told again at the end.
func untouched(t *testing.T, in, out *reference.Trace, made func(*reference.Event) bool) {
	t.Helper()
	i := 0
	for k := range out.Events {
		e := &out.Events[k]
		if made(e) {
			continue
		}
		if again := out.Events[k:]; e.Phase == "M" && !slices.ContainsFunc(again, func(o reference.Event) bool { return o.Phase != "M" && !made(&o) }) {
			i = slices.IndexFunc(in.Events, func(o reference.Event) bool { return o.Raw == e.Raw })
			if i < 0 {
				t.Fatalf("not in the input: %s", e.Raw)
			}
			continue
		}
		for i < len(in.Events) && in.Events[i].Raw != e.Raw && !unbound(&in.Events[i], e) {
			i++
		}
		if i == len(in.Events) {
			t.Fatalf("not in the input, or out of order: %s", e.Raw)
		}
		i++
	}
}

// unbound reports whether b is a but for what it says of flows.
func unbound(a, b *reference.Event) bool {
	rest := func(e *reference.Event) []reference.Member {
		return slices.DeleteFunc(slices.Clone(e.Members), func(m reference.Member) bool {
			return m.Name == "bind_id" || m.Name == "flow_in" || m.Name == "flow_out"
		})
	}
	return member(a, "bind_id") != "" && slices.Equal(rest(a), rest(b))
}

// isCrossed reports whether a slice of d or longer begins in s and ends behind it.
func isCrossed(all []plain, s plain, d int64) bool {
	return slices.ContainsFunc(all, func(x plain) bool {
		return x.track == s.track && x.start >= s.start && x.start < s.end && x.end > s.end && x.dur() >= d
	})
}

func TestMinDurMergesShorterSlices(t *testing.T) {
	eachRandom(t, 120, func(t *testing.T, rng *rand.Rand, data []byte) {
		d := randomDuration(rng)
		in, out := parsed(t, data), parsed(t, runOn(t, data, Options{MinDur: *ns(d)}))
		untouched(t, in, out, func(*reference.Event) bool { return false })
		want := map[string]int{}
		all := slicesOf(t, in)
		for _, s := range all {
			if s.dur() >= d {
				want[fmt.Sprint(s.track, s.start, s.end, s.name)]++
			}
		}
		for _, s := range slicesOf(t, out) {
			want[fmt.Sprint(s.track, s.start, s.end, s.name)]--
		}
		for _, s := range all {
			if k := fmt.Sprint(s.track, s.start, s.end, s.name); want[k] < 0 && s.dur() < d && isCrossed(all, s, d) {
				want[k]++ // it keeps another from nesting
			}
		}
		for k, n := range want {
			if n != 0 {
				t.Fatalf("%s: %+d", k, -n)
			}
		}
		others := func(p *reference.Trace) (n int) {
			for i := range p.Events {
				e := &p.Events[i]
				slice := e.HasTS && strings.Contains("XBEbe", e.Phase) && e.Phase != ""
				if !slice && (e.Phase == "" || !strings.Contains("stfM", e.Phase)) {
					n++
				}
			}
			return n
		}
		if a, b := others(in), others(out); a != b {
			t.Fatalf("%d other events of %d are left", b, a)
		}
	})
}

// Slices lie inside of so many others at most, and those that do are all left.
func TestMaxDepth(t *testing.T) {
	depths := func(all []plain) map[int]int {
		by := map[int]int{}
		var around plainNest
		for _, s := range all {
			depth, _ := around.enter(s)
			by[depth]++
		}
		return by
	}
	eachRandom(t, 120, func(t *testing.T, rng *rand.Rand, data []byte) {
		n := 1 + rng.IntN(4)
		before := depths(slicesOf(t, parsed(t, data)))
		after := depths(slicesOf(t, parsed(t, runOn(t, data, Options{MaxDepth: n}))))
		for d, c := range before {
			if want := map[bool]int{true: c}[d < n]; after[d] != want {
				t.Fatalf("depth %d: %d slices, want %d", d, after[d], want)
			}
		}
	})
}

// sampleOf is a sample of a series.
type sampleOf struct {
	ts    int64
	value string
}

func seriesOf(p *reference.Trace) map[string][]sampleOf {
	all := map[string][]sampleOf{}
	for i := range p.Events {
		e := &p.Events[i]
		if e.Phase != "C" || !e.HasTS {
			continue
		}
		for _, a := range e.Args {
			key := strings.Join([]string{e.Pid, text(e, "name"), member(e, "id"), a.Name}, "\x00")
			all[key] = append(all[key], sampleOf{e.TS, a.Text})
		}
	}
	for _, l := range all {
		slices.SortStableFunc(l, func(a, b sampleOf) int { return int(min(max(a.ts-b.ts, -1), 1)) })
	}
	return all
}

func TestCountersKeepFour(t *testing.T) {
	check := func(t *testing.T, data []byte, interval int64) {
		in := parsed(t, data)
		zero, _ := reference.Zero(in)
		after := seriesOf(parsed(t, runOn(t, data, Options{Counters: *ns(interval)})))
		for key, samples := range seriesOf(in) {
			var want []sampleOf
			for i := 0; i < len(samples); {
				k := i
				for k < len(samples) && floorDiv(samples[k].ts-zero, interval) == floorDiv(samples[i].ts-zero, interval) {
					k++
				}
				want = append(want, extremes(samples[i:k])...)
				i = k
			}
			if d := cmptest.Diff(want, after[key]); d != "" {
				t.Fatalf("%q (- want, + got):\n%s\nof %v", key, d, samples)
			}
		}
	}
	eachRandom(t, 120, func(t *testing.T, rng *rand.Rand, data []byte) {
		check(t, data, []int64{1, 700, 5000, 1e6}[rng.IntN(4)])
	})
	eachReal(t, func(t *testing.T, data []byte) { check(t, data, 100_000) })
}

// extremes are the first, lowest, highest and last sample of an interval.
func extremes(l []sampleOf) []sampleOf {
	low, high := 0, 0
	number := func(i int) float64 { return value([]byte(l[i].value)) }
	for i := range l {
		if number(i) < number(low) || number(low) != number(low) {
			low = i
		}
		if number(i) > number(high) || number(high) != number(high) {
			high = i
		}
	}
	at := []int{0, low, high, len(l) - 1}
	slices.Sort(at)
	var out []sampleOf
	for _, i := range slices.Compact(at) {
		out = append(out, l[i])
	}
	return out
}

// No output has flows that lack an end, points that lie in no slice, or names of
// what is not there.
func TestNoDanglingFlowsOrUnusedNames(t *testing.T) {
	check := func(t *testing.T, data []byte, o Options) {
		out, _, err := try(data, o, 11+len(data)/500)
		if errors.As(err, new(*BudgetError)) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		p := parsed(t, out)
		if n := reference.NamesWithoutEvents(p); len(n) > 0 {
			t.Fatalf("%s names nothing", p.Events[n[0]].Raw)
		}
		if n := reference.UnnamedTracks(parsed(t, data), p); len(n) > 0 {
			t.Fatalf("without a name: %v", n)
		}
		if o.slices() {
			if n := reference.Dangling(p); len(n) > 0 {
				t.Fatalf("%s dangles", p.Events[n[0]].Raw)
			}
		}
		again, _, err := try(data, o, sortMemory)
		if err != nil || !bytes.Equal(out, again) {
			t.Fatalf("through files the result is another one: %v", err)
		}
	}
	eachRandom(t, 120, func(t *testing.T, rng *rand.Rand, data []byte) { check(t, data, randomOptions(rng)) })
	eachReal(t, func(t *testing.T, data []byte) {
		for _, o := range []Options{{MinDur: 5000}, {Resolution: ns(5000)}, {MaxEvents: 500}, {Resolution: ns(0), MaxEvents: 500}, {TargetSize: 200_000, Counters: 1e6}} {
			check(t, data, o)
		}
	})
}

func randomOptions(rng *rand.Rand) (o Options) {
	if rng.IntN(3) == 0 {
		o.MaxDepth = 1 + rng.IntN(3)
	}
	if rng.IntN(3) == 0 {
		o.Counters = *ns(randomDuration(rng))
	}
	if rng.IntN(3) == 0 {
		o.MinDur = *ns(randomDuration(rng))
	}
	if rng.IntN(2) == 0 {
		o.Resolution = ns(randomDuration(rng))
	}
	switch rng.IntN(3) {
	case 0:
		o.MaxEvents = int64(1 + rng.IntN(100))
	case 1:
		o.TargetSize = int64(200 + rng.IntN(20_000))
	}
	return o
}
