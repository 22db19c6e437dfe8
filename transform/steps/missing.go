package steps

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tracekit/filter/producer"
)

// NoMarkersError says that a trace has no markers of steps, and what it has
// instead.
type NoMarkersError struct {
	LookedFor []string // how markers begin, or the user's expression
	On        string   // the process and thread that were asked for, empty for any
	// Elsewhere are markers on other processes and threads.
	Elsewhere []Seen
	// Names are the commonest annotations, ten at most, the commonest first.
	Names []Name
}

// Name is a name of annotations, with # in place of each number in it.
type Name struct {
	Name  string
	Count int64
}

func (e *NoMarkersError) Error() string { return "no markers of steps" + e.On }

// Details are lines on what was looked for, and what there is. What they list stands
// between commas.
func (e *NoMarkersError) Details() []string {
	lines := []string{"looked for " + strings.Join(e.LookedFor, ", ")}
	if len(e.Elsewhere) > 0 {
		lines = append(lines, "there are "+join(e.Elsewhere, Seen.String))
	}
	switch {
	case len(e.Names) > 0:
		lines = append(lines, "the commonest annotations are "+join(e.Names, Name.String))
	case len(e.Elsewhere) == 0:
		lines = append(lines, "there are no annotations at all")
	}
	return lines
}

func join[T any](list []T, text func(T) string) string {
	var all []string
	for _, item := range list {
		all = append(all, text(item))
	}
	return strings.Join(all, ", ")
}

// String is for people: a long name is shortened.
func (n Name) String() string {
	const most = 60
	name := []rune(n.Name)
	if len(name) > most {
		name = append(name[:most], []rune(more)...)
	}
	return fmt.Sprintf("%q (%d)", string(name), n.Count)
}

func (f *Finder) missing(elsewhere []Seen) error {
	e := &NoMarkersError{Elsewhere: elsewhere, Names: f.census.commonest(mostNames)}
	if f.Pid != "" {
		e.On += " on pid " + f.Pid
	}
	if f.Tid != "" {
		e.On += " on tid " + f.Tid
	}
	if f.Marker != nil {
		e.LookedFor = []string{f.Marker.String()}
		return e
	}
	e.LookedFor = lookedFor()
	return e
}

// lookedFor lists how markers begin, each beginning once, and the functions.
func lookedFor() []string {
	var all []string
	for _, p := range producer.VLLMGaudi.Parts {
		if p.Part == prepare || p.Part == prompts || p.Part == decodes {
			all = append(all, strings.ReplaceAll(p.Name, "*", more))
		}
	}
	for _, r := range table {
		for _, form := range r.forms {
			begin, _, goesOn := strings.Cut(form.Text, "{")
			if goesOn {
				begin += more
			}
			all = append(all, begin)
		}
	}
	all = slices.DeleteFunc(slices.Clone(all), func(s string) bool {
		return slices.ContainsFunc(all, func(o string) bool {
			begin, goesOn := strings.CutSuffix(o, more)
			return goesOn && o != s && strings.HasPrefix(s, begin)
		})
	})
	functions := map[string]bool{}
	for _, f := range frames {
		functions[f.Function] = true
	}
	return append(slices.Compact(all), "Python's "+strings.Join(slices.Sorted(maps.Keys(functions)), ", "))
}

// more stands for the rest of a marker.
const more = "…"

// census counts names that differ in more than numbers.
type census struct {
	counts map[string]*int64
	shape  []byte
}

// mostNames is how many names an error tells of.
const mostNames = 10

// maxShapes bounds the memory of a census. Names that come later are not
// counted.
const maxShapes = 4096

func (c *census) add(name []byte) {
	c.shape = c.shape[:0]
	for i, b := range name {
		switch {
		case b-'0' > 9:
			c.shape = append(c.shape, b)
		case i == 0 || name[i-1]-'0' > 9:
			c.shape = append(c.shape, '#')
		}
	}
	n := c.counts[string(c.shape)]
	if n == nil {
		if len(c.counts) == maxShapes {
			return
		}
		if c.counts == nil {
			c.counts = map[string]*int64{}
		}
		n = new(int64)
		c.counts[string(c.shape)] = n
	}
	*n++
}

// commonest are the commonest names, as people read them.
func (c *census) commonest(most int) []Name {
	names := c.top(most)
	for i := range names {
		names[i].Name = plainName(names[i].Name)
	}
	return names
}

// top are the commonest names as the trace has them.
func (c *census) top(most int) []Name {
	var names []Name
	for _, shape := range slices.Sorted(maps.Keys(c.counts)) {
		names = append(names, Name{shape, *c.counts[shape]})
	}
	slices.SortStableFunc(names, func(a, b Name) int { return cmp.Compare(b.Count, a.Count) })
	return names[:min(most, len(names))]
}
