package report

import (
	"cmp"
	"slices"

	"tracekit/internal/term"
	"tracekit/transform/steps"
)

// longSteps shows the steps that took longest.
func (p *printer) longSteps(r *Report) {
	if len(r.Steps) == 0 {
		return
	}
	all := slices.Clone(r.Steps)
	slices.SortStableFunc(all, func(a, b Step) int { return cmp.Compare(b.Duration, a.Duration) })
	t := term.Table{Left: 2, Head: []string{term.Heading("longest steps", len(all), p.Rows), "bucket", "took", "at", "device idle"}}
	for _, s := range all[:min(p.Rows, len(all))] {
		name := "step " + r.stepText(s.Index) + " " + PhaseText(s.Phase, s.idle)
		if s.Recompiled {
			name += ", recompiled"
		}
		rest := "-"
		if s.DeviceIdle != nil {
			rest = estimated(percent(*s.DeviceIdle, s.Duration), r.StepsEstimated)
		}
		t.Add(name, cmp.Or(s.Bucket, "-"), Amount(s.Duration), At(s.Start, r.Zero), rest)
	}
	p.table(&t)
}

// PhaseText is what people read for a phase: idle steps serve no request, unclassified ones have
// markers that name no phase.
func PhaseText(phase string, idle bool) string {
	switch {
	case idle:
		return "idle"
	case phase == steps.Other.String():
		return "unclassified"
	}
	return phase
}
