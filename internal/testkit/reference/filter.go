package reference

import (
	"math"
	"slices"
	"strings"
)

// Condition is what events are held against: an event, its duration if it is a
// slice, a pair that is closed or a thread state, and the number of slices
// around it.
type Condition func(e *Event, dur int64, hasDur bool, depth int) bool

// Related is what is kept besides the slices that meet a condition.
type Related struct {
	Parents, Children, Device, Flows bool
	IsDevice                         func(event int) bool
}

// Filter returns the events that meet a condition, and their relations.
func Filter(t *Trace, meets Condition, related Related) []Out {
	s := &slicer{t: t, o: Options{From: math.MinInt64, To: math.MaxInt64}, out: make([]*Out, len(t.Events))}
	s.flows = chains(t)
	matchings := matchTracks(t)
	s.slices = allSlices(t, matchings, related.IsDevice)
	seeds := make([]bool, len(s.slices))
	for i, sl := range s.slices {
		e := &t.Events[sl.begin]
		seeds[i] = meets(e, sl.stop-sl.start, !sl.open() && (e.Phase != "X" || e.hasDur()), s.around(e.Track, sl.start, sl.stop))
	}
	for i := range s.slices {
		s.slices[i].kept = seeds[i] || s.isRelated(i, seeds, related)
	}
	for _, sl := range s.slices {
		if sl.kept {
			s.wholePair(sl.pair)
		}
	}
	alone := func(i int) {
		e := &t.Events[i]
		depth := -1
		if e.HasTS && e.Phase != "C" && e.Phase != "b" && e.Phase != "n" && e.Phase != "e" {
			depth = s.around(e.Track, e.TS, e.stop())
		}
		if meets(e, e.stop()-e.TS, e.hasDur() && (e.Phase == "X" || e.Phase == "T"), depth) {
			s.leave(i)
		}
	}
	for _, m := range matchings {
		for _, i := range m.loose {
			alone(i)
		}
	}
	for _, m := range matchAsync(t) {
		for _, p := range m.pairs {
			if meets(&t.Events[p.begin], p.stop-p.start, !p.open(), -1) {
				s.wholePair(p)
			}
		}
		for _, i := range m.loose {
			alone(i)
		}
	}
	for i := range t.Events {
		switch e := &t.Events[i]; e.Phase {
		case "B", "E", "b", "e", "s", "t", "f", "M":
		case "X":
			if !e.HasTS {
				alone(i)
			}
		default:
			alone(i)
		}
	}
	s.addFlows()
	s.addNames()
	s.danglingBinds()
	return s.sifted(s.output())
}

// sifted puts what is kept, which is in the order of the file, in the order of a
// filter's output: metadata waits for the first event of what it names, flows
// come last.
func (s *slicer) sifted(all []Out) []Out {
	all = all[:len(all)-len(s.again)] // they come last, since a filter cuts nothing
	var order, held, flowEvents []Out
	var before []Event // besides metadata and flows
	release := func() {
		pids, tracks := inUse(before)
		var left []Out
		for _, threads := range []bool{false, true} {
			for _, o := range held {
				e := &s.t.Events[o.Source]
				switch {
				case strings.HasPrefix(e.str("name"), "thread_") != threads:
				case named(e, pids, tracks):
					order = append(order, o)
				default:
					left = append(left, o)
				}
			}
		}
		held = left
	}
	for _, o := range all {
		switch e := &s.t.Events[o.Source]; {
		case e.Phase == "M":
			held = append(held, o)
			release()
		case e.isFlow():
			flowEvents = append(flowEvents, o)
		default:
			before = append(before, *e)
			release()
			order = append(order, o)
		}
	}
	return slices.Concat(order, flowEvents, s.again)
}

func (e *Event) hasDur() bool { return e.text("dur") != "" }

// around counts the slices around what goes from start to stop on a track,
// without those that go just as far.
func (s *slicer) around(track Track, start, stop int64) int {
	n := 0
	for _, sl := range s.slices {
		open := sl.stop > start || sl.start == start // it has not ended when the other begins
		if sl.track == track && sl.start <= start && sl.stop >= stop && open && (sl.start != start || sl.stop != stop) {
			n++
		}
	}
	return n
}

func (s *slicer) isRelated(i int, seeds []bool, related Related) bool {
	sl := &s.slices[i]
	inSeed := func(c *slice) bool {
		for k, o := range s.slices {
			if seeds[k] && o.track == c.track && o.start <= c.start && o.stop >= c.stop {
				return true
			}
		}
		return false
	}
	if related.Children && inSeed(sl) {
		return true
	}
	for k, o := range s.slices {
		if related.Parents && seeds[k] && o.track == sl.track && sl.start <= o.start && sl.stop >= o.stop {
			return true
		}
	}
	if related.Device && sl.device && s.t.Events[sl.begin].Phase == "X" {
		for _, c := range s.launchers(sl) {
			if inSeed(c) {
				return true
			}
		}
	}
	return related.Flows && s.joinedToSeed(sl, seeds)
}

// joinedToSeed reports whether a flow joins a slice, or one that is dropped just as
// far on its track, to one that meets the condition.
func (s *slicer) joinedToSeed(sl *slice, seeds []bool) bool {
	for _, c := range s.flows {
		here, seed := false, false
		for _, i := range s.drawn(c, func(i int) bool { return s.boundSlice(&s.t.Events[i]) != nil }) {
			b := s.boundSlice(&s.t.Events[i])
			here = here || b.track == sl.track && b.start == sl.start && b.stop == sl.stop
			for k, o := range s.slices {
				seed = seed || seeds[k] && o.track == b.track && o.start == b.start && o.stop == b.stop
			}
		}
		if here && seed {
			return true
		}
	}
	return false
}
