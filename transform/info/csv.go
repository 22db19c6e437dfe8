package info

import (
	"tracekit/internal/term"
	"tracekit/transform/report"
)

// Tables returns what is in a trace as CSV. The columns are named as in JSON.
func (i *Info) Tables() []term.CSVFile {
	return []term.CSVFile{i.categoryTable(), i.threadTable(), i.runTable(), i.predictionTable()}
}

func (i *Info) categoryTable() term.CSVFile {
	t := term.CSVFile{Name: "categories.csv", Head: []string{"ph", "cat", "events", "bytes", "slices", "busy_ns", "estimate"}}
	for _, k := range i.Kinds {
		t.Add(k.Phase, k.Cat, k.Events, k.Bytes, k.Slices, int64(k.Busy), k.Estimate)
	}
	return t
}

func (i *Info) threadTable() term.CSVFile {
	t := term.CSVFile{Name: "threads.csv", Head: []string{"pid", "process", "labels", "tid", "thread", "events", "bytes", "slices", "busy_ns", "estimate"}}
	for _, p := range i.Processes {
		for _, h := range p.Threads {
			t.Add(p.Pid, p.Name, p.Labels, h.Tid, h.Name, h.Events, h.Bytes, h.Slices, int64(h.Busy), h.Estimate)
		}
	}
	return t
}

// runTable has a row for the steps of each phase, for requests and for recompilations.
func (i *Info) runTable() term.CSVFile {
	t := term.CSVFile{Name: "run.csv", Head: []string{"what", "phase", "warmup", "idle", "count", "total_ns", "mean_ns", "p50_ns", "p90_ns", "p99_ns", "max_ns", "first_ns", "last_ns"}}
	add := func(what, phase string, warmup, idle bool, d *report.Durations, first, last int64) {
		t.Add(what, phase, warmup, idle, d.Count, int64(d.Total), int64(d.Mean), int64(d.P50), int64(d.P90), int64(d.P99), int64(d.Max), first, last)
	}
	if i.Steps != nil {
		for _, s := range i.Steps.Phases {
			add("steps", s.Phase, s.Warmup, s.Idle, &s.Durations, int64(s.First), int64(s.Last))
		}
	}
	if r := i.Requests; r != nil {
		add("requests", "", false, false, &r.Durations, int64(r.First), int64(r.Last))
	}
	if r := &i.Recompilations; r.Count > 0 {
		add("recompilations", "", false, false, &r.Durations, int64(r.First), int64(r.Last))
	}
	return t
}

func (i *Info) predictionTable() term.CSVFile {
	t := term.CSVFile{Name: "predictions.csv", Head: []string{"command", "pieces", "events", "bytes", "exact"}}
	for _, p := range i.Predictions {
		t.Add(p.Command, p.Pieces, p.Events, p.Bytes, p.Exact)
	}
	return t
}
