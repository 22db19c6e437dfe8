package reference

import (
	"cmp"
	"math"
	"slices"
)

// Shown is a slice as Perfetto shows it, on a track or for an async id.
type Shown struct {
	On          string
	Name, Cat   string
	Start, Stop int64 // Stop is math.MaxInt64 if it never ends
	Depth       int
}

// View is what Perfetto makes of a trace.
type View struct {
	Shown []Shown
	// Odd are the tracks and ids on which slices overlap without nesting, so that
	// some are moved or cut.
	Odd map[string]bool
	// Loose are flow events that no slice is open for when they come, by their text.
	Loose map[string]bool
}

// Draw does with slices, begins and ends what Perfetto does, one event after the
// other in order of time: E come first, then X, the longest first, then what is
// left as in the file. An end closes the innermost open begin of its name and
// category; a slice that is over leaves the stack when the next one comes.
func Draw(t *Trace) View {
	v := View{Odd: map[string]bool{}, Loose: map[string]bool{}}
	stacks := map[string][]int{} // of indices into v.Shown
	for _, i := range viewed(t) {
		e := &t.Events[i]
		on := e.Track.Pid + " " + e.Track.Tid
		if e.Phase == "b" || e.Phase == "e" {
			if on = asyncKey(e); on == "" {
				continue // no viewer shows it
			}
		}
		if e.isFlow() {
			open := func(k int) bool { return v.Shown[k].Stop >= e.TS }
			if !next(e) && !slices.ContainsFunc(stacks[on], open) {
				v.Loose[e.Raw] = true
			}
			continue
		}
		stacks[on] = v.popEnded(on, stacks[on], e.TS, e.stop())
		if e.Phase == "E" || e.Phase == "e" {
			stacks[on] = v.end(stacks[on], e)
			continue
		}
		stop := e.stop()
		if e.Phase != "X" {
			stop = math.MaxInt64
		}
		stacks[on] = append(stacks[on], len(v.Shown))
		v.Shown = append(v.Shown, Shown{on, e.str("name"), e.str("cat"), e.TS, stop, len(stacks[on]) - 1})
	}
	for on, stack := range stacks {
		v.popEnded(on, stack, math.MaxInt64, math.MaxInt64)
	}
	return v
}

// viewed lists the events that Look takes, in its order.
func viewed(t *Trace) []int {
	var order []int
	for i := range t.Events {
		switch e := &t.Events[i]; e.Phase {
		case "X":
			if dur, ok := Nanos(e.text("dur")); e.HasTS && ok && dur >= 0 {
				order = append(order, i)
			}
		case "B", "E", "b", "e", "s", "t", "f":
			if e.HasTS {
				order = append(order, i)
			}
		}
	}
	key := func(i int) int64 {
		switch e := &t.Events[i]; e.Phase {
		case "E":
			return math.MinInt64
		case "X":
			return -e.Span
		}
		return 1
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(t.Events[a].TS, t.Events[b].TS), cmp.Compare(key(a), key(b)))
	})
	return order
}

// popEnded takes what is over from a stack when something comes that goes from ts
// to stop.
func (v *View) popEnded(on string, stack []int, ts, stop int64) []int {
	for n := len(stack); n > 0; n-- {
		top := v.Shown[stack[n-1]]
		switch {
		case top.Stop == math.MaxInt64:
			for _, k := range stack[:n-1] { // a complete slice around it is over
				if v.Shown[k].Stop < ts {
					v.Odd[on] = true
				}
			}
			return stack[:n]
		case top.Stop > ts || top.Stop == ts && top.Start == ts && stop == ts:
			if stop > top.Stop {
				v.Odd[on] = true
			}
			return stack[:n]
		}
	}
	return nil
}

// end ends the innermost open begin that e can close.
func (v *View) end(stack []int, e *Event) []int {
	name, cat := e.str("name"), e.str("cat")
	for k := len(stack) - 1; k >= 0; k-- {
		s := &v.Shown[stack[k]]
		if s.Stop == math.MaxInt64 && (name == "" || name == s.Name) && (cat == "" || cat == s.Cat) {
			s.Stop = e.TS
			if k < len(stack)-1 {
				v.Odd[s.On] = true
			}
			return slices.Delete(slices.Clone(stack), k, k+1)
		}
	}
	return stack
}
