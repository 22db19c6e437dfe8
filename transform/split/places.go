package split

import (
	"cmp"
	"context"

	"tracekit/trace"
	"tracekit/transform/slice"
)

// places are where events stand, in cells of so many each: whatever blocks a reading has, the
// cells are the same.
type places struct {
	each   int // events of a cell
	cells  []cell
	parts  []int // how many begins and ends stand before each part of the first reading
	events int
	marks  int
}

// cell is some events that follow each other. From and to are smallest start and largest end of
// those but begins, ends and metadata.
type cell struct {
	from, to trace.Time
	size     int64 // bytes
	marks    int   // begins and ends before it
	meta     bool  // it has metadata
}

const eventsOfCell = 1024

func (p *places) learn(part *trace.Part) {
	p.parts = append(p.parts, p.marks)
	for i := range part.Events {
		e := &part.Events[i]
		if p.events%p.each == 0 {
			p.cells = append(p.cells, cell{from: trace.MaxTime, to: trace.MinTime, marks: p.marks})
		}
		p.events++
		c := &p.cells[len(p.cells)-1]
		c.size += int64(e.Size())
		switch e.Phase {
		case 'M':
			c.meta = true
		case 'B', 'E', 'b', 'e':
			p.marks++
		default:
			if e.Has&trace.HasTS != 0 {
				c.from, c.to = min(c.from, e.TS), max(c.to, e.End())
			}
		}
	}
}

// marksEnd is how many begins and ends stand before the end of a cell.
func (p *places) marksEnd(c int) int {
	if c+1 < len(p.cells) {
		return p.cells[c+1].marks
	}
	return p.marks
}

// memory is about how many bytes p takes.
func (p *places) memory() int { return 40*cap(p.cells) + 8*cap(p.parts) }

// choice is which cells the windows need.
type choice struct {
	places *places
	of     [][]int32 // by window, rising
	latest []int32   // by window, behind the latest cell
	size   int64     // bytes of text that are read for all of them
	most   int64
}

// Windows are read from the trace itself if that takes no more than mostReadings of all of it.
// Each of their stretches takes leadIn bytes more, since reading begins before it.
const (
	mostReadings = 4
	leadIn       = 4 << 20
)

func (p *places) choose(windows int, most int64) *choice {
	return &choice{places: p, of: make([][]int32, windows), latest: make([]int32, windows), most: most}
}

// take gives a cell to a window, after all of the cells before.
func (x *choice) take(window, c int) {
	latest := int(x.latest[window])
	if latest == c+1 {
		return
	}
	if latest != c || c == 0 {
		x.size += leadIn
	}
	x.latest[window] = int32(c + 1)
	x.size += x.places.cells[c].size
	if x.fits() {
		x.of[window] = append(x.of[window], int32(c))
	}
}

func (x *choice) fits() bool { return x.size <= x.most }

// chooseByTime gives the windows what they need where devices are judged by time.
func (r *router) chooseByTime(x *choice) {
	extra := r.extra
	for c := range r.places.cells {
		cell := &r.places.cells[c]
		if cell.meta {
			for w := range r.windows {
				x.take(w, c)
			}
		}
		for _, w := range r.within(cell.from, cell.to) {
			x.take(w, c)
		}
		for _, q := range r.shape.Partners[cell.marks:r.places.marksEnd(c)] {
			for _, w := range r.within(q.Start, q.Stop) {
				x.take(w, c)
			}
		}
		for ; len(extra) > 0 && int(extra[0].event)/r.places.each == c; extra = extra[1:] {
			x.take(int(extra[0].window), c)
		}
		if !x.fits() {
			return
		}
	}
}

// choose finds what of the trace each piece is to be read from, if that is quicker than to keep all
// pieces aside in one reading. It returns how many readings are still to come.
func (p *pieces) choose(ctx context.Context, s *trace.Source) (readings float64, err error) {
	if p.By == Process || !s.Seeks() {
		return 1, nil
	}
	r := p.router
	x := r.places.choose(len(r.windows), cmp.Or(p.rereadMost, mostReadings*p.survey.Bytes))
	passes := 2.0 // over what a piece needs: to decide, and to write
	if r.device == slice.Launched {
		passes++ // to gather calls
		if err := p.chooseByRoute(ctx, s, x); err != nil {
			return 0, err
		}
	} else {
		r.chooseByTime(x)
	}
	if !x.fits() {
		return 1, nil
	}
	p.chosen = x.of
	return passes * float64(x.size) / float64(max(p.survey.Bytes, 1)), nil
}

// chooseByRoute gives the windows what they need where devices follow their launches: what is
// routed to them, in another reading, which ends once that is too much.
func (p *pieces) chooseByRoute(ctx context.Context, s *trace.Source, x *choice) error {
	r := p.router
	err := p.each(ctx, s, func(part *trace.Part) error {
		for i := range part.Events {
			at, everywhere := r.Route(&part.Events[i])
			if c := int(r.events-1) / r.places.each; everywhere {
				for w := range r.windows {
					x.take(w, c)
				}
			} else {
				for _, w := range at {
					x.take(w, c)
				}
			}
		}
		if !x.fits() {
			return errMuch
		}
		return nil
	})
	if err == errMuch {
		return nil
	}
	return err
}
