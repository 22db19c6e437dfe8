package report

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
	rows int
	row  func(i int) []string
}

// FileName is the name of the table's file.
func (t Table) FileName() string { return t.Name }

// Write writes the table, its header first.
func (t Table) Write(w io.Writer) error {
	c := term.NewCSV(w)
	c.Row(t.head)
	for i := range t.rows {
		c.Row(t.row(i))
	}
	return c.Close()
}

// Tables lists what there is as CSV. The columns are named as in JSON; an empty
// cell stands for what the trace does not tell.
func (r *Report) Tables() []Table {
	return []Table{
		{"steps.csv", []string{"index", "number", "label", "phase", "warmup", "start_ns", "duration_ns", "requests", "tokens",
			"prompt_requests", "decode_requests", "recompiled", "device_busy_ns", "device_idle_ns", "bucket"},
			len(r.Steps), func(i int) []string {
				s := &r.Steps[i]
				return cells(s.Index, opt(s.Number), s.Label, s.Phase, s.Warmup, s.Start, s.Duration, opt(s.Requests), opt(s.Tokens),
					opt(s.PromptRequests), opt(s.DecodeRequests), s.Recompiled, opt(s.DeviceBusy), opt(s.DeviceIdle), s.Bucket)
			}},
		{"buckets.csv", []string{"phase", "warmup", "bucket", "count", "total_ns", "mean_ns", "p50_ns", "p90_ns", "p99_ns", "max_ns", "idle"},
			len(r.Buckets), func(i int) []string {
				b := &r.Buckets[i]
				return cells(b.Phase, b.Warmup, b.Bucket, b.Count, b.Total, b.Mean, b.P50, b.P90, b.P99, b.Max, b.Idle)
			}},
		r.paddingTable(),
		{"recompilations.csv", []string{"start_ns", "duration_ns", "recipe", "step", "within"},
			len(r.Recompilations), func(i int) []string {
				c := &r.Recompilations[i]
				return cells(c.Start, c.Duration, c.Recipe, c.Step, c.Within)
			}},
		{"gaps.csv", []string{"after_step", "start_ns", "duration_ns", "device_busy_ns", "device_idle_ns"},
			len(r.Gaps), func(i int) []string {
				g := &r.Gaps[i]
				return cells(g.After, g.Start, g.Duration, opt(g.DeviceBusy), opt(g.DeviceIdle))
			}},
		{"python.csv", []string{"function", "pid", "tid", "thread", "calls", "self_ns", "total_ns", "estimate"},
			len(r.Python), func(i int) []string {
				f := &r.Python[i]
				return cells(f.Function, f.Pid, f.Tid, f.Thread, f.Calls, f.Self, f.Total, f.Estimate)
			}},
		r.engineTable(),
		{"kernels.csv", []string{"name", "cat", "count", "total_ns", "mean_ns", "min_ns", "max_ns", "share", "estimate"},
			len(r.Kernels), func(i int) []string {
				k := &r.Kernels[i]
				return cells(k.Name, k.Cat, k.Count, k.Total, k.Mean, opt(k.Min), opt(k.Max), strconv.FormatFloat(k.Share, 'f', 6, 64), k.Estimate)
			}},
	}
}

// engineTable has a row for each device, with an empty tid, and each engine.
func (r *Report) engineTable() Table {
	t := Table{Name: "devices.csv", head: []string{"pid", "name", "tid", "engine", "events", "busy_ns", "idle_ns", "first_ns", "last_ns", "estimate"}}
	var rows [][]string
	for _, d := range r.Devices {
		rows = append(rows, cells(d.Pid, d.Name, "", "", d.Events, d.Busy, d.Idle, d.First, d.Last, d.Estimate))
		for _, g := range d.Engines {
			rows = append(rows, cells(d.Pid, d.Name, g.Tid, g.Name, g.Events, g.Busy, "", "", "", g.Estimate))
		}
	}
	t.rows, t.row = len(rows), func(i int) []string { return rows[i] }
	return t
}

func cells(values ...any) []string {
	row := make([]string, len(values))
	for i, v := range values {
		if t, ok := v.(trace.Time); ok {
			v = int64(t)
		}
		row[i] = fmt.Sprint(v)
	}
	return row
}

// opt is the text of a number that there may be.
func opt[T int32 | int64 | trace.Time](n *T) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(int64(*n), 10)
}
