package compare

import (
	"fmt"
	"io"
	"strconv"

	"tracekit/internal/term"
)

// Table is a list of a comparison as CSV.
type Table struct {
	Name string // of its file
	head []string
	rows [][]string
}

// FileName is the name of the table's file.
func (t Table) FileName() string { return t.Name }

// Write writes the table, its header first.
func (t Table) Write(w io.Writer) error {
	c := term.NewCSV(w)
	c.Row(t.head)
	for _, row := range t.rows {
		c.Row(row)
	}
	return c.Close()
}

var changeHead = []string{"before_ns", "after_ns", "change_ns", "change_percent", "share", "p", "significant"}

func (d *Change) cells() []string {
	return []string{number(d.Before), number(d.After), number(d.Change), optional(d.Percent), optional(d.Share), optional(d.P), fmt.Sprint(d.Significant)}
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func optional(x *float64) string {
	if x == nil {
		return ""
	}
	return strconv.FormatFloat(*x, 'g', 6, 64)
}

// Tables lists what there is as CSV. Columns are named as in JSON.
func (r *Result) Tables() []Table {
	phases := Table{Name: "phases.csv", head: append([]string{"phase", "bucket", "steps_before", "steps_after"}, changeHead...)}
	for _, list := range [][]Phase{r.Phases, r.Buckets} {
		for i := range list {
			p := &list[i]
			row := []string{p.Phase, p.Bucket, strconv.Itoa(p.StepsBefore), strconv.Itoa(p.StepsAfter)}
			if p.Median == nil {
				row = append(row, make([]string, len(changeHead))...)
			} else {
				row = append(row, p.Median.cells()...)
			}
			phases.rows = append(phases.rows, row)
		}
	}
	step := Table{Name: "step.csv", head: append([]string{"what"}, changeHead...)}
	for _, f := range []struct {
		name string
		d    *Change
	}{{"whole", &r.Whole}, {"step", &r.Step}, {"shift", &r.Shift}, {"gaps", r.Gaps}, {"device_busy", r.DeviceBusy}, {"device_idle", r.DeviceIdle}} {
		if f.d != nil {
			step.rows = append(step.rows, append([]string{f.name}, f.d.cells()...))
		}
	}
	mix := Table{Name: "mix.csv", head: []string{"phase", "bucket", "before", "after", "change_ns"}}
	for _, m := range r.Mix {
		mix.rows = append(mix.rows, []string{m.Phase, m.Bucket, number(m.Before), number(m.After), number(m.Change)})
	}
	recipes := Table{Name: "recompilations.csv", head: []string{"recipe", "before", "after", "before_ns", "after_ns"}}
	for _, x := range r.Recompilations.Recipes {
		recipes.rows = append(recipes.rows, []string{x.Recipe, number(x.Before), number(x.After), number(x.BeforeTime), number(x.AfterTime)})
	}
	places := Table{Name: "attribution.csv", head: append([]string{"phase", "scope", "operator", "kind", "name"}, changeHead...)}
	for i := range r.Attribution {
		a := &r.Attribution[i]
		places.rows = append(places.rows, append([]string{a.Phase, a.Scope, a.Operator, a.Kind, a.Name}, a.Change.cells()...))
	}
	return []Table{phases, step, mix, recipes, rowTable("explained.csv", r.Explained), places, rowTable("kernels.csv", r.Kernels),
		rowTable("operators.csv", r.Operators), rowTable("python.csv", r.Python), rowTable("communication.csv", r.Communication)}
}

func rowTable(name string, list []Row) Table {
	t := Table{Name: name, head: append(append([]string{"kind", "name", "status", "in_gaps"}, changeHead...), "events_before", "events_after")}
	for i := range list {
		row := &list[i]
		cells := append([]string{row.Kind, row.Name, row.Status, fmt.Sprint(row.InGaps)}, row.Change.cells()...)
		t.rows = append(t.rows, append(cells, strconv.FormatInt(row.EventsBefore, 10), strconv.FormatInt(row.EventsAfter, 10)))
	}
	return t
}
