package downsample

import (
	"fmt"

	"tracekit/internal/term"
	"tracekit/trace"
	"tracekit/transform/report"
)

// summary says down to what the output is exact, what was merged, and what of it a
// budget took that is usually kept.
func (d *decision) summary() []string {
	var notes []string
	if d.at.merging {
		note := "exact everywhere: nothing is short enough to be merged"
		if d.merged.events > 0 {
			note = fmt.Sprintf("exact down to %s; %s slices merged into %s", report.Amount(trace.Time(d.at.width())),
				term.Count(d.mergedFrom), term.Count(d.merged.events))
		}
		if d.at.grain >= coarsest {
			note = fmt.Sprintf("the whole trace is merged: %s slices into %s", term.Count(d.mergedFrom), term.Count(d.merged.events))
		}
		notes = append(notes, note)
	}
	if d.o.budget() {
		lost := [...]string{keepsAll: "", keepsMarks: "instants are thinned", keepsSteps: "instants are thinned, annotations and recompilations merged",
			keepsLong: "instants are thinned, annotations, recompilations and steps merged"}
		if what := lost[d.at.keeps]; what != "" {
			notes = append(notes, what+": with them, half of the budget would be taken")
		}
	}
	if d.picture != nil {
		notes = append(notes, d.picture.String())
	}
	return notes
}
