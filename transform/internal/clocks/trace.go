package clocks

import (
	"fmt"

	"tracekit/trace"
)

// Trace is what of one trace tells its clock.
type Trace struct {
	Name       string
	Base       int64      // baseTimeNanoseconds, 0 for none
	Zero, Last trace.Time // of its events
	Samples    []Sample   // what it has in common with others
	Clock      Clock      // to the clock of all
}

// Epoch is more than a trace counts that does not count from 1970, in ns: 2001.
const Epoch = trace.Time(1e18)

// States reports whether a trace states the time of day.
func (t *Trace) States() bool { return t.Base != 0 || t.Zero >= Epoch }

// ShowsNothing reports a trace without times that matter.
func (t *Trace) ShowsNothing() bool { return t.Zero == 0 && t.Last == 0 }

// Place gives traces the clocks that they state: baseTimeNanoseconds, or times that count from the
// epoch. It returns what a user should know, a line each.
func Place(traces []*Trace) (notes []string) {
	var placed, others, empty []*Trace
	first := trace.MaxTime
	for _, t := range traces {
		t.Clock = Clock{Shift: trace.Time(t.Base)}
		switch {
		case t.ShowsNothing():
			if t.Base == 0 {
				empty = append(empty, t)
			}
		case t.States():
			placed = append(placed, t)
			first = min(first, t.Clock.At(t.Zero))
		default:
			others = append(others, t)
		}
	}
	if len(placed) == 0 {
		first = 0
	}
	for _, t := range empty { // so that no event of theirs that no viewer shows lands before time zero
		t.Clock.Shift = first
	}
	if len(placed) == 0 || len(others) == 0 {
		if len(others) > 1 {
			notes = append(notes, "no trace says what its times count from: they are taken to count from the same moment")
		}
		return notes
	}
	for _, t := range others {
		t.Clock.Shift = first - t.Zero
		notes = append(notes, fmt.Sprintf("%s does not say what its times count from: it begins where the first of the others does", t.Name))
	}
	return notes
}

// stepShape is that of steps without numbers.
const stepShape = 1

// Steps returns the ends of the first n steps as samples, in place of those of collectives; of returns
// the number of a step, if they are numbered, and its end.
func Steps(n int, numbered bool, of func(i int) (number int64, end trace.Time)) (all []Sample) {
	group := hash([]byte("steps"))
	for i := range min(n, MostCollectives) {
		number, end := of(i)
		if numbered {
			all = append(all, Sample{Meeting{group, uint64(number)}, 0, end})
		} else {
			all = append(all, Sample{Meeting{group, uint64(i)}, stepShape, end})
		}
	}
	return all
}
