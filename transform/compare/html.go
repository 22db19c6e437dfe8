package compare

import (
	"cmp"
	_ "embed" // the page
	"fmt"
	"html/template"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"tracekit/internal/term"
	"tracekit/trace"
	"tracekit/transform/page"
	"tracekit/transform/report"
)

//go:embed page.html
var pageHTML string

var pageTemplate = template.Must(template.New("compare").Parse(pageHTML))

// Bounds of what a page shows.
const (
	pageRows    = 200 // of each table
	pageLanes   = 10  // of each overview
	pageColumns = 1000
	pageBands   = 2000
	fallRows    = 10
	longestName = 160
)

// WriteHTML writes the comparison as one page that needs nothing else: the answer, what the
// change is made of, the two sides over time on one scale, and the tables. before and after are
// nil where there is not a trace to draw. All text of the traces is escaped by the template.
func (r *Result) WriteHTML(w io.Writer, before, after *page.Data) error {
	v := &view{
		Title: "before and after", Notes: r.Notes, Verdict: r.Answer.Verdict, Text: r.Answer.Text, Mean: r.meanText(), Because: r.Answer.Because, Reason: r.reason(), Proof: r.Answer.Proof,
		Class: map[string]string{Slower: "slower", Faster: "faster"}[r.Answer.Verdict],
	}
	if len(r.Before.Runs) > 0 && len(r.After.Runs) > 0 {
		v.Title = filepath.Base(r.Before.Runs[0].Name) + " and " + filepath.Base(r.After.Runs[0].Name)
	}
	for i, s := range []*Side{&r.Before, &r.After} {
		for k := range s.Runs {
			v.Sides = append(v.Sides, labelled{[]string{"before", "after"}[i], s.Runs[k].text()})
		}
	}
	v.fall(r)
	v.overviews(before, after)
	v.tables(r)
	return pageTemplate.Execute(w, v)
}

// view is what the template shows.
type view struct {
	Title               string
	Sides               []labelled
	Notes, Because      []string
	Verdict, Text, Mean string
	Proof               string
	Class, Reason       string
	Fall                []bar
	FallHeight          int
	Overviews           []overview
	Scale               string
	Phases              []string // of the overviews
	Tables              []pageTable
}

type labelled struct{ Label, Text string }

type bar struct {
	Name, Value, Class string
	X, Width, ValueX   string
	Y, TextY           int
}

func coordinate(x float64) string { return fmt.Sprintf("%.1f", x) }

// fall draws how one mean becomes the other.
func (v *view) fall(r *Result) {
	type part struct {
		name   string
		change float64
		sure   bool
	}
	var parts []part
	for i := range r.Explained {
		row := &r.Explained[i]
		parts = append(parts, part{rowName(row), row.Change.Change, row.Significant})
	}
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(math.Abs(b.change), math.Abs(a.change)) })
	parts = parts[:min(fallRows, len(parts))]
	rest := r.Step.Change
	for _, p := range parts {
		rest -= p.change
	}
	parts = append(parts, part{"all else", rest, r.Step.Significant}, part{"other kinds of steps", r.Shift.Change, r.Shift.Significant})
	low, high, at := min(r.Whole.Before, r.Whole.After), max(r.Whole.Before, r.Whole.After), r.Whole.Before
	for _, p := range parts {
		at += p.change
		low, high = min(low, at), max(high, at)
	}
	if high <= 0 || math.IsNaN(high) {
		return
	}
	// The bars begin a little before the shortest time: it is the differences that count.
	from := max(0, low-(high-low)*0.3)
	if high == low {
		from = 0
	}
	const left, room = 420, 470
	x := func(t float64) float64 { return left + room*(t-from)/(high-from) }
	add := func(name, class string, a, b float64, value string) {
		a, b = min(a, b), max(a, b)
		y := 20 * len(v.Fall)
		v.Fall = append(v.Fall, bar{Name: shortened(name, 62), Value: value, Class: class, X: coordinate(x(a)),
			Width: coordinate(max(x(b)-x(a), 1)), ValueX: coordinate(x(b) + 6), Y: y + 2, TextY: y + 13})
	}
	add("before", "", from, r.Whole.Before, duration(r.Whole.Before))
	at = r.Whole.Before
	for _, p := range parts {
		if p.change == 0 {
			continue
		}
		class, value := "slower", signed(p.change)
		if p.change < 0 {
			class = "faster"
		}
		if !p.sure {
			class, value = class+" unsure", value+" ~"
		}
		add(p.name, class, at, at+p.change, value)
		at += p.change
	}
	add("after", "", from, r.Whole.After, duration(r.Whole.After))
	v.FallHeight = 20 * len(v.Fall)
}

func shortened(s string, n int) string { return term.Short(s, n) }

type overview struct {
	Label, Name, Length string
	Height              int
	Bands               []band
	Lanes               []lane
}

type band struct{ X, Width, Phase, Title string }

type lane struct {
	Name, Kind, Path string
	TextY            int
}

// overviews draws both sides on one scale.
func (v *view) overviews(before, after *page.Data) {
	longest := trace.Time(0)
	for _, d := range []*page.Data{before, after} {
		if d != nil {
			longest = max(longest, d.Last-d.Zero)
		}
	}
	if longest == 0 {
		return
	}
	v.Scale = report.Amount(longest)
	for i, d := range []*page.Data{before, after} {
		if d != nil && d.Last > d.Zero {
			v.Overviews = append(v.Overviews, drawn([]string{"Before", "After"}[i], d, longest))
			for _, b := range d.Bands {
				if phase := phaseColor(b.Phase); !slices.Contains(v.Phases, phase) {
					v.Phases = append(v.Phases, phase)
				}
			}
		}
	}
}

func drawn(label string, d *page.Data, longest trace.Time) overview {
	const laneHeight, top, names = 26, 14, 190
	x := func(t trace.Time) float64 { return names + (pageColumns-names)*float64(t-d.Zero)/float64(longest) }
	o := overview{Label: label, Name: filepath.Base(d.Name), Length: report.Amount(d.Last - d.Zero)}
	for _, b := range d.Bands[:min(len(d.Bands), pageBands)] {
		title := cmp.Or(b.Label, term.Plural(b.Steps, "step"))
		o.Bands = append(o.Bands, band{coordinate(x(b.Start)), coordinate(max(x(b.End)-x(b.Start), 0.3)), phaseColor(b.Phase), shortened(b.Phase+": "+title, longestName)})
	}
	lanes := slices.Clone(d.Lanes)
	slices.SortStableFunc(lanes, func(a, b page.Lane) int { return cmp.Compare(busyOf(&b), busyOf(&a)) })
	first, width := d.Bins()
	for i := range lanes[:min(len(lanes), pageLanes)] {
		l := &lanes[i]
		base := float64(top + laneHeight*(i+1) - 2)
		o.Lanes = append(o.Lanes, lane{
			Name: shortened(strings.TrimSpace(l.Process+" "+l.Name), 28), Kind: l.Kind, TextY: int(base) - laneHeight + 14,
			Path: area(l.Busy, base, laneHeight-4, func(bin int) float64 { return x(first + trace.Time(bin)*width) }),
		})
	}
	o.Height = top + laneHeight*len(o.Lanes)
	return o
}

func phaseColor(phase string) string {
	if slices.Contains([]string{"prefill", "decode", "mixed", "warm-up"}, phase) {
		return phase
	}
	return "other"
}

func busyOf(l *page.Lane) (sum int64) {
	for _, b := range l.Busy {
		sum += b
	}
	return sum
}

// area is the outline of the share of each bin in which a thread is busy, of thousandths.
func area(busy []int64, base, height float64, x func(bin int) float64) string {
	var b strings.Builder
	last := int64(0)
	for i := 0; i <= len(busy); i++ {
		n := int64(0)
		if i < len(busy) {
			n = busy[i]
		}
		if n == last {
			continue
		}
		if b.Len() == 0 {
			fmt.Fprintf(&b, "M%.1f %.1f", x(i), base)
		}
		fmt.Fprintf(&b, "L%.1f %.1fL%.1f %.1f", x(i), base-height*float64(last)/1000, x(i), base-height*float64(n)/1000)
		last = n
	}
	if b.Len() > 0 {
		b.WriteString("Z")
	}
	return b.String()
}

type pageTable struct {
	Title string
	Open  bool
	Head  []string
	Rows  []pageRow
}

type pageRow struct {
	Class string
	Cells []string
}

func classOf(d *Change) string {
	switch {
	case !d.Significant:
		return ""
	case d.Change > 0:
		return "slower"
	}
	return "faster"
}

func (d *Change) pageCells() []string {
	return []string{duration(d.Before), duration(d.After), signed(d.Change), d.verdict(), shareText(d.Share), pText(d)}
}

var pageHead = []string{"before", "after", "change", "", "share", "p"}

func (v *view) tables(r *Result) {
	phases := pageTable{Title: "Medians of steps", Open: true, Head: append([]string{"phase and bucket", "steps"}, pageHead...)}
	for _, list := range r.phaseLists() {
		for i := range list {
			p := &list[i]
			row := pageRow{Cells: []string{strings.TrimSpace(p.Phase + " " + p.Bucket), fmt.Sprintf("%d, %d", p.StepsBefore, p.StepsAfter)}}
			if p.Median != nil {
				row.Class, row.Cells = classOf(p.Median), append(row.Cells, p.Median.pageCells()...)
			} else {
				row.Cells = append(row.Cells, "-", "-", "-", "-", "-", "-")
			}
			phases.Rows = append(phases.Rows, row)
		}
	}
	means := pageTable{Title: "Means a step", Open: true, Head: append([]string{""}, pageHead...)}
	for _, f := range r.means() {
		means.Rows = append(means.Rows, pageRow{classOf(f.d), append([]string{f.name}, f.d.pageCells()...)})
	}
	where := pageTable{Title: "Where: phase, annotation or module, operator, and what ran in it", Open: true, Head: []string{"", "before", "after", "change", "share"}}
	where.branches(r.Tree(), 0)
	v.Tables = append(v.Tables, phases, means, where)
	for _, l := range []struct {
		title string
		rows  []Row
	}{{"What a step's time went to", r.Explained}, {"Kernels", r.Kernels}, {"Communication", r.Communication}, {"Operators", r.Operators}, {"Python", r.Python}} {
		if len(l.rows) > 0 {
			v.Tables = append(v.Tables, rowsTable(l.title, l.rows))
		}
	}
	if len(r.Recompilations.Recipes) > 0 {
		t := pageTable{Title: "Recompilations a run", Open: true, Head: []string{"recipe", "before", "after", "took before", "took after"}}
		for _, x := range r.Recompilations.Recipes[:min(len(r.Recompilations.Recipes), pageRows)] {
			t.Rows = append(t.Rows, pageRow{"", []string{shortened(cmp.Or(x.Recipe, "a counter tells of it"), longestName), fmt.Sprintf("%g", x.Before), fmt.Sprintf("%g", x.After), duration(x.BeforeTime), duration(x.AfterTime)}})
		}
		v.Tables = append(v.Tables, t)
	}
}

// phaseLists are the phases and, if they have several, their buckets.
func (r *Result) phaseLists() [][]Phase {
	if len(r.Buckets) == len(r.Phases) {
		return [][]Phase{r.Buckets}
	}
	return [][]Phase{r.Phases, r.Buckets}
}

func rowsTable(title string, rows []Row) pageTable {
	t := pageTable{Title: term.Heading(title, len(rows), pageRows), Head: append(append([]string{""}, pageHead...), "events")}
	for i := range rows[:min(len(rows), pageRows)] {
		row := &rows[i]
		cells := append([]string{shortened(rowName(row), longestName)}, row.pageCells()...)
		if row.Status != "" {
			cells[4] = row.Status
		}
		t.Rows = append(t.Rows, pageRow{classOf(&row.Change), append(cells, fmt.Sprintf("%d, %d", row.EventsBefore, row.EventsAfter))})
	}
	return t
}

func (t *pageTable) branches(b *Branch, depth int) {
	for i := range b.Children {
		c := &b.Children[i]
		if len(t.Rows) >= pageRows || i >= 8 && depth > 0 {
			return
		}
		t.Rows = append(t.Rows, pageRow{"", []string{strings.Repeat("   ", depth) + shortened(c.Name, longestName), duration(c.Before), duration(c.After), signed(c.Change), shareText(c.Share)}})
		t.branches(c, depth+1)
	}
}
