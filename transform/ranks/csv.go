package ranks

import (
	"fmt"
	"io"
	"strconv"

	"tracekit/internal/term"
	"tracekit/trace"
)

// Table is a list of a report as CSV.
type Table struct {
	Name string // of its file
	head []string
	each func(row func(...any))
}

// FileName is the name of the table's file.
func (t Table) FileName() string { return t.Name }

// Write writes the table, its header first.
func (t Table) Write(w io.Writer) error {
	c := term.NewCSV(w)
	c.Row(t.head)
	t.each(func(values ...any) {
		cells := make([]string, len(values))
		for i, v := range values {
			cells[i] = cell(v)
		}
		c.Row(cells)
	})
	return c.Close()
}

// cell is the text of a number, empty for what there is none of.
func cell(v any) string {
	switch v := v.(type) {
	case trace.Time:
		return strconv.FormatInt(int64(v), 10)
	case *trace.Time:
		if v == nil {
			return ""
		}
		return strconv.FormatInt(int64(*v), 10)
	case *int64:
		if v == nil {
			return ""
		}
		return strconv.FormatInt(*v, 10)
	case *float64:
		if v == nil {
			return ""
		}
		return strconv.FormatFloat(*v, 'g', 6, 64)
	case float64:
		return strconv.FormatFloat(v, 'g', 6, 64)
	}
	return fmt.Sprint(v)
}

// Tables lists what there is as CSV. Columns are named as in JSON; rank_steps.csv has a row for each
// step of each rank.
func (r *Result) Tables() []Table {
	return []Table{
		{"ranks.csv", []string{"rank", "file", "host", "length_ns", "steps", "mean_ns", "p50_ns", "p90_ns", "p99_ns", "max_ns", "total_ns", "gaps_ns", "recompilations",
			"devices", "device_busy_ns", "device_idle_ns", "communication_ns", "hidden_ns", "exposed_ns"}, func(row func(...any)) {
			for i := range r.Ranks {
				k := &r.Ranks[i]
				s := &k.Steps
				row(k.Rank, k.File, k.Host, k.Length, s.Count, s.Mean, s.P50, s.P90, s.P99, s.Max, s.Total, k.Gaps, k.Recompilations, k.Devices, k.Busy, k.Idle, k.Communication, k.Hidden, k.Exposed)
			}
		}},
		{"stragglers.csv", []string{"rank", "steps", "share", "late_ns", "mean_ns", "most_ns", "most_step", "waited_ns"}, func(row func(...any)) {
			for _, s := range r.Stragglers {
				row(s.Rank, s.Steps, s.Share, s.Late, s.Mean, s.Most, s.AtStep, s.Waited)
			}
		}},
		{"steps.csv", []string{"step", "ranks", "shortest_ns", "median_ns", "longest_ns", "last", "late_ns", "waited_ns"}, func(row func(...any)) {
			for _, s := range r.Steps {
				row(s.Step, s.Ranks, s.Shortest, s.Median, s.Longest, s.Last, s.Late, s.Waited)
			}
		}},
		{"rank_steps.csv", []string{"rank", "step", "warmup", "start_ns", "duration_ns", "device_busy_ns", "communication_ns", "exposed_ns", "waited_ns", "late_ns"}, r.rankSteps},
		{"collectives.csv", []string{"group", "ranks", "size", "kind", "type", "bytes", "calls", "total_ns", "met", "whole", "wait_ns", "time_ns", "time_p50_ns", "time_p99_ns", "algbw", "busbw"}, func(row func(...any)) {
			for i := range r.Collectives {
				c := &r.Collectives[i]
				var time, p50, p99 any = "", "", ""
				if c.Time != nil {
					time, p50, p99 = c.Time.Total, c.Time.P50, c.Time.P99
				}
				row(c.Group, c.Ranks, c.Size, c.Kind, c.Type, c.Bytes, c.Calls, c.Total, c.Met, c.Whole, c.Wait, time, p50, p99, c.AlgBW, c.BusBW)
			}
		}},
		{"waits.csv", []string{"group", "ranks", "kind", "type", "bytes", "rank", "calls", "total_ns", "wait_ns", "last", "late_ns"}, func(row func(...any)) {
			for i := range r.Collectives {
				c := &r.Collectives[i]
				for _, m := range c.Members {
					row(c.Group, c.Ranks, c.Kind, c.Type, c.Bytes, m.Rank, m.Calls, m.Total, m.Wait, m.Last, m.Late)
				}
			}
		}},
		{"kernels.csv", []string{"name", "cat", "ranks", "median_ns", "rank", "total_ns", "excess_ns", "count", "least_count", "most_count", "p50_ns", "p50_all_ns"}, func(row func(...any)) {
			for _, k := range r.Kernels {
				row(k.Name, k.Cat, k.Ranks, k.Median, k.Rank, k.Total, k.Excess, k.Count, k.Least, k.Most, k.P50, k.P50All)
			}
		}},
	}
}

// rankSteps lists the steps of all ranks, those of one after those of another. Starts are on the
// clock of all.
func (r *Result) rankSteps(row func(...any)) {
	if r.steps == nil {
		return
	}
	for i, m := range r.steps.members {
		for k := range m.steps {
			s, w := &m.steps[k], r.steps.waits[i][k]
			var busy, communication, exposed *trace.Time
			if s.measured {
				busy = &s.busy
			}
			if s.split {
				communication, exposed = &s.communication, &s.exposed
			}
			row(m.label, r.steps.key(i, k), s.warmup, m.clock.Clock.At(s.start), s.duration, busy, communication, exposed, w.wait, w.late)
		}
	}
}
