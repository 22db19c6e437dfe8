package ranks

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"slices"

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
	for i, t := range r.TextTables(o.Rows) {
		if i > 0 {
			fmt.Fprintln(out)
		}
		t.Write(out, o.Screen)
	}
	for i, note := range r.Notes {
		if i == 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "note: %s\n", term.Safe(note))
	}
	return out.Flush()
}

// TextTables returns the tables of WriteText, all but that of the ranks with so many rows.
func (r *Result) TextTables(rows int) (all []*term.Table) {
	for _, t := range []*term.Table{r.rankTable(), r.stragglerTable(rows), r.stepTable(rows), r.collectiveTable(rows), r.waitTable(rows), r.kernelTable(rows)} {
		if len(t.Rows) > 0 {
			all = append(all, t)
		}
	}
	return all
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

func (r *Result) stragglerTable(rows int) *term.Table {
	t := &term.Table{Left: 1, Spare: []int{6}, Head: []string{term.Heading("last, by "+r.LastBy, len(r.Stragglers), rows), "steps", "of steps", "late in all", "mean", "most", "waited itself"}}
	for i := range r.Stragglers[:min(rows, len(r.Stragglers))] {
		s := &r.Stragglers[i]
		t.Add(s.Rank, fmt.Sprint(s.Steps), fmt.Sprintf("%.1f%%", 100*s.Share), report.Amount(s.Late), report.Amount(s.Mean),
			fmt.Sprintf("%s, step %d", report.Amount(s.Most), s.AtStep), report.Amount(s.Waited))
	}
	return t
}

func (r *Result) stepTable(rows int) *term.Table {
	all := slices.DeleteFunc(slices.Clone(r.Steps), func(s StepRow) bool { return s.Last == "" })
	slices.SortStableFunc(all, func(a, b StepRow) int { return cmp.Compare(b.Late, a.Late) })
	t := &term.Table{Left: 1, Spare: []int{3}, Head: []string{term.Heading("latest steps", len(all), rows), "last", "late", "waited by all", "shortest", "median", "longest"}}
	for i := range all[:min(rows, len(all))] {
		s := &all[i]
		t.Add("step "+fmt.Sprint(s.Step), s.Last, report.Amount(s.Late), report.Amount(s.Waited), report.Amount(s.Shortest), report.Amount(s.Median), report.Amount(s.Longest))
	}
	return t
}

func (r *Result) collectiveTable(rows int) *term.Table {
	t := &term.Table{Left: 2, Spare: []int{3, 9, 10}, Head: []string{term.Heading("collectives", len(r.Collectives), rows), "group", "bytes", "calls", "in all", "met", "waiting", "p50", "p99", "GB/s", "bus GB/s", "most often last"}}
	for i := range r.Collectives[:min(rows, len(r.Collectives))] {
		c := &r.Collectives[i]
		size := "-"
		if c.Bytes != nil {
			size = term.Bytes(*c.Bytes)
		}
		cells := []string{c.Kind, c.name(), size, fmt.Sprint(c.Calls), report.Amount(c.Total), fmt.Sprint(c.Met)}
		if c.Time == nil {
			t.Add(append(cells, "-", "-", "-", "-", "-", "-")...)
			continue
		}
		last := slices.MaxFunc(c.Members, func(a, b Waiter) int { return cmp.Compare(a.Last, b.Last) })
		wait := trace.Time(0)
		for _, m := range c.Members {
			wait += m.Wait
		}
		often := "-"
		if last.Last > 0 {
			often = fmt.Sprintf("%s, %.0f%%", last.Rank, 100*float64(last.Last)/float64(c.Time.Count))
		}
		t.Add(append(cells, percent(&wait, &c.Total), report.Amount(c.Time.P50), report.Amount(c.Time.P99), rate(c.AlgBW), rate(c.BusBW), often)...)
	}
	return t
}

// name is how a group is shown: its name, and its ranks where they are few.
func (c *Collective) name() string {
	switch {
	case c.Group == "" && c.Size > 0:
		return term.Plural(c.Size, "rank")
	case c.Group == "":
		return "-"
	case c.Ranks != "":
		return c.Group + " " + c.Ranks
	}
	return c.Group
}

// waitTable is who waits and who is waited for, over all collectives.
func (r *Result) waitTable(rows int) *term.Table {
	type sum struct {
		Waiter
		place int
	}
	sums := map[string]*sum{}
	for i := range r.Ranks {
		sums[r.Ranks[i].Rank] = &sum{Waiter: Waiter{Rank: r.Ranks[i].Rank}, place: i}
	}
	for i := range r.Collectives {
		if r.Collectives[i].Time == nil {
			continue
		}
		for _, m := range r.Collectives[i].Members {
			s := sums[m.Rank]
			s.Calls, s.Total, s.Wait, s.Last, s.Late = s.Calls+m.Calls, s.Total+m.Total, s.Wait+m.Wait, s.Last+m.Last, s.Late+m.Late
		}
	}
	var all []*sum
	for i := range r.Ranks {
		if s := sums[r.Ranks[i].Rank]; s.place == i && s.Calls > 0 {
			all = append(all, s)
		}
	}
	slices.SortStableFunc(all, func(a, b *sum) int { return cmp.Compare(a.Wait, b.Wait) })
	t := &term.Table{Left: 1, Head: []string{term.Heading("least waiting", len(all), rows), "collectives", "in all", "waited", "of that", "came last", "late in all"}}
	for _, s := range all[:min(rows, len(all))] {
		t.Add(s.Rank, fmt.Sprint(s.Calls), report.Amount(s.Total), report.Amount(s.Wait), percent(&s.Wait, &s.Total), fmt.Sprint(s.Last), report.Amount(s.Late))
	}
	return t
}

func (r *Result) kernelTable(rows int) *term.Table {
	all := slices.DeleteFunc(slices.Clone(r.Kernels), func(k KernelRow) bool { return k.Excess == 0 && k.Ranks == len(r.Ranks) })
	t := &term.Table{Left: 1, Least: 40, Spare: []int{8, 7, 6}, Head: []string{term.Heading("kernels that differ", len(all), rows), "rank", "total", "median", "excess", "count", "counts", "p50", "p50 of all", "ranks"}}
	for i := range all[:min(rows, len(all))] {
		k := &all[i]
		counts := fmt.Sprint(k.Least)
		if k.Least != k.Most {
			counts = fmt.Sprintf("%d to %d", k.Least, k.Most)
		}
		t.Add(cmp.Or(k.Name, "-"), k.Rank, report.Amount(k.Total), report.Amount(k.Median), report.Amount(k.Excess), fmt.Sprint(k.Count), counts, amount(k.P50), amount(k.P50All), fmt.Sprint(k.Ranks))
	}
	return t
}

func amount(t *trace.Time) string {
	if t == nil {
		return "-"
	}
	return report.Amount(*t)
}

func rate(gbs *float64) string {
	if gbs == nil {
		return "-"
	}
	return fmt.Sprintf("%.3g", *gbs)
}

// percent is part of whole, - where either is not known or there is no whole.
func percent(part, whole *trace.Time) string {
	if part == nil || whole == nil || *whole == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f%%", 100*float64(*part)/float64(*whole))
}
