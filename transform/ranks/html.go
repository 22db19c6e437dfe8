package ranks

import (
	_ "embed" // the page
	"encoding/binary"
	"fmt"
	"html/template"
	"io"
	"math"

	"tracekit/internal/term"
	"tracekit/trace"
)

//go:embed page.html
var pageHTML string

var pageTemplate = template.Must(template.New("ranks").Parse(pageHTML))

// Bounds of what a page shows.
const (
	pageRows  = 100 // of each table but that of the ranks
	pageCells = 200_000
)

// WriteHTML writes the report as one page that needs nothing else: ranks and steps as a map of colours,
// in which a click gives the command for the step, and the tables. All text of the traces is escaped by
// the template.
func (r *Result) WriteHTML(w io.Writer) error {
	v := view{Title: fmt.Sprintf("%s, %s", term.Plural(len(r.Ranks), "rank"), term.Plural(len(r.Steps), "step")), Notes: r.Notes, Data: r.cells()}
	for i, t := range r.TextTables(pageRows) {
		title := t.Head[0]
		if i == 0 {
			title = "ranks"
		}
		v.Tables = append(v.Tables, pageTable{title, t.Head, t.Rows})
	}
	return pageTemplate.Execute(w, &v)
}

type view struct {
	Title  string
	Notes  []string
	Data   *heatMap
	Tables []pageTable
}

type pageTable struct {
	Title string
	Head  []string
	Rows  [][]string
}

// heatMap is what a page draws: of each rank and column some numbers, negative where there is none.
// First and Last are the steps as slice --step takes them of the trace of the rank.
type heatMap struct {
	Ranks    []rankFile `json:"ranks"`
	Columns  int        `json:"columns"`
	First    doubles    `json:"first"`
	Last     doubles    `json:"last"`
	Measures []measure  `json:"measures"`
}

type rankFile struct {
	Rank string `json:"rank"`
	File string `json:"file"`
}

type measure struct {
	Name   string  `json:"name"`
	Values doubles `json:"values"`
	of     func(*step, spent) (trace.Time, bool)
}

// doubles are numbers of eight bytes each, the lowest first: JSON takes them as base64.
type doubles []byte

func (d doubles) set(i int, v float64) { binary.LittleEndian.PutUint64(d[8*i:], math.Float64bits(v)) }
func (d doubles) at(i int) float64 {
	return math.Float64frombits(binary.LittleEndian.Uint64(d[8*i:]))
}

func newDoubles(n int) doubles {
	d := make(doubles, 8*n)
	for i := range n {
		d.set(i, -1)
	}
	return d
}

// cells are those of the page. Of many steps several share a column, which shows the most of them.
func (r *Result) cells() *heatMap {
	s := r.steps
	every := max(1, (len(s.keys)*len(s.members)+pageCells-1)/pageCells)
	h := &heatMap{Ranks: []rankFile{}, Columns: (len(s.keys) + every - 1) / every}
	h.Measures = []measure{
		{Name: "waited for", of: func(_ *step, w spent) (trace.Time, bool) { return w.late, r.LastBy == lastByCollectives }},
		{Name: "waiting", of: func(_ *step, w spent) (trace.Time, bool) { return w.wait, r.LastBy == lastByCollectives }},
		{Name: "duration", of: func(x *step, _ spent) (trace.Time, bool) { return x.duration, true }},
		{Name: "device busy", of: func(x *step, _ spent) (trace.Time, bool) { return x.busy, x.measured }},
		{Name: "exposed communication", of: func(x *step, _ spent) (trace.Time, bool) { return x.exposed, x.split }},
	}
	column := map[int64]int{}
	for i, key := range s.keys {
		column[key] = i / every
	}
	n := len(s.members) * h.Columns
	h.First, h.Last = newDoubles(n), newDoubles(n)
	for i := range h.Measures {
		h.Measures[i].Values = newDoubles(n)
	}
	some := make([]bool, len(h.Measures))
	for i, m := range s.members {
		h.Ranks = append(h.Ranks, rankFile{m.label, m.File})
		for k := range m.steps {
			at := i*h.Columns + column[s.key(i, k)]
			number := float64(m.steps[k].number)
			if was := h.First.at(at); was < 0 || number < was {
				h.First.set(at, number)
			}
			h.Last.set(at, max(h.Last.at(at), number))
			for j := range h.Measures {
				if v, known := h.Measures[j].of(&m.steps[k], s.waits[i][k]); known {
					some[j] = true
					h.Measures[j].Values.set(at, max(h.Measures[j].Values.at(at), float64(v)))
				}
			}
		}
	}
	kept := []measure{}
	for j := range h.Measures {
		if some[j] || h.Measures[j].Name == "duration" {
			kept = append(kept, h.Measures[j])
		}
	}
	h.Measures = kept
	return h
}
