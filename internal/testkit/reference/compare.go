package reference

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

const mostProblems = 8

// Compare reports how the events of a document differ from those wanted. An
// untouched event must be there byte for byte and in its place in the file. A
// changed one must have the same members in the same order, with the same text
// but for the white space inside args. Carried counters stand first, in any
// order; made ends stand last, those of one track innermost first.
func Compare(got []byte, want []Out) error {
	t, err := Parse(got)
	if err != nil {
		return err
	}
	first, last := 0, len(want)
	for first < last && want[first].Kind == Carried {
		first++
	}
	for last > first && want[last-1].Kind == Ended {
		last--
	}
	tail := len(want) - last
	if len(t.Events) < first+tail {
		return fmt.Errorf("%d events, want %d, %d of them carried counters and %d made ends",
			len(t.Events), len(want), first, tail)
	}
	c := &comparison{}
	mid := len(t.Events) - tail
	c.sets("carried counter", t.Events[:first], want[:first])
	c.sequence(t.Events[first:mid], want[first:last])
	c.ordered(t.Events[mid:], want[last:])
	if len(t.Events) != len(want) {
		c.say("%d events, want %d", len(t.Events), len(want))
	}
	return c.err()
}

// CompareText reports how the document around the events differs from that of
// the source. An array that was never closed may be closed.
func CompareText(got []byte, source *Trace) error {
	t, err := Parse(got)
	if err != nil {
		return err
	}
	if t.Head != source.Head {
		return fmt.Errorf("text before the events:\n got %s\nwant %s", short(t.Head), short(source.Head))
	}
	if t.Tail == source.Tail || source.Tail == "" && strings.TrimSpace(t.Tail) == "]" {
		return nil
	}
	return fmt.Errorf("text after the events:\n got %s\nwant %s", short(t.Tail), short(source.Tail))
}

// comparison collects the first problems.
type comparison struct {
	problems []error
	more     int
}

func (c *comparison) say(format string, args ...any) {
	if len(c.problems) == mostProblems {
		c.more++
		return
	}
	c.problems = append(c.problems, fmt.Errorf(format, args...))
}

func (c *comparison) err() error {
	if c.more > 0 {
		c.problems = append(c.problems, fmt.Errorf("and %d more", c.more))
	}
	return errors.Join(c.problems...)
}

// sets compares events that may stand in any order.
func (c *comparison) sets(what string, got []Event, want []Out) {
	left := slices.Clone(got)
	for _, w := range want {
		i := slices.IndexFunc(left, func(e Event) bool { return difference(&e, w) == "" })
		if i < 0 {
			c.say("%s missing: %s", what, w.text())
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, e := range left {
		c.say("in place of a %s: %s", what, short(e.Raw))
	}
}

// sequence compares events in file order.
func (c *comparison) sequence(g []Event, w []Out) {
	for len(g) > 0 && len(w) > 0 {
		d := difference(&g[0], w[0])
		switch {
		case d == "":
			g, w = g[1:], w[1:]
		case !within(g, w[0]):
			if inside(w, &g[0]) {
				c.say("missing (%s): %s", w[0].Kind, w[0].text())
				w = w[1:]
				continue
			}
			c.say("%s event differs: %s\n got %s\nwant %s", w[0].Kind, d, short(g[0].Raw), w[0].text())
			g, w = g[1:], w[1:]
		case !inside(w, &g[0]):
			c.say("not wanted: %s", short(g[0].Raw))
			g = g[1:]
		default:
			c.say("order: %s\ncomes before %s", short(g[0].Raw), w[0].text())
			return
		}
	}
	for _, e := range g {
		c.say("not wanted: %s", short(e.Raw))
	}
	for _, o := range w {
		c.say("missing (%s): %s", o.Kind, o.text())
	}
}

func within(g []Event, w Out) bool {
	return slices.ContainsFunc(g, func(e Event) bool { return difference(&e, w) == "" })
}

func inside(w []Out, e *Event) bool {
	return slices.ContainsFunc(w, func(o Out) bool { return difference(e, o) == "" })
}

// ordered compares events that may stand anywhere as long as those that share
// their phase, time and track, or async key, have the order wanted.
func (c *comparison) ordered(got []Event, want []Out) {
	tiers := map[string][]*Event{}
	for i := range got {
		tiers[tier(&got[i])] = append(tiers[tier(&got[i])], &got[i])
	}
	for _, w := range want {
		k := tier(w.event())
		if len(tiers[k]) == 0 {
			c.say("missing (%s): %s", w.Kind, w.text())
			continue
		}
		e := tiers[k][0]
		tiers[k] = tiers[k][1:]
		if d := difference(e, w); d != "" {
			c.say("order or content of %s event at one time: %s\n got %s\nwant %s", w.Kind, d, short(e.Raw), w.text())
		}
	}
}

// tier names the events of one track, or async key, that nest by file order.
func tier(e *Event) string {
	where := e.Track.Pid + " " + e.Track.Tid
	if e.Phase == "b" || e.Phase == "n" || e.Phase == "e" {
		where = asyncKey(e)
	}
	return fmt.Sprint(e.Phase, " ", where, " ", e.TS)
}

// event reads an output as the event it stands for.
func (o Out) event() *Event {
	text := o.Raw
	if o.Kind != Untouched {
		text = object(o.Value)
	}
	e, err := newEvent(text)
	if err != nil {
		panic(err) // it was made from JSON
	}
	return &e
}

func (o Out) text() string { return short(o.event().Raw) }

// difference says in what an event is not the one wanted; empty if it is.
func difference(got *Event, want Out) string {
	switch want.Kind {
	case Untouched:
		if got.Raw != want.Raw {
			return "text"
		}
		return ""
	case Ended:
		return endDifference(got, want)
	}
	if len(got.Members) != len(want.Value) {
		return fmt.Sprintf("%d members, want %d", len(got.Members), len(want.Value))
	}
	for i, w := range want.Value {
		g := got.Members[i]
		if g.Name != w.Name {
			return fmt.Sprintf("member %q in place of %q", g.Name, w.Name)
		}
		if g.Text == w.Text || w.Name == "args" && sameArgs(g.Text, w.Text, want.Kind == Carried) {
			continue
		}
		return fmt.Sprintf("%s is %s, want %s", w.Name, short(g.Text), short(w.Text))
	}
	return ""
}

// sameArgs compares args whose own text was changed, in order unless anyOrder.
func sameArgs(got, want string, anyOrder bool) bool {
	g, err := members(got)
	if err != nil {
		return false
	}
	w, err := members(want)
	if err != nil {
		return false
	}
	if anyOrder {
		sortMembers(g)
		sortMembers(w)
	}
	return slices.Equal(g, w)
}

// endDifference compares made ends: a pid or tid of 0 may be written or not.
func endDifference(got *Event, want Out) string {
	if got.Track != want.event().Track {
		return "track"
	}
	rest := func(ms []Member) []Member {
		ms = slices.DeleteFunc(slices.Clone(ms), func(m Member) bool { return m.Name == "pid" || m.Name == "tid" })
		sortMembers(ms)
		return ms
	}
	if g, w := rest(got.Members), rest(want.Value); !slices.Equal(g, w) {
		return fmt.Sprintf("members %s, want %s", object(g), object(w))
	}
	return ""
}

func sortMembers(ms []Member) {
	slices.SortStableFunc(ms, func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
}

func short(s string) string {
	const most = 400
	if len(s) > most {
		return s[:most] + fmt.Sprintf(" … (%d bytes)", len(s))
	}
	return s
}
