package downsample

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tracekit/internal/term"
	"tracekit/trace"
	"tracekit/transform/pipeline"
	"tracekit/transform/report"
)

// tally counts by category, before and after.
type tally struct {
	rows map[string]*row
	last *row
	name []byte
}

// row is what there is of a category. Busy is the sum of the durations of slices,
// also of those that are told in the args of merged ones.
type row struct {
	name          string
	before, after cost
	busy, told    int64 // ns

	// Of what is busy, that of slices which only the end of the trace tells to be possible:
	// those that begin at exactly 0, and those of a day and more, of which longest is one.
	zeros, long, longest int64
}

// doubtful is from where on a duration, in ns, may turn out to be impossible for the trace.
const doubtful = int64(24 * time.Hour)

func (r *row) add(start trace.Time, dur int64) {
	r.busy += dur
	switch {
	case dur >= doubtful:
		r.long += dur
		r.longest = max(r.longest, dur)
	case start == 0:
		r.zeros += dur
	}
}

// settle leaves out what the trace can't hold.
func (r *row) dropImpossible(x *trace.Extent) {
	if x.Zero > 0 {
		r.busy -= r.zeros
	}
	if r.longest > int64(x.Longest) {
		r.busy -= r.long
	}
}

func (t *tally) row(e *trace.Event) *row {
	t.name = append(t.name[:0], e.Cat()...)
	switch {
	case e.IsMeta():
		t.name = append(t.name[:0], pipeline.Metadata...)
	case len(t.name) == 0:
		t.name = append(t.name, pipeline.Uncategorized...)
	}
	if t.last != nil && t.last.name == string(t.name) {
		return t.last
	}
	if t.last = t.rows[string(t.name)]; t.last == nil {
		t.last = t.of(string(t.name))
	}
	return t.last
}

func (t *tally) of(name string) *row {
	r := t.rows[name]
	if r == nil {
		if t.rows == nil {
			t.rows = map[string]*row{}
		}
		r = &row{name: name}
		t.rows[name] = r
	}
	return r
}

func (t *tally) in(e *trace.Event) {
	r := t.row(e)
	r.before.add(cost{1, int64(e.Size())})
	if e.Phase == 'X' {
		r.add(e.TS, int64(e.Span()))
	}
}

// pair counts the time between a begin and its end.
func (t *tally) pair(cat string, r *record) {
	if r.End != endless {
		t.of(categoryName(cat)).add(trace.Time(r.Start), r.dur())
	}
}

// ofSeveral is the row of merged slices that have no category, or several.
const ofSeveral = "(merged)"

// ofNames is the row of the names that the last run of a thread lists for those before it.
const ofNames = "(names)"

func categoryName(cat string) string {
	if cat == "" {
		return pipeline.Uncategorized
	}
	return cat
}

// kept counts an event that is kept; size is what is left of it, in bytes.
func (t *tally) kept(e *trace.Event, size int) { t.row(e).after.add(cost{1, int64(size)}) }

// sides are the lines of a table of what there was and what is left.
func (d *decision) sides() []string {
	t := d.tally
	for cat, c := range d.made {
		if cat == "" {
			cat = ofSeveral
		}
		t.of(cat).after.add(c)
	}
	if d.namesBytes > 0 {
		t.of(ofNames).after.bytes += d.namesBytes
	}
	for _, r := range t.rows {
		r.dropImpossible(&d.survey.Extent)
		r.told = r.busy
	}
	if d.o.slices() {
		for _, r := range t.rows {
			r.told = 0
		}
		for n, busy := range d.busy {
			t.of(categoryName(d.texts.all[n])).told += busy
		}
	}
	var rows []*row
	all := &row{name: "all"}
	for _, r := range t.rows {
		if r.before.events+r.after.events+r.after.bytes == 0 {
			continue
		}
		rows = append(rows, r)
		all.before.add(r.before)
		all.after.add(r.after)
		all.busy += r.busy
		all.told += r.told
	}
	slices.SortFunc(rows, func(a, b *row) int {
		return cmp.Or(cmp.Compare(b.before.bytes, a.before.bytes), strings.Compare(a.name, b.name))
	})
	const most = 20
	if len(rows) > most {
		rest := &row{name: fmt.Sprintf("%d more", len(rows)-most)}
		for _, r := range rows[most:] {
			rest.before.add(r.before)
			rest.after.add(r.after)
			rest.busy += r.busy
			rest.told += r.told
		}
		rows = append(rows[:most], rest)
	}
	return sidesTable(append(rows, all))
}

func sidesTable(rows []*row) []string {
	t := term.Table{Left: 1, Head: []string{"category", "events", "after", "share", "bytes", "after", "share", "busy", "after", "share"}}
	for _, r := range rows {
		t.Add(r.name,
			term.Count(r.before.events), term.Count(r.after.events), share(r.after.events, r.before.events),
			size(r.before.bytes), size(r.after.bytes), share(r.after.bytes, r.before.bytes),
			busy(r.busy), busy(r.told), share(r.told, r.busy))
	}
	return append([]string{""}, lines(&t)...)
}

// lines are those of a table.
func lines(t *term.Table) []string {
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	t.Write(w, term.Screen{})
	w.Flush()
	return strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
}

func size(n int64) string {
	if n == 0 {
		return "-"
	}
	return term.Bytes(n)
}

func busy(ns int64) string {
	if ns == 0 {
		return "-"
	}
	return report.Amount(trace.Time(ns))
}

func share(part, whole int64) string {
	if whole == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f%%", 100*float64(part)/float64(whole))
}
