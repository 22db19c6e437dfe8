package compare

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"tracekit/trace"
	"tracekit/transform/report"
)

// sorts of names, which are matched each by itself.
type sort uint8

const (
	ofKernel sort = iota
	ofOperator
	ofPython
	ofAnnotation
	ofModule
	ofCall
	sorts
)

func sortOf(k report.Kind) sort {
	switch k {
	case report.KernelTime, report.CommunicationTime:
		return ofKernel
	case report.PythonTime:
		return ofPython
	case report.AnnotationTime:
		return ofAnnotation
	case report.CallTime:
		return ofCall
	}
	return ofOperator
}

// names are those of both sides, and what they are compared under.
type names [sorts]map[string]string

func (c *comparison) matchNames() names {
	var seen [2][sorts]map[string]bool
	for side := range seen {
		for s := range sorts {
			seen[side][s] = map[string]bool{}
		}
	}
	for i, r := range c.runs {
		of := &seen[c.side(i)]
		for _, in := range r.inputs {
			if a := in.Report.Attribution; a != nil {
				for j := range a.Moments {
					m := &a.Moments[j]
					of[sortOf(m.Kind)][m.Name] = true
					of[ofAnnotation][m.Annotation], of[ofModule][m.Module], of[ofOperator][m.Operator] = true, true, true
				}
				for j := range a.Work {
					of[sortOf(a.Work[j].Kind)][a.Work[j].Name] = true
				}
				continue
			}
			for j := range in.Report.Kernels {
				of[ofKernel][in.Report.Kernels[j].Name] = true
			}
			for j := range in.Report.Python {
				of[ofPython][in.Report.Python[j].Function] = true
			}
		}
	}
	var n names
	for s := range sorts {
		n[s] = match(seen[0][s], seen[1][s])
	}
	return n
}

// piece is part of a row: times of a cell of an input.
type piece struct {
	run    int
	at     int // kind and block
	x      float64
	events int64
}

// gather adds up pieces by what they are compared under.
type gather[K comparable] map[K][]piece

func (g gather[K]) add(c *comparison, run int, in *Input, key K, cell int32, x trace.Time, events int64) {
	k, _, block, _ := in.kindAndBlock(cell)
	g[key] = append(g[key], piece{run, c.number[k.kindKey]*blocks + block, float64(x), events})
}

// rowOf sums up pieces.
func (c *comparison) rowOf(m matrix, pieces []piece) (d Change, events [2]int64) {
	for i := range m {
		clear(m[i])
	}
	for _, p := range pieces {
		m[p.run][p.at] += p.x
		events[c.side(p.run)] += p.events
	}
	return c.change(m), events
}

func (c *comparison) tables(r *Result) {
	n := c.matchNames()
	if c.onlySums = c.has(func(in *Input) bool { return in.estimated }); c.onlySums {
		r.Explained, r.Attribution = []Row{}, []Place{}
	} else {
		c.explained(r, n)
		c.attribution(r, n)
	}
	c.work(r, n)
}

type rowKey struct {
	kind report.Kind
	name string
	gap  bool
}

func (a rowKey) compare(b rowKey) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name), cmp.Compare(fmtBool(a.gap), fmtBool(b.gap)))
}

func fmtBool(b bool) int {
	if b {
		return 1
	}
	return 0
}

// eachMoment calls f for what the time of each input was spent on, cell by cell in order.
func (c *comparison) eachMoment(f func(run int, in *Input, m *report.Moments, cell int32, x trace.Time)) {
	for i, r := range c.runs {
		for _, in := range r.inputs {
			for j := range in.Report.Attribution.Moments {
				m := &in.Report.Attribution.Moments[j]
				for _, cell := range slices.Sorted(maps.Keys(m.Cells)) {
					f(i, in, m, cell, m.Cells[cell])
				}
			}
		}
	}
}

// explained says what the change of a step is made of, wherever in it that runs.
func (c *comparison) explained(r *Result, n names) {
	g := gather[rowKey]{}
	c.eachMoment(func(run int, in *Input, m *report.Moments, cell int32, x trace.Time) {
		_, _, _, gap := in.kindAndBlock(cell)
		g.add(c, run, in, rowKey{m.Kind, n[sortOf(m.Kind)][m.Name], gap}, cell, x, 0)
	})
	r.Explained = c.rows(g, r)
}

// rows makes the rows of a table.
func (c *comparison) rows(g gather[rowKey], r *Result) []Row {
	list := []Row{}
	m := c.newMatrix()
	for _, key := range slices.SortedFunc(maps.Keys(g), rowKey.compare) {
		d, events := c.rowOf(m, g[key])
		row := Row{Kind: string(key.kind), Name: key.name, InGaps: key.gap, Change: d, EventsBefore: events[0], EventsAfter: events[1]}
		row.Share = shareOf(d.Change, r.Whole.Change)
		row.Status = statusOf(c, g[key])
		list = append(list, row)
	}
	return list
}

// byChange puts the largest change first, what is significant before what is not.
func byChange(a, b *Change) int {
	return cmp.Or(cmp.Compare(fmtBool(b.Significant), fmtBool(a.Significant)), cmp.Compare(math.Abs(b.Change), math.Abs(a.Change)),
		cmp.Compare(b.Before, a.Before))
}

// statusOf tells what only one side has.
func statusOf(c *comparison, pieces []piece) string {
	var has [2]bool
	for _, p := range pieces {
		has[c.side(p.run)] = true
	}
	switch has {
	case [2]bool{true, false}:
		return "gone"
	case [2]bool{false, true}:
		return "new"
	}
	return ""
}

type placeKey struct {
	phase, scope, operator string
	kind                   report.Kind
	name                   string
}

func (a placeKey) compare(b placeKey) int {
	return cmp.Or(cmp.Compare(a.phase, b.phase), cmp.Compare(a.scope, b.scope), cmp.Compare(a.operator, b.operator),
		cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name))
}

// attribution says the same along the hierarchy.
func (c *comparison) attribution(r *Result, n names) {
	g := gather[placeKey]{}
	c.eachMoment(func(run int, in *Input, m *report.Moments, cell int32, x trace.Time) {
		k, _, _, gap := in.kindAndBlock(cell)
		key := placeKey{k.Phase, scopeOf(n[ofAnnotation][m.Annotation], n[ofModule][m.Module]), n[ofOperator][m.Operator], m.Kind, n[sortOf(m.Kind)][m.Name]}
		if gap {
			key.phase = gapsPhase
		}
		g.add(c, run, in, key, cell, x, 0)
	})
	r.Attribution = []Place{}
	m := c.newMatrix()
	for _, key := range slices.SortedFunc(maps.Keys(g), placeKey.compare) {
		d, _ := c.rowOf(m, g[key])
		d.Share = shareOf(d.Change, r.Whole.Change)
		r.Attribution = append(r.Attribution, Place{key.phase, key.scope, key.operator, string(key.kind), key.name, d})
	}
}

// gapsPhase is where time between steps stands in the hierarchy.
const gapsPhase = "gaps"

func scopeOf(annotation, module string) string {
	if annotation == "" || module == "" {
		return annotation + module
	}
	return annotation + " › " + module
}

// work compares kernels, operators and functions.
func (c *comparison) work(r *Result, n names) {
	g := gather[rowKey]{}
	for i, run := range c.runs {
		for _, in := range run.inputs {
			if in.Report.Attribution == nil {
				c.estimated(g, n, i, in)
				continue
			}
			for j := range in.Report.Attribution.Work {
				w := &in.Report.Attribution.Work[j]
				for _, cell := range slices.Sorted(maps.Keys(w.Cells)) {
					g.add(c, i, in, rowKey{w.Kind, n[sortOf(w.Kind)][w.Name], false}, cell, amountOf(w.Kind, w.Cells[cell]), w.Cells[cell].Count)
				}
			}
		}
	}
	of := func(kinds ...report.Kind) []Row {
		some := gather[rowKey]{}
		for key, pieces := range g {
			if slices.Contains(kinds, key.kind) {
				some[key] = pieces
			}
		}
		return c.rows(some, r)
	}
	r.Kernels = of(report.KernelTime, report.CommunicationTime)
	r.Operators, r.Python = []Row{}, []Row{}
	if !c.onlySums {
		r.Operators = of(report.OperatorTime)
	}
	if !c.has(func(in *Input) bool { return in.partial }) {
		r.Python = of(report.PythonTime)
	}
	r.Communication = of(report.CommunicationTime)
}

// estimated takes the sums of a report as if each step had an equal share of them.
func (c *comparison) estimated(g gather[rowKey], n names, run int, in *Input) {
	steps := float64(max(len(in.Report.Steps), 1))
	add := func(key rowKey, x trace.Time, events int64) {
		for k, kind := range in.kinds {
			for b := range blocks {
				share := float64(len(kind.steps[b])) / steps
				if share > 0 {
					g[key] = append(g[key], piece{run, c.number[in.kinds[k].kindKey]*blocks + b, float64(x) * share, int64(math.Round(float64(events) * share))})
				}
			}
		}
	}
	for i := range in.Report.Kernels {
		k := &in.Report.Kernels[i]
		add(rowKey{report.KernelTimeOf(k.Name), n[ofKernel][k.Name], false}, k.Total, k.Count)
	}
	for i := range in.Report.Python {
		f := &in.Report.Python[i]
		add(rowKey{report.PythonTime, n[ofPython][f.Function], false}, f.Self, 0)
	}
}
