package compare

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"tracekit/internal/term"
)

// TextOptions say how a comparison is laid out for eyes.
type TextOptions struct {
	Rows int // of each list
	term.Screen
}

// WriteText writes the comparison as tables: what makes the two hard to compare, the answer, and
// then what it is made of.
func (r *Result) WriteText(w io.Writer, o TextOptions) error {
	p := &printer{bufio.NewWriter(w), o}
	p.side("before", &r.Before)
	p.side("after", &r.After)
	for _, n := range r.Notes {
		p.line("note", n)
	}
	fmt.Fprintln(p.w)
	p.line(r.Answer.Verdict, r.Answer.Text)
	p.line("on average", r.meanText())
	for i, b := range r.Answer.Because {
		label := ""
		if i == 0 {
			label = r.reason()
		}
		p.line(label, b)
	}
	p.line("proof", r.Answer.Proof)
	p.phases(r)
	p.step(r)
	if !r.Common() {
		return p.w.Flush()
	}
	p.rows("what a step's time went to", r.Explained, false)
	p.tree(r)
	p.recompilations(r)
	p.rows("kernels", r.Kernels, true)
	p.rows("communication", r.Communication, true)
	p.rows("operators", r.Operators, true)
	p.rows("python", r.Python, false)
	return p.w.Flush()
}

// reason is how the list of what changed most is headed.
func (r *Result) reason() string {
	if r.Answer.Verdict == Same {
		return "changed"
	}
	return "because"
}

// Common reports whether both sides have steps of the same kind.
func (r *Result) Common() bool {
	return slices.ContainsFunc(r.Buckets, func(p Phase) bool { return p.Median != nil })
}

type printer struct {
	w *bufio.Writer
	TextOptions
}

// line writes text behind a label, folded to the screen.
func (p *printer) line(label, text string) {
	const indent = 17
	width := 100
	if p.Width > 0 {
		width = max(p.Width, 40)
	}
	lead := fmt.Sprintf("%-*s", indent, label)
	line := ""
	for _, word := range strings.Fields(term.Short(text, 1000)) {
		if line != "" && indent+len([]rune(line))+1+len([]rune(word)) > width {
			fmt.Fprintln(p.w, lead+line)
			lead, line = strings.Repeat(" ", indent), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	fmt.Fprintln(p.w, strings.TrimRight(lead+line, " "))
}

func (p *printer) side(label string, s *Side) {
	for _, run := range s.Runs {
		p.line(label, run.text())
	}
}

// text says what the run has that is compared, and what not.
func (r *RunInfo) text() string {
	text := r.Name
	if len(r.Traces) > 1 {
		text += fmt.Sprintf(" (%d traces)", len(r.Traces))
	}
	text += ": " + term.Plural(r.Steps, "step")
	if aside := r.setAside(); aside != "" {
		text += "; set aside: " + aside
	}
	if r.Hardware != "" {
		text += "; " + r.Hardware
	}
	return text
}

func (r *RunInfo) setAside() string {
	var words []string
	for _, f := range []struct {
		n    int
		text string
	}{
		{r.SetAside.Warmup, "%s of the warm-up"}, {r.SetAside.Recompile, "%s with recompilations"}, {r.SetAside.Skipped, "%s skipped"},
		{r.SetAside.NotChosen, "%s not chosen"},
	} {
		if f.n > 0 {
			words = append(words, fmt.Sprintf(f.text, term.Plural(f.n, "step")))
		}
	}
	if r.LongGaps > 0 {
		words = append(words, term.Plural(r.LongGaps, "long gap")+" with nothing to do")
	}
	if r.SetAside.Outside != "" {
		words = append(words, r.SetAside.Outside+" outside of the capture")
	}
	return strings.Join(words, ", ")
}

// verdict is the last word on a change: ~ where it is not significant.
func (d *Change) verdict() string {
	switch {
	case d.P != nil && !d.Significant:
		return "~"
	case d.Percent == nil && d.Change != 0:
		return "new"
	case d.P == nil && d.Change != 0:
		return percentText(d.Percent) + " ?"
	}
	return percentText(d.Percent)
}

func pText(d *Change) string {
	switch {
	case d.P == nil:
		return "-"
	case *d.P < 0.001:
		return "<0.001"
	}
	return fmt.Sprintf("%.3f", *d.P)
}

func shareText(s *float64) string {
	if s == nil || math.IsInf(*s, 0) {
		return "-"
	}
	return fmt.Sprintf("%.1f%%", 100**s)
}

func (p *printer) table(t *term.Table) {
	fmt.Fprintln(p.w)
	t.Write(p.w, p.Screen)
}

func (p *printer) phases(r *Result) {
	lists := r.phaseLists()
	list := lists[0]
	if len(lists) > 1 {
		list = append(slices.Clone(list), r.Buckets[:min(p.Rows, len(r.Buckets))]...)
	}
	t := term.Table{Left: 2, Spare: []int{7, 2}, Head: []string{"medians", term.Heading("bucket", len(r.Buckets), p.Rows), "steps", "before", "after", "change", "", "p"}}
	for i := range list {
		f := &list[i]
		cells := []string{f.Phase, cmp.Or(f.Bucket, "all"), fmt.Sprintf("%d, %d", f.StepsBefore, f.StepsAfter), "-", "-", "-", "-", "-"}
		if d := f.Median; d != nil {
			cells = append(cells[:3], duration(d.Before)+plusMinus(d.Before, f.BeforeInterval), duration(d.After)+plusMinus(d.After, f.AfterInterval),
				signed(d.Change), d.verdict(), pText(d))
		}
		t.Add(cells...)
	}
	p.table(&t)
}

// plusMinus is half an interval, in percent of the value.
func plusMinus(value float64, i *[2]float64) string {
	if i == nil || value == 0 {
		return ""
	}
	return fmt.Sprintf(" ±%.0f%%", math.Ceil(100*(i[1]-i[0])/2/math.Abs(value)))
}

// named is a change with what it is of.
type named struct {
	name string
	d    *Change
}

// means are the changes of what a step has on average, each part further in.
func (r *Result) means() []named {
	all := []named{
		{"all steps", &r.Whole}, {"  like with like", &r.Step}, {"    device busy", r.DeviceBusy}, {"    device idle", r.DeviceIdle},
		{"    gap behind it", r.Gaps}, {"  other kinds of steps", &r.Shift},
	}
	return slices.DeleteFunc(all, func(n named) bool { return n.d == nil })
}

func (p *printer) step(r *Result) {
	t := term.Table{Left: 1, Spare: []int{6}, Head: []string{"means a step", "before", "after", "change", "", "share", "p"}}
	for _, f := range r.means() {
		t.Add(f.name, duration(f.d.Before), duration(f.d.After), signed(f.d.Change), f.d.verdict(), shareText(f.d.Share), pText(f.d))
	}
	if r.Whole.P == nil {
		t.Rows[0][4] = percentText(r.Whole.Percent)
	}
	p.table(&t)
}

func (p *printer) rows(title string, list []Row, events bool) {
	if len(list) == 0 {
		return
	}
	t := term.Table{Left: 1, Least: 30, Spare: []int{6, 7, 5}, Head: []string{term.Heading(title, len(list), p.Rows), "before", "after", "change", "", "share", "p", "events"}}
	for i := range list[:min(p.Rows, len(list))] {
		row := &list[i]
		name := row.Name
		if !events {
			name = rowName(row)
		}
		verdict := row.verdict()
		if row.Status != "" && verdict != "~" {
			verdict = row.Status
		}
		count := "-"
		if events {
			count = fmt.Sprintf("%d, %d", row.EventsBefore, row.EventsAfter)
		}
		t.Add(name, duration(row.Before), duration(row.After), signed(row.Change.Change), verdict, shareText(row.Share), pText(&row.Change), count)
	}
	p.table(&t)
}

func (p *printer) recompilations(r *Result) {
	c := &r.Recompilations
	if len(c.Recipes) == 0 {
		return
	}
	t := term.Table{Left: 1, Head: []string{term.Heading("recompilations a run", len(c.Recipes), p.Rows), "before", "after", "took", "took"}}
	t.Add("all", fmt.Sprintf("%g", c.Before), fmt.Sprintf("%g", c.After), duration(c.BeforeTime), duration(c.AfterTime))
	for _, x := range c.Recipes[:min(p.Rows, len(c.Recipes))] {
		t.Add("  "+cmp.Or(x.Recipe, "a counter tells of it"), fmt.Sprintf("%g", x.Before), fmt.Sprintf("%g", x.After), duration(x.BeforeTime), duration(x.AfterTime))
	}
	p.table(&t)
}

// tree shows where in the hierarchy a step changed: the branches that changed most.
func (p *printer) tree(r *Result) {
	root := r.Tree()
	if len(root.Children) == 0 {
		return
	}
	t := term.Table{Left: 1, Least: 30, Head: []string{"where", "before", "after", "change", "share"}}
	left := 3 * p.Rows
	var add func(n *Branch, depth, most int)
	add = func(n *Branch, depth, most int) {
		for i := range n.Children[:min(most, len(n.Children))] {
			b := &n.Children[i]
			if left == 0 || b.Change == 0 && depth > 0 {
				return
			}
			left--
			t.Add(strings.Repeat("  ", depth)+b.Name, duration(b.Before), duration(b.After), signed(b.Change), shareText(b.Share))
			add(b, depth+1, 2)
		}
	}
	add(root, 0, p.Rows)
	p.table(&t)
}

// Branch is a node of the hierarchy: its numbers are the sums of those below.
type Branch struct {
	Name          string
	Before, After float64
	Change        float64
	Share         *float64
	Children      []Branch
}

// Tree arranges the attribution as a hierarchy: phase, annotation or module, operator, and what
// runs in it. Levels that say nothing are left out.
func (r *Result) Tree() *Branch {
	type node struct {
		Branch
		names []string
		below map[string]*node
	}
	root := &node{below: map[string]*node{}}
	for i := range r.Attribution {
		a := &r.Attribution[i]
		leaf := rowName(&Row{Kind: a.Kind, Name: a.Name})
		if a.Kind == "operator" && a.Name == a.Operator {
			leaf = "operator itself"
		}
		if a.Kind == "annotation" {
			leaf = "annotation itself"
		}
		at := root
		at.Before, at.After, at.Change = at.Before+a.Before, at.After+a.After, at.Change+a.Change.Change
		for _, name := range []string{a.Phase, a.Scope, a.Operator, leaf} {
			if name == "" {
				continue
			}
			next := at.below[name]
			if next == nil {
				next = &node{Branch: Branch{Name: name}, below: map[string]*node{}}
				at.below[name], at.names = next, append(at.names, name)
			}
			at = next
			at.Before, at.After, at.Change = at.Before+a.Before, at.After+a.After, at.Change+a.Change.Change
		}
	}
	var finish func(n *node) Branch
	finish = func(n *node) Branch {
		b := n.Branch
		b.Share = shareOf(b.Change, r.Whole.Change)
		for _, name := range n.names {
			b.Children = append(b.Children, finish(n.below[name]))
		}
		slices.SortStableFunc(b.Children, func(a, b Branch) int { return cmp.Compare(math.Abs(b.Change), math.Abs(a.Change)) })
		return b
	}
	b := finish(root)
	return &b
}
