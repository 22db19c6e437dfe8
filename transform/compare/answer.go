package compare

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"tracekit/internal/term"
	"tracekit/trace"
	"tracekit/transform/report"
)

func (c *comparison) describe(side int) Side {
	s := Side{Runs: []RunInfo{}, Steps: int(c.total[side])}
	for i, r := range c.runs {
		if c.side(i) != side {
			continue
		}
		info := RunInfo{Name: r.name}
		for _, in := range r.inputs {
			info.Traces = append(info.Traces, in.Name)
			info.Steps += len(in.order)
			info.LongGaps += in.longGaps
			a, b := &info.SetAside, &in.SetAside
			a.NotChosen, a.Warmup, a.Recompile, a.Skipped = a.NotChosen+b.NotChosen, a.Warmup+b.Warmup, a.Recompile+b.Recompile, a.Skipped+b.Skipped
			a.Outside = cmp.Or(a.Outside, b.Outside)
			info.Markers = cmp.Or(info.Markers, in.Report.Markers)
			info.Hardware = cmp.Or(info.Hardware, in.Hardware)
		}
		s.Runs = append(s.Runs, info)
	}
	return s
}

// notes tell why the sides may not be comparable.
func (c *comparison) notes() []string {
	notes := []string{}
	facts := func(what string, of func(*Input) string) {
		var seen [2][]string
		for i, r := range c.runs {
			for _, in := range r.inputs {
				if s := cmp.Or(of(in), "not known"); !slices.Contains(seen[c.side(i)], s) {
					seen[c.side(i)] = append(seen[c.side(i)], s)
				}
			}
		}
		for side := range seen {
			slices.Sort(seen[side])
		}
		a, b := strings.Join(seen[0], " and "), strings.Join(seen[1], " and ")
		if a != b {
			notes = append(notes, fmt.Sprintf("%s: %s before, %s after", what, cmp.Or(a, "not known"), cmp.Or(b, "not known")))
		}
	}
	facts("other hardware", func(in *Input) string { return in.Hardware })
	facts("cut differently", func(in *Input) string {
		if in.Origin == nil {
			return "whole"
		}
		return in.Origin.Call
	})
	merged := func(in *Input) bool { return in.Report.Merged != nil }
	if c.all(merged) {
		notes = append(notes, "downsampled, before and after: some slices stand for several, and where in a step these ran is estimated")
	} else {
		facts("downsampled differently", func(in *Input) string {
			if merged(in) {
				return "merged slices"
			}
			return "every slice"
		})
	}
	if a, b := c.shortest(0), c.shortest(1); a > 0 && b > 0 && max(a, b) >= thinned*min(a, b) {
		notes = append(notes, fmt.Sprintf("short slices are missing: those of %s and longer before, of %s and longer after", report.Amount(a), report.Amount(b)))
	}
	if !c.has(func(in *Input) bool { return in.partial }) {
		facts("recorded differently", recordedWith)
	}
	if c.has(func(in *Input) bool { return in.estimated }) {
		notes = append(notes, "read from reports, which share kernels and Python out evenly among steps and do not say what the time of a step went to: report --json --for-compare writes that, for all steps")
	}
	facts("other steps", func(in *Input) string {
		marker, _, _ := strings.Cut(in.Report.Markers, " on pid ")
		_, by, ok := strings.Cut(marker, " by ")
		if !ok {
			return cmp.Or(marker, "no steps")
		}
		return by
	})
	for i, r := range c.runs {
		for k, other := range c.runs[:i] {
			if c.side(i) == c.side(k) && r.same(other) {
				notes = append(notes, fmt.Sprintf("%s has the steps of %s, to the nanosecond: one run that is given twice is no second observation", r.name, other.name))
			}
		}
	}
	ranks := [2]map[int]bool{{}, {}}
	for i, r := range c.runs {
		ranks[c.side(i)][len(r.inputs)] = true
	}
	if fmt.Sprint(ranks[0]) != fmt.Sprint(ranks[1]) {
		notes = append(notes, "runs of different numbers of traces")
	}
	none := 0
	for k := range c.keys {
		if c.weight[k] > 0 {
			none++
		}
	}
	switch {
	case c.total[0] == 0 || c.total[1] == 0:
		notes = append(notes, "a side has no step to compare")
	case none == 0:
		notes = append(notes, "no phase and bucket in common: there is nothing to compare like with like")
	}
	return notes
}

// thinned is how many times as long as that of one side the shortest slice of the other is if short ones
// were left out there.
const thinned = 10

// shortest is the shortest slice of a side, 0 if it is not known of some input.
func (c *comparison) shortest(side int) (d trace.Time) {
	for i, r := range c.runs {
		for _, in := range r.inputs {
			switch s := in.Report.Shortest; {
			case c.side(i) != side:
			case s == 0:
				return 0
			case d == 0 || s < d:
				d = s
			}
		}
	}
	return d
}

// same reports whether two runs have the same steps at the same times.
func (r *run) same(o *run) bool {
	if len(r.inputs) != len(o.inputs) {
		return false
	}
	for i, in := range r.inputs {
		a, b := in.Report.Steps, o.inputs[i].Report.Steps
		if len(a) == 0 || !slices.EqualFunc(a, b, func(a, b report.Step) bool { return a.Start == b.Start && a.Duration == b.Duration }) {
			return false
		}
	}
	return true
}

// recordedWith is what a trace has besides steps.
func recordedWith(in *Input) string {
	what := []string{}
	if len(in.Report.Python) > 0 {
		what = append(what, "Python")
	}
	if len(in.Report.Devices) > 0 {
		what = append(what, "devices")
	}
	return cmp.Or(strings.Join(what, " and "), "neither Python nor devices")
}

// has reports whether it is so of some input.
func (c *comparison) has(is func(*Input) bool) bool {
	return slices.ContainsFunc(c.runs, func(r *run) bool { return slices.ContainsFunc(r.inputs, is) })
}

// all reports whether it is so of all inputs.
func (c *comparison) all(is func(*Input) bool) bool {
	return !c.has(func(in *Input) bool { return !is(in) })
}

// The verdicts.
const (
	Slower  = "slower"
	Faster  = "faster"
	Mixed   = "mixed" // some phases are slower, others faster
	Same    = "not significant"
	Unknown = "unknown" // too few steps
)

func (c *comparison) answer(r *Result) {
	a := &r.Answer
	a.Verdict = verdict(r.Phases)
	var parts []string
	for i := range r.Phases {
		if p := &r.Phases[i]; p.Median != nil {
			parts = append(parts, phaseText(p))
		}
	}
	if a.Text = strings.Join(parts, "; "); a.Text == "" {
		a.Text = "there are no steps of the same kind on both sides"
	}
	a.Because = because(r)
	a.Proof = c.proof(r)
}

func verdict(phases []Phase) string {
	slower, faster, known := false, false, false
	for i := range phases {
		d := phases[i].Median
		if d == nil {
			continue
		}
		known = known || d.P != nil
		slower = slower || d.Significant && d.Change > 0
		faster = faster || d.Significant && d.Change < 0
	}
	switch {
	case slower && faster:
		return Mixed
	case slower:
		return Slower
	case faster:
		return Faster
	case known:
		return Same
	}
	return Unknown
}

func phaseText(p *Phase) string {
	d := p.Median
	name := p.Phase + " steps"
	if p.Phase == "all" || p.Phase == "other" {
		name = "steps"
	}
	took := fmt.Sprintf("%s: median %s before, %s after", name, duration(d.Before), duration(d.After))
	switch {
	case !d.Significant && duration(d.Before) == duration(d.After):
		return fmt.Sprintf("%s: median %s before and after", name, duration(d.Before))
	case d.P == nil:
		return fmt.Sprintf("%s, %s, but %d and %d are too few to tell that from noise", took, percentText(d.Percent), p.StepsBefore, p.StepsAfter)
	case !d.Significant:
		return fmt.Sprintf("%s, %s, which is no more than noise", took, percentText(d.Percent))
	case d.Change < 0:
		return fmt.Sprintf("%s, %.1f%% faster", took, -*d.Percent)
	}
	return fmt.Sprintf("%s, %.1f%% slower", took, *d.Percent)
}

// meanText says what all steps come to, which the shares of a change refer to.
func (r *Result) meanText() string {
	d := &r.Whole
	if duration(d.Before) == duration(d.After) {
		return fmt.Sprintf("%s a step with its gap, before and after", duration(d.Before))
	}
	text := fmt.Sprintf("%s a step with its gap before, %s after: %s", duration(d.Before), duration(d.After), signed(d.Change))
	if d.Percent != nil {
		text += ", " + percentText(d.Percent)
	}
	switch {
	case r.Shift.Change == 0:
		return text
	case r.Step.Change == 0:
		return text + ", all of it since there are other kinds of steps"
	}
	return fmt.Sprintf("%s; of that, %s since steps of the same kind take another time, and %s since there are other kinds of steps", text, signed(r.Step.Change), signed(r.Shift.Change))
}

func percentText(p *float64) string {
	if p == nil {
		return "-"
	}
	return fmt.Sprintf("%+.1f%%", *p)
}

func duration(ns float64) string {
	if ns < 0 {
		return "-" + report.Amount(trace.Time(math.Round(-ns)))
	}
	return report.Amount(trace.Time(math.Round(ns)))
}

func signed(ns float64) string {
	if ns < 0 {
		return duration(ns)
	}
	return "+" + duration(ns)
}

// reasons are how many of them the answer names, and longestReason is how long a name in it is.
const (
	reasons       = 5
	longestReason = 90
)

// leastReason is the part of the time of a step before that a reason has to make up.
const leastReason = 0.001

// because names what explains most of the change, and nothing where there is none to explain.
func because(r *Result) []string {
	type reason struct {
		size float64
		text string
	}
	var all []reason
	for i := range r.Explained {
		row := &r.Explained[i]
		if !row.Significant && !(r.Answer.Verdict == Unknown && row.P == nil && row.Change.Change != 0) {
			continue
		}
		if math.Abs(row.Change.Change) < leastReason*r.Whole.Before {
			continue
		}
		text := fmt.Sprintf("%s: %s a step", reasonName(row), signed(row.Change.Change))
		switch row.Status {
		case "new", "gone":
			text += ", " + row.Status
		default:
			text += ", " + percentText(row.Percent)
		}
		if row.Share != nil {
			text += fmt.Sprintf(", %.0f%% of the change", 100**row.Share)
		}
		all = append(all, reason{math.Abs(row.Change.Change), text})
	}
	if r.Shift.Significant || r.Answer.Verdict == Unknown && r.Shift.P == nil && r.Shift.Change != 0 {
		all = append(all, reason{math.Abs(r.Shift.Change), fmt.Sprintf("other kinds of steps: %s a step, since %s", signed(r.Shift.Change), shiftText(r.Mix))})
	}
	if c := &r.Recompilations; c.Before != c.After {
		text := fmt.Sprintf("recompilations: %g before, %g after", c.Before, c.After)
		if c.AfterTime != c.BeforeTime {
			text += fmt.Sprintf(", %s in all, %s a step", signed(c.AfterTime-c.BeforeTime), signed(c.ChangeAStep))
		}
		all = append(all, reason{math.Abs(c.ChangeAStep), text})
	}
	slices.SortStableFunc(all, func(a, b reason) int { return cmp.Compare(b.size, a.size) })
	texts := []string{}
	for _, x := range all[:min(reasons, len(all))] {
		texts = append(texts, x.text)
	}
	return texts
}

// reasonName is the name of a row, without arguments if it is a long one.
func reasonName(row *Row) string {
	name := rowName(row)
	if len(name) > longestReason {
		name = fold(name)
	}
	return term.Short(name, longestReason)
}

// rowName says what a row is.
func rowName(row *Row) string {
	name := row.Name
	if row.Kind != name {
		name = strings.TrimSpace(row.Kind + " " + name)
	}
	if row.InGaps {
		name += ", between steps"
	}
	return name
}

// shiftText names the kind of steps whose share changed most.
func shiftText(mix []Mix) string {
	best := 0
	for i := range mix {
		if math.Abs(mix[i].Change) > math.Abs(mix[best].Change) {
			best = i
		}
	}
	m := &mix[best]
	return fmt.Sprintf("%s are %.0f%% of the steps, and were %.0f%%", strings.TrimSpace(m.Phase+" "+m.Bucket), 100*m.After, 100*m.Before)
}

func (c *comparison) proof(r *Result) string {
	a, b := c.before, len(c.runs)-c.before
	switch {
	case r.Answer.Verdict == Unknown:
		return "none: there are too few steps of the same kind to tell a change from noise; record more of them, or several runs"
	case a == 1 && b == 1:
		return "one run each: a change is told from the noise within the runs, but two runs of the same program differ too, so this is no proof; several runs a side are"
	case a == 1 || b == 1:
		return "one run on a side: a change is told from the noise within the runs, but two runs of the same program differ too, so this is no proof; several runs a side are"
	}
	return fmt.Sprintf("%d runs before and %d after, each of which counts as one observation", a, b)
}
