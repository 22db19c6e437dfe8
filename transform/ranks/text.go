package ranks

import (
	"bufio"
	"fmt"
	"io"
	"path/filepath"

	"tracekit/internal/term"
	"tracekit/trace"
	"tracekit/transform/report"
)

// TextOptions say how a report is laid out for eyes.
type TextOptions struct {
	Rows int // of each list but that of the ranks
	term.Screen
}

// WriteText writes the report as tables with aligned columns.
func (r *Result) WriteText(w io.Writer, o TextOptions) error {
	out := bufio.NewWriter(w)
	for i, t := range r.textTables(o.Rows) {
		if i > 0 {
			fmt.Fprintln(out)
		}
		t.Write(out, o.Screen)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(out, "note: %s\n", term.Safe(note))
	}
	return out.Flush()
}

func (r *Result) textTables(rows int) []*term.Table {
	return []*term.Table{r.rankTable()}
}

func (r *Result) rankTable() *term.Table {
	t := &term.Table{Left: 2, Spare: []int{12, 1, 11, 2}, Head: []string{"rank", "file", "time", "steps", "mean", "p50", "p99", "busy", "idle", "communication", "hidden", "exposed", "recompiled"}}
	called := map[string]int{}
	for i := range r.Ranks {
		called[filepath.Base(r.Ranks[i].File)]++
	}
	for i := range r.Ranks {
		k := &r.Ranks[i]
		name := filepath.Base(k.File)
		if called[name] > 1 {
			name = k.File
		}
		cells := []string{k.Rank, name, report.Amount(k.Length), fmt.Sprint(k.Steps.Count)}
		if k.Steps.Count > 0 {
			cells = append(cells, report.Amount(k.Steps.Mean), report.Amount(k.Steps.P50), report.Amount(k.Steps.P99))
		} else {
			cells = append(cells, "-", "-", "-")
		}
		t.Add(append(cells, amount(k.Busy), amount(k.Idle), amount(k.Communication), percent(k.Hidden, k.Communication), amount(k.Exposed), fmt.Sprint(k.Recompilations))...)
	}
	return t
}

func amount(t *trace.Time) string {
	if t == nil {
		return "-"
	}
	return report.Amount(*t)
}

// percent is part of whole, - where either is not known or there is no whole.
func percent(part, whole *trace.Time) string {
	if part == nil || whole == nil || *whole == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f%%", 100*float64(*part)/float64(*whole))
}
