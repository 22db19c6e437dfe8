package reference

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// chain is one flow: the event that starts it and those that belong to it.
type chain struct {
	start int
	rest  []int // in order of time; other starts among them
}

// chains joins flow events. Each belongs to the first start of its key behind the
// latest end; those without one are in no chain.
func chains(t *Trace) []chain { return chainsOf(t, flowOrder(t)) }

// chainsOf is chains for some flow events, in order of time.
func chainsOf(t *Trace, order []int) []chain {
	byKey := map[string][]int{}
	for _, i := range order {
		key := flowKey(&t.Events[i])
		byKey[key] = append(byKey[key], i)
	}
	var all []chain
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		begun, ended := false, false
		for _, i := range byKey[key] {
			phase := t.Events[i].Phase
			switch last := len(all) - 1; {
			case phase == "s" && (!begun || ended):
				all = append(all, chain{start: i})
				begun, ended = true, false
			case begun:
				all[last].rest = append(all[last].rest, i)
				ended = ended || phase == "f"
			}
		}
	}
	return all
}

func flowKey(e *Event) string {
	id := e.text("id")
	if id == "" {
		id = "2 " + e.text("id2")
		if strings.Contains(id, "local") {
			id += " of " + e.Pid
		}
	}
	return e.text("cat") + " " + e.text("name") + " " + flowNumber(id)
}

// flowNumber writes the number for which Perfetto takes the id of a flow: a whole
// number, or a string of hexadecimal digits. What is neither stays as it is.
func flowNumber(id string) string {
	if n, err := strconv.ParseInt(id, 10, 64); err == nil && id[0] != '+' {
		return fmt.Sprint(uint64(n))
	}
	if !strings.HasPrefix(id, `"`) {
		return id
	}
	s := strings.TrimLeft(unquote(id), " \t\n\v\f\r")
	sign, digits := "", s
	if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+") {
		sign, digits = s[:1], s[1:]
	}
	digits = strings.TrimPrefix(strings.TrimPrefix(digits, "0x"), "0X")
	n, err := strconv.ParseUint(digits, 16, 64)
	if errors.Is(err, strconv.ErrRange) {
		n, sign, err = math.MaxUint64, "", nil
	}
	if err != nil || strings.Contains(digits, "_") {
		return id
	}
	if sign == "-" {
		n = -n
	}
	return fmt.Sprint(n)
}

// flowOrder lists flow events by time, and as in the file at equal times.
func flowOrder(t *Trace) []int {
	var order []int
	for i := range t.Events {
		if e := &t.Events[i]; e.isFlow() && e.HasTS {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(t.Events[a].TS, t.Events[b].TS) })
	return order
}

// next reports whether a flow event binds to the slice that comes next.
func next(e *Event) bool { return e.Phase == "f" && e.text("bp") != `"e"` }

// bound is the index of the slice that a flow event binds to among those for which may
// is true, as Perfetto has it; -1 if there is none. It is the one that began last and is
// still on the stack: a pair leaves that with its end, a complete slice with the first
// end of a pair behind its own. An end that does not say so binds to the next that begins.
func (s *slicer) boundTo(e *Event, may func(i int) bool) int {
	best := -1
	for i := range s.slices {
		sl := &s.slices[i]
		if sl.track != e.Track || !may(i) {
			continue
		}
		x := s.t.Events[sl.begin].Phase == "X"
		if next(e) {
			if sl.start < e.TS || sl.start == e.TS && x {
				continue
			}
			if best < 0 || s.sooner(sl, &s.slices[best]) {
				best = i
			}
			continue
		}
		if sl.start > e.TS || !x && sl.stop <= e.TS || x && s.popped(sl, e) {
			continue
		}
		if best < 0 || s.inner(sl, &s.slices[best]) {
			best = i
		}
	}
	return best
}

// popped reports whether the end of a pair comes between the end of a complete slice
// and a flow event.
func (s *slicer) popped(sl *slice, e *Event) bool {
	for i := range s.t.Events {
		if o := &s.t.Events[i]; o.Phase == "E" && o.HasTS && o.Track == sl.track && o.TS >= sl.stop && o.TS > sl.start && o.TS <= e.TS {
			return true
		}
	}
	return false
}

// sooner reports whether a slice begins before another, or around it: complete ones
// come before pairs of their time.
func (s *slicer) sooner(a, b *slice) bool {
	if a.start != b.start {
		return a.start < b.start
	}
	if x, y := s.t.Events[a.begin].Phase == "X", s.t.Events[b.begin].Phase == "X"; x != y {
		return x
	}
	return a.stop > b.stop
}

// inner reports whether a slice begins after another, or inside of it.
func (s *slicer) inner(a, b *slice) bool {
	if a.start != b.start {
		return a.start > b.start
	}
	x, y := s.t.Events[a.begin].Phase == "X", s.t.Events[b.begin].Phase == "X"
	if x != y {
		return y
	}
	return a.stop < b.stop || a.stop == b.stop && a.begin > b.begin
}

// shows reports whether a viewer shows a slice at all.
func (t *Trace) shows(sl *slice) bool {
	e := &t.Events[sl.begin]
	return e.Phase != "X" || e.shown()
}

// keepsFlow reports whether a flow event may be kept: in range, and bound to a slice that
// stays, of those that share a moment with the range. Where devices follow their
// launches, an end in a slice of a device counts wherever its time is.
func (s *slicer) keepsFlow(e *Event) bool {
	if s.inRange(e.TS) {
		i := s.boundTo(e, func(i int) bool { return s.near(&s.slices[i]) && s.t.shows(&s.slices[i]) })
		return i >= 0 && s.slices[i].kept
	}
	return s.o.Device == Launched && e.Phase == "f" && slices.ContainsFunc(s.slices, func(sl slice) bool {
		around := sl.start <= e.TS && e.TS <= sl.stop && (s.t.Events[sl.begin].Phase == "X" || e.TS < sl.stop)
		if next(e) {
			around = sl.start > e.TS || sl.start == e.TS && s.t.Events[sl.begin].Phase != "X"
		}
		return around && sl.kept && sl.device && sl.track == e.Track && s.t.shows(&sl)
	})
}

// near reports whether something of a slice lies in the range.
func (s *slicer) near(sl *slice) bool {
	if sl.start == sl.stop {
		return s.inRange(sl.start)
	}
	return sl.start < s.o.To && sl.stop > s.o.From
}

// drawn lists the events of a flow that are bound, from the first start that is.
func (s *slicer) drawn(c chain, bound func(i int) bool) (all []int) {
	for _, i := range append([]int{c.start}, c.rest...) {
		if bound(i) && (len(all) > 0 || s.t.Events[i].Phase == "s") {
			all = append(all, i)
		}
	}
	return all
}

// addFlows takes s, t and f.
func (s *slicer) addFlows() {
	for _, c := range s.flows {
		all := s.drawn(c, func(i int) bool { return s.keepsFlow(&s.t.Events[i]) })
		if slices.ContainsFunc(all, func(i int) bool { return s.t.Events[i].Phase == "f" }) {
			for _, i := range all {
				s.leave(i)
			}
		}
	}
}

// Flows lists the events of each flow that has an end, from its start on in order of time.
func Flows(t *Trace) (all [][]int) {
	for _, c := range chains(t) {
		if slices.ContainsFunc(c.rest, func(i int) bool { return t.Events[i].Phase == "f" }) {
			all = append(all, append([]int{c.start}, c.rest...))
		}
	}
	return all
}

// Span is a slice on a track: the events that begin and end it, by their index, and when.
// End is -1 for one that no event ends; Stop is then the largest time there is, unless it
// is complete.
type Span struct {
	Begin, End  int
	Start, Stop int64
}

// Bound lists all slices of a trace, and to which of them each flow event that has a time is
// bound, by the index of the event; -1 for none.
func Bound(t *Trace) (all []Span, of map[int]int) {
	s := &slicer{t: t}
	s.slices = allSlices(t, matchTracks(t), func(int) bool { return false })
	for _, sl := range s.slices {
		all = append(all, Span{sl.begin, sl.end, sl.start, sl.stop})
	}
	of = map[int]int{}
	for i := range t.Events {
		if e := &t.Events[i]; e.isFlow() && e.HasTS {
			of[i] = s.boundTo(e, func(int) bool { return true })
		}
	}
	return all, of
}
