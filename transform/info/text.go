package info

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"strings"

	"tracekit/internal/perfetto"
	"tracekit/internal/term"
	"tracekit/trace"
	"tracekit/transform/pipeline"
	"tracekit/transform/report"
	"tracekit/transform/requests"
	"tracekit/transform/window"
)

// TextOptions say how what is in a trace is laid out for eyes.
type TextOptions struct {
	Name string // of the trace
	Rows int    // of each list; its heading tells what is left out
	term.Screen
}

// least is how many characters of a line of text there is always room for.
const least = 28

// WriteText writes what is in a trace as tables with aligned columns.
func (i *Info) WriteText(w io.Writer, o TextOptions) error {
	p := &printer{w: bufio.NewWriter(w), Info: i, TextOptions: o}
	p.facts()
	p.run()
	p.kinds()
	p.processes()
	p.unknown()
	p.predictions()
	return p.w.Flush()
}

type printer struct {
	w *bufio.Writer
	*Info
	TextOptions
}

// facts are what stands alone.
func (p *printer) facts() {
	p.fact("trace", p.Name)
	size := fmt.Sprintf("%s, %s of JSON", term.Plural(p.Events, "event"), term.Bytes(p.Bytes))
	if p.packed() {
		size += fmt.Sprintf(", %s as %s", term.Bytes(p.Packed), p.Format)
	}
	p.fact("size", size)
	if p.Bytes > perfetto.TabBytes {
		p.fact("viewer", "too big for a browser's tab; tracekit open shows the run and opens pieces of it")
	}
	if m := p.Merged; m != nil {
		p.fact("merged", fmt.Sprintf("%s slices stand for %s; %s", term.Count(m.Events), term.Count(m.Slices), mergedNote(m)))
	}
	p.fact("time", fmt.Sprintf("%s, from @%s to @%s", report.Amount(p.Last-p.Zero), micros(p.Zero), micros(p.Last)))
	p.fact("outside", window.Outside(&trace.Extent{Zero: p.Zero, Ruler: p.Ruler, Outside: p.Impossible}))
	if p.Timeless > 0 {
		p.fact("no time", term.Plural(int(p.Timeless), "event")+" whose ts is missing or no time that viewers can hold")
	}
	p.fact("clock", p.Wall)
	if o := p.Origin; o != nil {
		if n := o.Ranks(); n > 0 {
			p.fact("merged", fmt.Sprintf("of %s, by %s", term.Plural(n, "rank"), o.Call))
		} else {
			p.fact("piece", strings.TrimSpace("of "+cmp.Or(o.Source, "a pipe")+", by "+o.Call))
		}
		if o.Steps != nil {
			p.fact("", fmt.Sprintf("its first step is %d of the whole", o.Steps.First))
		}
	}
	p.fact("made by", p.Producer)
	var hints []string
	for _, h := range p.Hints {
		hints = append(hints, strings.TrimPrefix(h.Key+" ", "deviceProperties ")+h.Value)
	}
	p.fact("details", strings.Join(hints, ", "))
	p.fact("damage", p.Damage.String())
	if !p.DeviceWork {
		p.fact("devices", pipeline.NoDevice)
	}
	if s := p.Shared; s != nil {
		p.fact("ranks", fmt.Sprintf("the calls of pids %s have the same ids, and their work is all on pid %s: it is joined to calls as far as its ids, its time or its place in the file tell (merge gives each rank ids and devices of its own)",
			strings.Join(s.Hosts, ", "), strings.Join(s.Devices, ", ")))
	}
	if c := p.Capture; c != nil && c.outside != "" {
		p.fact("capture", fmt.Sprintf("%s, from @%s to @%s", report.Amount(c.End-c.Start), micros(c.Start), micros(c.End)))
		p.fact("outside", c.outside)
	}
	if p.Steps == nil {
		p.fact("steps", "no markers of steps")
	} else {
		p.fact("steps", p.Steps.Markers)
	}
}

func (p *printer) fact(key, value string) {
	if value != "" {
		if p.Width > 0 {
			value = term.Short(value, max(p.Width-len("details  "), least))
		}
		fmt.Fprintf(p.w, "%-7s  %s\n", key, term.Safe(value))
	}
}

// packed reports whether the trace is smaller as a file than as JSON.
func (p *printer) packed() bool { return p.Packed >= 0 && p.Format != trace.Plain.String() }

// run tells of steps, requests and recompilations.
func (p *printer) run() {
	t := term.Table{Left: 1, Spare: []int{5, 2}, Head: []string{"run", "count", "p50", "p99", "max", "total", "first at", "last ends"}}
	if p.Steps != nil {
		for _, s := range p.Steps.Phases {
			name := report.PhaseText(s.Phase, s.Idle) + " steps"
			if s.Warmup {
				name += " (warm-up)"
			}
			t.Add(append(durationCells(name, &s.Durations), report.At(s.First, p.Zero), report.At(s.Last, p.Zero))...)
		}
	}
	if r := p.Requests; r != nil {
		name := "requests"
		if r.Source == requests.Batches {
			name = "requests (inferred)"
		}
		t.Add(append(durationCells(name, &r.Durations), report.At(r.First, p.Zero), report.At(r.Last, p.Zero))...)
	}
	if r := &p.Recompilations; r.Count > 0 {
		t.Add(append(durationCells("recompilations", &r.Durations), report.At(r.First, p.Zero), report.At(r.Last, p.Zero))...)
	}
	p.table(&t)
	if p.Steps != nil && p.Steps.batched {
		fmt.Fprintln(p.w, "a step is its preparation and its batches; tracekit report measures the batches")
	}
}

func durationCells(what string, d *report.Durations) []string {
	return []string{what, term.Count(int64(d.Count)), report.Amount(d.P50), report.Amount(d.P99), report.Amount(d.Max), report.Amount(d.Total)}
}

func (p *printer) kinds() {
	t := term.Table{Left: 2, Spare: []int{3, 5}, Head: []string{"ph", term.Heading("category", len(p.Kinds), p.Rows), "events", "share", "JSON", "share", "busy"}}
	if p.Merged != nil {
		t.Head = append(t.Head, "slices")
	}
	for _, k := range p.Kinds[:min(p.Rows, len(p.Kinds))] {
		cells := []string{cmp.Or(k.Phase, "-"), cmp.Or(k.Cat, "-"), term.Count(k.Events), percent(k.Events, p.Events),
			term.Bytes(k.Bytes), percent(k.Bytes, p.Bytes), estimated(busy(k.Busy), k.Estimate)}
		if p.Merged != nil {
			cells = append(cells, term.Count(k.Slices))
		}
		t.Add(cells...)
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

// mergedNote says how far what merged slices stand for is known.
func mergedNote(m *Merged) string {
	if m.Estimate {
		return "slices and busy count those, where ~ stands about"
	}
	return "slices and busy count those, exactly"
}

func (p *printer) processes() {
	t := term.Table{Left: 2, Spare: []int{5, 3, 4}, Head: []string{term.Heading("process", len(p.Processes), p.Rows), "busiest thread", "busy", "threads", "events", "share", "JSON"}}
	for _, v := range p.Processes[:min(p.Rows, len(p.Processes))] {
		process := v.Pid
		if v.Name != "" {
			process += " " + v.Name
		}
		if v.Labels != "" && v.Labels != v.Name {
			process += ", " + v.Labels
		}
		first := &v.Threads[0]
		t.Add(cmp.Or(process, "-"), cmp.Or(first.Name, strings.TrimSpace("tid "+first.Tid)), estimated(busy(first.Busy), first.Estimate), term.Count(int64(len(v.Threads))),
			term.Count(v.Events), percent(v.Events, p.Events), term.Bytes(v.Bytes))
	}
	p.table(&t)
}

// predictions tell by how much a command would make the trace smaller.
func (p *printer) predictions() {
	t := term.Table{Left: 1, Head: []string{"what would be left by", "events", "", "JSON", ""}}
	for _, n := range p.Predictions {
		about := "≈"
		if n.Exact {
			about = ""
		}
		if n.Pieces > 1 {
			t.Add(n.Command, fmt.Sprintf("≈%d pieces", n.Pieces), "", about+term.Bytes(n.Bytes), "")
			continue
		}
		t.Add(n.Command, about+term.Count(n.Events), change(n.Events, p.Events), about+term.Bytes(n.Bytes), change(n.Bytes, p.Bytes))
	}
	p.table(&t)
}

func (p *printer) table(t *term.Table) {
	if len(t.Rows) == 0 {
		return
	}
	fmt.Fprintln(p.w)
	t.Write(p.w, p.Screen)
}

// busy is a length of time, nothing for what has none by its nature.
func busy(t trace.Time) string {
	if t == 0 {
		return "-"
	}
	return report.Amount(t)
}

func percent(part, whole int64) string {
	return fmt.Sprintf("%.1f%%", 100*float64(part)/float64(max(whole, 1)))
}

// change is by how much of before there is less: all of it only if none is left.
func change(after, before int64) string {
	share := float64(max(before-after, 0)) / float64(max(before, 1))
	return fmt.Sprintf("−%.1f%%", math.Floor(share*1000)/10)
}

func micros(t trace.Time) []byte { return trace.AppendMicros(nil, t) }
