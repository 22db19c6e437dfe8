package check

import "tracekit/transform/internal/firstfit"

// open is a slice on a stack.
type open struct {
	ts, dur   int64 // dur is pending until an end is met
	name, cat uint32
	off, line int64
	phase     byte
	late      int16 // as of a record
	kernel    bool
}

// pending is the duration of a slice whose end has not been met.
const pending = -1

// stack is the slices of one track that are open at some time, as Perfetto
// keeps them: what has ended leaves only when something else comes.
type stack []open

// closing says what settling a stack came to.
type closing struct {
	overlaps  bool
	over      int64 // ns by which, to the end of the slice that it overlaps
	late      int16 // of that
	misplaced int
}

// closeEnded takes away what has ended by ts, before a slice of duration dur (or
// pending) begins there.
func (s *stack) closeEnded(ts, dur int64) (c closing) {
	unfinished := false
	for i := len(*s) - 1; i >= 0; i-- {
		o := &(*s)[i]
		if o.dur == pending {
			unfinished = true
			continue
		}
		end := o.ts + o.dur
		if unfinished {
			if ts <= end {
				continue
			}
			c.misplaced++
			*s = (*s)[:i]
			unfinished = false
			continue
		}
		if end < ts || end == ts && (o.dur != 0 || dur != 0) {
			// Perfetto takes the top, even where what has ended lies below it.
			*s = (*s)[:len(*s)-1]
			continue
		}
		if dur != pending && ts < end && ts+dur > end {
			c.overlaps, c.over, c.late = true, end-ts, o.late
			return c
		}
	}
	return c
}

// match finds the innermost open slice that an end may close. An end without
// name or category closes any.
func (s stack) match(name, cat uint32) int {
	for i := len(s) - 1; i >= 0; i-- {
		o := &s[i]
		if o.dur == pending && (cat == 0 || o.cat == cat) && (name == 0 || o.name == name) {
			return i
		}
	}
	return -1
}

// lanes are the tracks beside a thread to which overlapping slices go.
type lanes struct {
	firstfit.Lanes
	stacks []stack
}

// place returns the stack of the first lane on which a slice nests. Calls come in order
// of ts.
func (l *lanes) place(ts, dur int64) *stack {
	k := l.Put(firstfit.Span{From: ts, To: ts + dur})
	if k == len(l.stacks) {
		l.stacks = append(l.stacks, nil)
	}
	return &l.stacks[k]
}
