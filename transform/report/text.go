package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	"tracekit/internal/term"
	"tracekit/trace"
	"tracekit/transform/pipeline"
	"tracekit/transform/window"
)

// TextOptions say how a report is laid out for eyes.
type TextOptions struct {
	Rows int // of each list; its heading tells what is left out
	term.Screen
}

// WriteText writes the report as tables with aligned columns.
func (r *Report) WriteText(w io.Writer, o TextOptions) error {
	p := &printer{w: bufio.NewWriter(w), TextOptions: o}
	p.header(r)
	p.each(r, func(t *term.Table) {
		fmt.Fprintln(p.w)
		t.Write(p.w, p.Screen)
	})
	return p.w.Flush()
}

// TextTables returns the tables of WriteText, each list with so many rows.
func (r *Report) TextTables(rows int) (all []*term.Table) {
	p := &printer{w: bufio.NewWriter(io.Discard), TextOptions: TextOptions{Rows: rows}}
	p.each(r, func(t *term.Table) { all = append(all, t) })
	return all
}

type printer struct {
	w *bufio.Writer
	TextOptions
	table func(t *term.Table)
}

// each makes the tables of r one after the other.
func (p *printer) each(r *Report, table func(*term.Table)) {
	p.table = table
	p.steps(r)
	p.longSteps(r)
	p.gaps(r)
	p.padding(r)
	p.recompilations(r)
	p.devices(r)
	p.kernels(r)
	p.python(r)
}

func (p *printer) header(r *Report) {
	text := fmt.Sprintf("%s, from @%s to @%s", Amount(r.Length()), micros(r.From), micros(r.To))
	if r.From > r.Zero {
		text += fmt.Sprintf(", %v after the start", time.Duration(r.From-r.Zero))
	}
	fmt.Fprintf(p.w, "range  %s\n", text)
	if outside := window.Outside(&trace.Extent{Zero: r.Zero, Ruler: r.Ruler, Outside: r.Impossible}); outside != "" {
		fmt.Fprintf(p.w, "besides  %s\n", outside)
	}
	markers := term.Safe(r.Markers)
	if p.Width > 0 {
		markers = term.Short(markers, max(p.Width-len("steps  "), 20))
	}
	fmt.Fprintf(p.w, "steps  %s\n", markers)
	if r.batched {
		fmt.Fprintln(p.w, "batches  runs of the model within steps, measured without the preparation of a step, which tracekit info counts")
	}
	if r.Merged != nil {
		fmt.Fprintf(p.w, "merged  %s slices stand for %s, which are counted and measured; ~ is what they do not say exactly\n", term.Count(r.Merged.Events), term.Count(r.Merged.Slices))
	}
	if r.Outside != "" {
		fmt.Fprintf(p.w, "apart  %s, outside of the capture\n", r.Outside)
	}
}

func (p *printer) steps(r *Report) {
	if len(r.Steps) == 0 && len(r.Buckets) == 0 {
		return
	}
	t := term.Table{Left: 2, Spare: []int{9, 8, 3}, Head: []string{"steps", "bucket", "count", "mean", "p50", "p90", "p99", "max", "total", "share"}}
	if r.batched {
		t.Head[0] = "batches"
	}
	first, unnamed := r.Phases, "all"
	if len(r.Buckets) == len(r.Phases) {
		first, unnamed = r.Buckets, "-"
	}
	for i := range first {
		t.Add(bucketCells(&first[i], unnamed, r)...)
	}
	if r.GapTotals.Count > 0 {
		t.Add(append([]string{"gaps", "between steps"}, durationCells(&r.GapTotals, r)...)...)
	}
	if len(r.Buckets) > len(r.Phases) {
		t.Head[1] = term.Heading("bucket", len(r.Buckets), p.Rows)
		for i := range r.Buckets[:min(p.Rows, len(r.Buckets))] {
			t.Add(bucketCells(&r.Buckets[i], "-", r)...)
		}
	}
	p.table(&t)
}

// stepText names a step as --step does: by its marker's number if all have one.
func (r *Report) stepText(index int) string {
	unnumbered := slices.ContainsFunc(r.Steps, func(s Step) bool { return s.Number == nil })
	if i := slices.IndexFunc(r.Steps, func(s Step) bool { return s.Index == index }); i >= 0 && !unnumbered {
		return fmt.Sprint(*r.Steps[i].Number)
	}
	return fmt.Sprint(index)
}

// gaps tells of the longest.
func (p *printer) gaps(r *Report) {
	if len(r.Gaps) == 0 {
		return
	}
	var busy, idle trace.Time
	for i := range r.Gaps {
		if g := &r.Gaps[i]; g.DeviceIdle != nil {
			busy, idle = busy+*g.DeviceBusy, idle+*g.DeviceIdle
		}
	}
	all := slices.Clone(r.Gaps)
	slices.SortStableFunc(all, func(a, b Gap) int { return cmp.Compare(b.Duration, a.Duration) })
	t := term.Table{Left: 1, Head: []string{term.Heading("longest gaps", len(all), p.Rows), "took", "at", "device idle"}}
	for _, g := range all[:min(p.Rows, len(all))] {
		rest := "-"
		if g.DeviceIdle != nil {
			rest = estimated(percent(*g.DeviceIdle, g.Duration), r.StepsEstimated)
		}
		t.Add("after step "+r.stepText(g.After), Amount(g.Duration), At(g.Start, r.Zero), rest)
	}
	p.table(&t)
	if busy+idle > 0 {
		fmt.Fprintf(p.w, "in all gaps devices are idle for %s, %s of that time\n", estimated(Amount(idle), r.StepsEstimated), percent(idle, busy+idle))
	}
}

func bucketCells(b *Bucket, unnamed string, r *Report) []string {
	phase := PhaseText(b.Phase, b.Idle)
	if b.Warmup {
		phase += " (warm-up)"
	}
	return append([]string{phase, cmp.Or(b.Bucket, unnamed)}, durationCells(&b.Durations, r)...)
}

func durationCells(d *Durations, r *Report) []string {
	return []string{fmt.Sprint(d.Count), Amount(d.Mean), Amount(d.P50), Amount(d.P90), Amount(d.P99), Amount(d.Max),
		Amount(d.Total), percent(d.Total, r.Length())}
}

func (p *printer) recompilations(r *Report) {
	if len(r.Recompilations) == 0 {
		return
	}
	all := slices.Clone(r.Recompilations)
	slices.SortStableFunc(all, func(a, b Recompilation) int { return cmp.Compare(b.Duration, a.Duration) })
	t := term.Table{Left: 1, Head: []string{term.Heading("recompilations", len(all), p.Rows), "took", "at", "step", "in"}}
	for _, c := range all[:min(p.Rows, len(all))] {
		step, took := "-", "-"
		if c.Step >= 0 {
			step = r.stepText(c.Step)
		}
		if c.Duration > 0 {
			took = Amount(c.Duration)
		}
		t.Add(cmp.Or(c.Recipe, "a counter tells of it"), took, At(c.Start, r.Zero), step, cmp.Or(c.Within, "-"))
	}
	p.table(&t)
}

func (p *printer) devices(r *Report) {
	if len(r.Devices) == 0 {
		fmt.Fprintf(p.w, "\n%s\n", pipeline.NoDevice)
		return
	}
	n := 0
	for _, d := range r.Devices {
		n += 1 + len(d.Engines)
	}
	t := term.Table{Left: 1, Spare: []int{4, 5}, Head: []string{term.Heading("devices", n, p.Rows+1), "busy", "of range", "idle", "of its time", "events"}}
	for _, d := range r.Devices {
		t.Add(cmp.Or(d.Name, "pid "+d.Pid), estimated(Amount(d.Busy), d.Estimate), percent(d.Busy, r.Length()), Amount(d.Idle), percent(d.Idle, d.Last-d.First), fmt.Sprint(d.Events))
		for _, g := range d.Engines {
			t.Add("  "+cmp.Or(g.Name, "tid "+g.Tid), estimated(Amount(g.Busy), g.Estimate), percent(g.Busy, r.Length()), "", "", fmt.Sprint(g.Events))
		}
	}
	t.Rows = t.Rows[:min(p.Rows+1, len(t.Rows))]
	p.table(&t)
	for _, d := range r.Devices {
		for _, g := range d.Engines {
			if g.Inside > 0 {
				fmt.Fprintf(p.w, "%s in another one of %s: one of each two has a wrong time; tracekit check says where\n",
					term.Plural(int(g.Inside), "kernel"), cmp.Or(g.Name, "tid "+g.Tid))
			}
		}
	}
}

func (p *printer) kernels(r *Report) {
	if len(r.Kernels) == 0 {
		return
	}
	t := term.Table{Left: 1, Least: 40, Spare: []int{5}, Head: []string{term.Heading("kernels", len(r.Kernels), p.Rows), "total", "share", "count", "mean", "min", "max"}}
	shown := r.Kernels[:min(p.Rows, len(r.Kernels))]
	called := map[string]int{}
	for _, k := range shown {
		called[k.Name]++
	}
	for _, k := range shown {
		name := cmp.Or(k.Name, "-")
		if called[k.Name] > 1 {
			name += " (" + cmp.Or(k.Cat, "no category") + ")"
		}
		t.Add(name, estimated(Amount(k.Total), k.Estimate), fmt.Sprintf("%.1f%%", 100*k.Share), fmt.Sprint(k.Count), estimated(Amount(k.Mean), k.Estimate),
			amountOr(k.Min, "~"), amountOr(k.Max, "~"))
	}
	p.table(&t)
}

func (p *printer) python(r *Report) {
	if len(r.Python) == 0 {
		return
	}
	byName := map[string]int{}
	var all []Function
	var self trace.Time
	for _, f := range r.Python {
		i, ok := byName[f.Function]
		if !ok {
			i = len(all)
			byName[f.Function] = i
			all = append(all, Function{Function: f.Function})
		}
		all[i].Calls += f.Calls
		all[i].Self += f.Self
		all[i].Total += f.Total
		all[i].Estimate = all[i].Estimate || f.Estimate
		self += f.Self
	}
	slices.SortStableFunc(all, func(a, b Function) int { return cmp.Compare(b.Self, a.Self) })
	t := term.Table{Left: 1, Head: []string{term.Heading("python", len(all), p.Rows), "self", "share", "total", "calls"}}
	for _, f := range all[:min(p.Rows, len(all))] {
		t.Add(f.Function, estimated(Amount(f.Self), f.Estimate), percent(f.Self, self), estimated(Amount(f.Total), f.Estimate), fmt.Sprint(f.Calls))
	}
	p.table(&t)
}

// estimated marks what is not known exactly.
func estimated(text string, is bool) string {
	if is {
		return "~" + text
	}
	return text
}

func amountOr(t *trace.Time, instead string) string {
	if t == nil {
		return instead
	}
	return Amount(*t)
}

func percent(part, whole trace.Time) string {
	return fmt.Sprintf("%.1f%%", 100*shareOf(part, whole))
}

func micros(t trace.Time) []byte { return trace.AppendMicros(nil, t) }

// At is where on the ruler that begins at zero t lies, as a range takes it: short
// rather than exact.
func At(t, zero trace.Time) string {
	d := time.Duration(t - zero)
	switch {
	case d >= time.Second:
		d = d.Round(time.Millisecond)
	case d >= time.Millisecond:
		d = d.Round(time.Microsecond)
	}
	return d.String()
}

// Amount writes a length of time with three digits and the unit that fits.
func Amount(t trace.Time) string {
	const minute = trace.Time(time.Minute)
	if t >= 10*minute {
		return fmt.Sprintf("%dm%02ds", t/minute, t%minute/trace.Time(time.Second))
	}
	for _, u := range []struct {
		name string
		ns   float64
	}{{"s", 1e9}, {"ms", 1e6}, {"µs", 1e3}} {
		switch v := float64(t) / u.ns; {
		case v >= 99.95:
			return fmt.Sprintf("%.0f %s", v, u.name)
		case v >= 9.995:
			return fmt.Sprintf("%.1f %s", v, u.name)
		case v >= 0.9995:
			return fmt.Sprintf("%.2f %s", v, u.name)
		}
	}
	return fmt.Sprintf("%d ns", t)
}
