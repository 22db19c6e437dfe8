package downsample

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"tracekit/internal/progress"
	"tracekit/trace"
	"tracekit/transform/pipeline"
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
		r.busy += int64(e.Span())
	}
}

// pair counts the time between a begin and its end.
func (t *tally) pair(cat string, r *record) {
	if r.End != endless {
		t.of(categoryName(cat)).busy += r.dur()
	}
}

// ofSeveral is the row of merged slices that have no category, or several.
const ofSeveral = "(merged)"

func categoryName(cat string) string {
	if cat == "" {
		return pipeline.Uncategorized
	}
	return cat
}

// kept counts an event that stays; size is what is left of it, in bytes.
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
	for _, r := range t.rows {
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
		if r.before.events+r.after.events == 0 {
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
	return table(append(rows, all))
}

func table(rows []*row) []string {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "events\tafter\tshare\tbytes\tafter\tshare\tbusy\tafter\tshare\t  category\t")
	for _, r := range rows {
		fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t  %s\t\n",
			r.before.events, r.after.events, share(r.after.events, r.before.events),
			progress.Bytes(r.before.bytes), progress.Bytes(r.after.bytes), share(r.after.bytes, r.before.bytes),
			seconds(r.busy), seconds(r.told), share(r.told, r.busy), r.name)
	}
	w.Flush()
	return strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
}

func share(part, whole int64) string {
	if whole == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f%%", 100*float64(part)/float64(whole))
}

func seconds(ns int64) string { return fmt.Sprintf("%.3fms", float64(ns)/1e6) }

// thinned tells the thresholds of the lines that are thinned, those that lose the
// most first.
func (d *decision) thinned() []string {
	type line struct {
		id     uint64
		limit  grain
		before int64
	}
	var lines []line
	for id, g := range d.at.lines {
		lines = append(lines, line{id, g, d.at.events[id]})
	}
	slices.SortFunc(lines, func(a, b line) int {
		return cmp.Or(cmp.Compare(b.before, a.before), cmp.Compare(a.id, b.id))
	})
	const most = 12
	var out []string
	for i, l := range lines {
		if i == most {
			out = append(out, fmt.Sprintf("thinned: %d more tracks", len(lines)-most))
			break
		}
		out = append(out, fmt.Sprintf("thinned: %s: %d of %d events are left", d.limitText(l.id, l.limit), d.left[l.id], l.before))
	}
	return out
}

// limitText says what a threshold takes.
func (d *decision) limitText(id uint64, g grain) string {
	what := "are merged"
	if d.at.drops {
		what = "go"
	}
	under := trace.AppendMicros(nil, trace.Time(g.duration()))
	n := id & (1<<56 - 1)
	switch id >> 56 {
	case trackLine >> 56:
		return fmt.Sprintf("%s: slices under %s µs %s", d.trackName(n), under, what)
	case momentLine >> 56:
		return fmt.Sprintf("%s: instants go, evenly over the time", d.trackName(n))
	case asyncLine >> 56:
		return fmt.Sprintf("category %q: spans under %s µs go", d.texts.all[n], under)
	}
	return fmt.Sprintf("counter: samples that stand out for less than %s µs go", under)
}

func (d *decision) trackName(n uint64) string {
	t := d.tracks.All[n]
	return fmt.Sprintf("pid %s tid %s", trace.Unquote([]byte(t.Pid)), trace.Unquote([]byte(t.Tid)))
}
