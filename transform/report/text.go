package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tracekit/trace"
)

// TextOptions say how a report is laid out for eyes.
type TextOptions struct {
	Rows  int  // of each list; its heading tells what is left out
	Color bool // for a terminal
}

// WriteText writes the report as tables with aligned columns.
func (r *Report) WriteText(w io.Writer, o TextOptions) error {
	p := &printer{w: bufio.NewWriter(w), TextOptions: o}
	fmt.Fprintf(p.w, "range  %s, from @%s to @%s", Amount(r.Length()), micros(r.From), micros(r.To))
	if r.From > r.Zero {
		fmt.Fprintf(p.w, ", %v after the start", time.Duration(r.From-r.Zero))
	}
	fmt.Fprintf(p.w, "\nsteps  %s\n", short(r.Markers, 110))
	p.steps(r)
	p.recompilations(r)
	p.devices(r)
	p.kernels(r)
	p.python(r)
	return p.w.Flush()
}

type printer struct {
	w *bufio.Writer
	TextOptions
}

func (p *printer) steps(r *Report) {
	if len(r.Steps) == 0 && len(r.Buckets) == 0 {
		return
	}
	t := table{left: 2, head: []string{"durations", "bucket", "count", "mean", "p50", "p90", "p99", "max", "total", "share"}}
	first, unnamed := r.Phases, "all"
	if len(r.Buckets) == len(r.Phases) {
		first, unnamed = r.Buckets, "-"
	}
	for i := range first {
		t.add(bucketCells(&first[i], unnamed, r)...)
	}
	if r.GapTotals.Count > 0 {
		t.add(append([]string{"gaps", "between steps"}, durationCells(&r.GapTotals, r)...)...)
	}
	if len(r.Buckets) > len(r.Phases) {
		t.head[1] = heading("bucket", len(r.Buckets), p.Rows)
		for i := range r.Buckets[:min(p.Rows, len(r.Buckets))] {
			t.add(bucketCells(&r.Buckets[i], "-", r)...)
		}
	}
	p.table(&t)
	var busy, idle trace.Time
	for i := range r.Gaps {
		if g := &r.Gaps[i]; g.DeviceIdle != nil {
			busy, idle = busy+*g.DeviceBusy, idle+*g.DeviceIdle
		}
	}
	if busy+idle > 0 {
		fmt.Fprintf(p.w, "in the gaps devices are idle for %s, %s of that time\n", Amount(idle), percent(idle, busy+idle))
	}
}

func bucketCells(b *Bucket, unnamed string, r *Report) []string {
	phase := b.Phase
	if b.Warmup {
		phase += " (warm-up)"
	}
	return append([]string{phase, or(b.Bucket, unnamed)}, durationCells(&b.Durations, r)...)
}

func durationCells(d *Durations, r *Report) []string {
	return []string{fmt.Sprint(d.Count), Amount(d.Mean), Amount(d.P50), Amount(d.P90), Amount(d.P99), Amount(d.Max),
		Amount(d.Total), percent(d.Total, r.Length())}
}

func (p *printer) recompilations(r *Report) {
	if len(r.Recompilations) == 0 {
		return
	}
	longest := slices.Clone(r.Recompilations)
	slices.SortStableFunc(longest, func(a, b Recompilation) int { return int(min(max(b.Duration-a.Duration, -1), 1)) })
	t := table{left: 1, head: []string{heading("recompilations", len(longest), p.Rows), "took", "at", "step"}}
	for _, c := range longest[:min(p.Rows, len(longest))] {
		step, took := "-", "-"
		if c.Step >= 0 {
			step = fmt.Sprint(c.Step)
		}
		if c.Duration > 0 {
			took = Amount(c.Duration)
		}
		t.add(or(c.Recipe, "a counter tells of it"), took, time.Duration(c.Start-r.Zero).String(), step)
	}
	p.table(&t)
}

func (p *printer) devices(r *Report) {
	if len(r.Devices) == 0 {
		return
	}
	n := 0
	for _, d := range r.Devices {
		n += 1 + len(d.Engines)
	}
	t := table{left: 1, head: []string{heading("devices", n, p.Rows+1), "busy", "of range", "idle", "of its time", "events"}}
	for _, d := range r.Devices {
		t.add(or(d.Name, "pid "+d.Pid), Amount(d.Busy), percent(d.Busy, r.Length()), Amount(d.Idle), percent(d.Idle, d.Last-d.First), fmt.Sprint(d.Events))
		for _, g := range d.Engines {
			t.add("  "+or(g.Name, "tid "+g.Tid), Amount(g.Busy), percent(g.Busy, r.Length()), "", "", fmt.Sprint(g.Events))
		}
	}
	t.rows = t.rows[:min(p.Rows+1, len(t.rows))]
	p.table(&t)
}

func (p *printer) kernels(r *Report) {
	if len(r.Kernels) == 0 {
		return
	}
	t := table{left: 1, head: []string{heading("kernels", len(r.Kernels), p.Rows), "total", "share", "count", "mean", "min", "max"}}
	for _, k := range r.Kernels[:min(p.Rows, len(r.Kernels))] {
		t.add(or(k.Name, "-"), Amount(k.Total), fmt.Sprintf("%.1f%%", 100*k.Share), fmt.Sprint(k.Count), Amount(k.Mean), Amount(k.Min), Amount(k.Max))
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
		self += f.Self
	}
	slices.SortStableFunc(all, func(a, b Function) int { return int(min(max(b.Self-a.Self, -1), 1)) })
	t := table{left: 1, head: []string{heading("python", len(all), p.Rows), "self", "share", "total", "calls"}}
	for _, f := range all[:min(p.Rows, len(all))] {
		t.add(f.Function, Amount(f.Self), percent(f.Self, self), Amount(f.Total), fmt.Sprint(f.Calls))
	}
	p.table(&t)
}

// table is text in columns.
type table struct {
	head []string
	rows [][]string
	left int // columns that are text, and set to the left
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// heading tells, where not all of a list is shown, how much is.
func heading(what string, n, shown int) string {
	if n <= shown {
		return what
	}
	return fmt.Sprintf("%s, %d of %d", what, shown, n)
}

// widest is the most that a column of text takes.
const widest = 56

func (p *printer) table(t *table) {
	width := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i := range row {
			row[i] = within(row[i], widest)
			width[i] = max(width[i], runes(row[i]))
		}
	}
	fmt.Fprintln(p.w)
	if p.Color {
		p.w.WriteString("\x1b[1m")
	}
	p.row(t.head, width, t.left)
	if p.Color {
		p.w.WriteString("\x1b[0m")
	}
	fmt.Fprintln(p.w)
	for _, row := range t.rows {
		p.row(row, width, t.left)
		fmt.Fprintln(p.w)
	}
}

func (p *printer) row(cells []string, width []int, left int) {
	var line strings.Builder
	for i, c := range cells {
		pad := strings.Repeat(" ", width[i]-runes(c))
		if i > 0 {
			line.WriteString("  ")
		}
		if i < left {
			line.WriteString(c + pad)
		} else {
			line.WriteString(pad + c)
		}
	}
	p.w.WriteString(strings.TrimRight(line.String(), " "))
}

func runes(s string) int { return len([]rune(s)) }

func or(s, instead string) string {
	if s == "" {
		return instead
	}
	return s
}

// short makes text of a trace safe to show on a terminal, and at most as long
// as n characters.
func short(s string, n int) string {
	r := []rune(s)
	for i, c := range r {
		if c < ' ' || c >= 0x7f && c < 0xa0 {
			r[i] = '?'
		}
	}
	if len(r) > n {
		r = append(r[:n-1], '…')
	}
	return string(r)
}

// within is short, with what is left out in the middle: names that begin alike
// often differ at their end.
func within(s string, n int) string {
	r := []rune(short(s, len(s)))
	if len(r) <= n {
		return string(r)
	}
	tail := n / 3
	return string(r[:n-1-tail]) + "…" + string(r[len(r)-tail:])
}

func percent(part, whole trace.Time) string {
	return fmt.Sprintf("%.1f%%", 100*shareOf(part, whole))
}

func micros(t trace.Time) []byte { return trace.AppendMicros(nil, t) }

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
