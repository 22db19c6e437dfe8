package downsample

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tracekit/internal/columns"
	"tracekit/trace"
	"tracekit/transform/report"
)

// thinned is a table of the lines that are thinned to keep a budget, and of their
// thresholds, those first that had the most.
func (d *decision) thinned() []string {
	type thinned struct {
		line   uint64
		before int64
	}
	var all []thinned
	for line := range d.at.lines {
		all = append(all, thinned{line, d.at.events[line]})
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortFunc(all, func(a, b thinned) int {
		return cmp.Or(cmp.Compare(b.before, a.before), cmp.Compare(a.line, b.line))
	})
	const most = 12
	shown := min(most, len(all))
	t := columns.Table{Left: 4, Head: []string{columns.Heading("thinned", len(all), shown), "pid", "tid", "what", "under", "events", "left", "share"}}
	for _, l := range all[:shown] {
		left := d.left[l.line]
		t.Add(append(d.lineCells(l.line), columns.Count(l.before), columns.Count(left), share(left, l.before))...)
	}
	return append([]string{""}, lines(&t)...)
}

// lineCells tell what a line is, and what its threshold takes.
func (d *decision) lineCells(line uint64) []string {
	under := report.Amount(trace.Time(d.at.lines[line].duration()))
	n := line & (1<<56 - 1)
	switch line >> 56 {
	case fewLine >> 56:
		return []string{fmt.Sprintf("%d small tracks", d.at.graded[line].lines), "", "", "what is short", under}
	case asyncLine >> 56:
		return []string{d.texts.all[n], "", "", "async slices go", under}
	case counterLine >> 56:
		process, name := d.meter.group(n)
		return []string{name, unquoted(d.tracks.Processes[process]), "", "samples go that stand out for less", under}
	}
	t := &d.tracks.All[n]
	called := &d.names.called
	name := ""
	if at := called.Find(t.Pid, t.Tid); at >= 0 {
		name = called.Thread(at)
	}
	cells := []string{cmp.Or(name, "-"), unquoted(t.Pid), unquoted(t.Tid)}
	switch {
	case line>>56 == momentLine>>56:
		return append(cells, "instants go, evenly", "")
	case d.at.drops:
		return append(cells, "slices go", under)
	}
	return append(cells, "slices are merged", under)
}

func unquoted(id string) string { return trace.Unquote([]byte(id)) }

// group is the process and the name of a counter.
func (m *counters) group(n uint64) (process int, name string) {
	for key, is := range m.groups {
		if is == n {
			id, name, _ := strings.Cut(strings.TrimSuffix(key, "\x00"), "\x00")
			fmt.Sscan(id, &process)
			return process, name
		}
	}
	return 0, ""
}
