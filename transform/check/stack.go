package check

import (
	"container/heap"
	"math"

	"tracekit/transform/internal/firstfit"
)

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

// settle takes away what has ended by ts, before a slice of duration dur (or
// pending) begins there.
func (s *stack) settle(ts, dur int64) (c closing) {
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
	all   []lane
	rooms firstfit.Rooms // of each: until when a slice may last there
	due   dueEnds
}

type lane struct {
	ends  []int64
	stack stack
}

// place returns the first lane on which a slice nests. Calls come in order of ts.
func (l *lanes) place(ts, dur int64) *lane {
	for len(l.due) > 0 && l.due[0].end <= ts {
		i := heap.Pop(&l.due).(dueEnd).lane
		a := &l.all[i]
		for n := len(a.ends); n > 0 && a.ends[n-1] <= ts; n-- {
			a.ends = a.ends[:n-1]
		}
		room := int64(math.MaxInt64)
		if n := len(a.ends); n > 0 {
			room = a.ends[n-1]
		}
		l.rooms.Set(i, room)
	}
	end := ts + dur
	i := l.rooms.First(end)
	if i == len(l.all) {
		l.all = append(l.all, lane{})
		l.rooms.Add(0)
	}
	l.all[i].ends = append(l.all[i].ends, end)
	l.rooms.Set(i, end)
	heap.Push(&l.due, dueEnd{end, i})
	return &l.all[i]
}

// dueEnd is when a slice on a lane ends.
type dueEnd struct {
	end  int64
	lane int
}

// dueEnds are those that are to come, the next first.
type dueEnds []dueEnd

func (d dueEnds) Len() int           { return len(d) }
func (d dueEnds) Less(i, j int) bool { return d[i].end < d[j].end }
func (d dueEnds) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *dueEnds) Push(x any)        { *d = append(*d, x.(dueEnd)) }
func (d *dueEnds) Pop() any {
	last := len(*d) - 1
	e := (*d)[last]
	*d = (*d)[:last]
	return e
}
