package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
)

// report gathers what differs. It may be told from several goroutines.
type report struct {
	mutex  sync.Mutex
	meant  []*meant
	groups map[[2]string]*group // by verb and input: what nobody expects
	apart  map[string]*group    // by what it says: what does not fail by itself
	silent int                  // differences that are expected
}

// group is differences that one line would cover.
type group struct {
	kinds map[string]bool
	runs  int
	first int // the smallest job in which it was met
	job   job
	what  []difference
}

func newReport(lines []*meant) *report {
	return &report{meant: lines, groups: map[[2]string]*group{}, apart: map[string]*group{}}
}

// add takes what differs in the i-th job.
func (r *report) add(i int, j job, found []difference) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	var open []difference
	for _, d := range found {
		switch {
		case r.expected(j, d):
			r.silent++
		case d.kind == stderr || d.kind == help:
			key := j.call.verb() + plain(d.what)
			add(r.apart, key, i, j, []difference{d})
		default:
			open = append(open, d)
		}
	}
	if len(open) > 0 {
		add(r.groups, [2]string{j.call.verb(), j.input.name}, i, j, open)
	}
}

func (r *report) expected(j job, d difference) (is bool) {
	for _, m := range r.meant {
		if m.covers(j, d) {
			m.used, is = true, true
		}
	}
	return is
}

func add[K comparable](groups map[K]*group, key K, i int, j job, found []difference) {
	g := groups[key]
	if g == nil {
		g = &group{kinds: map[string]bool{}, first: i + 1}
		groups[key] = g
	}
	g.runs++
	for _, d := range found {
		g.kinds[d.String()] = true
	}
	if i < g.first {
		g.first, g.job, g.what = i, j, found
	}
}

// plain is how a message begins, without the numbers that differ from one input to
// the next.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, s)
	return s[:min(len(s), 30)]
}

func sorted[K comparable](groups map[K]*group) []*group {
	return slices.SortedFunc(maps.Values(groups), func(a, b *group) int { return cmp.Compare(a.first, b.first) })
}

// line is the one to put under meant/, once it is known why.
func (g *group) line() string {
	list := slices.Sorted(maps.Keys(g.kinds))
	return fmt.Sprintf("%s  %s  %s  WHY", g.job.call.verb(), g.job.input.name, strings.Join(list, ","))
}

// show writes the first difference of each kind, and each place in JSON.
func (g *group) show(w io.Writer) {
	more := map[string]int{}
	for _, d := range g.what {
		if more[d.String()]++; more[d.String()] == 1 {
			fmt.Fprintln(w, indented(fmt.Sprintf("%s: %s", d.kind, d.what)))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(more)) {
		if more[k] > 1 {
			fmt.Fprintf(w, "    … and %s of %d more files\n", k, more[k]-1)
		}
	}
}

const (
	mostGroups = 60 // that are shown
	mostApart  = 20
)

// write says what differs, and fails if nobody expects it. All lines go to a file
// too, if it has a name. A line that covers nothing is stale if the run was complete.
func (r *report) write(w io.Writer, lines string, complete bool) error {
	apart := sorted(r.apart)
	if len(apart) > 0 {
		fmt.Fprintf(w, "\n%d messages or help texts in other words, which does not fail:\n", len(apart))
	}
	for _, g := range apart[:min(mostApart, len(apart))] {
		fmt.Fprintf(w, "  %s  (%d runs; %s)\n%s\n", g.job.call.text, g.runs, g.job.input.name, indented(g.what[0].what))
	}
	open := sorted(r.groups)
	var all strings.Builder
	for i, g := range open {
		fmt.Fprintln(&all, g.line())
		if i < mostGroups {
			fmt.Fprintf(w, "\n%s\n    %d runs; %s  (%v)\n", g.line(), g.runs, g.job.call.text, g.job.way)
			g.show(w)
		}
	}
	if len(open) > mostGroups {
		fmt.Fprintf(w, "\n… and %d more; -lines FILE has a line for each\n", len(open)-mostGroups)
	}
	if lines != "" {
		if err := os.WriteFile(lines, []byte(all.String()), 0o666); err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "\nguard: %d differences are meant\n", r.silent)
	for _, m := range r.meant {
		if complete && !m.used {
			fmt.Fprintf(w, "guard: stale, it covers nothing: %s: %s  %s\n", m.where, m.call, m.input)
		}
	}
	if len(open) > 0 {
		return fmt.Errorf("%d differences that no line under internal/testkit/guard/meant expects (CONTRIBUTING.md, The guard)", len(open))
	}
	return nil
}

func indented(s string) string { return "    " + strings.ReplaceAll(s, "\n", "\n    ") }
