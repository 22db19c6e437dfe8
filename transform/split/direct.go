package split

import (
	"errors"
	"slices"

	"tracekit/trace"
	"tracekit/transform/slice"
)

// errMuch ends a reading that has found that pieces need more than is read again.
var errMuch = errors.New("pieces have much in common")

// stretch is where reading takes up the text, and how many begins and ends stand before.
type stretch struct {
	from  int64
	marks int
}

// direct returns the blocks of the trace that piece i needs, and where they begin that follow each other.
func (p *pieces) direct(i int) (blocks []trace.Block, starts []stretch) {
	cells, each := p.chosen[i], p.router.places.each
	end, first := int64(-1), 0 // of the block before; events before the block
	for n := range p.survey.Blocks {
		b := &p.survey.Blocks[n]
		last := first + b.Events - 1
		for len(cells) > 0 && (int(cells[0])+1)*each <= first {
			cells = cells[1:]
		}
		switch {
		case b.Text != nil:
			blocks = append(blocks, *b)
		case len(cells) > 0 && int(cells[0])*each <= last:
			if b.Off != end {
				starts = append(starts, stretch{b.Off, p.router.places.parts[n]})
			}
			blocks, end = append(blocks, *b), b.End
		}
		first += b.Events
	}
	return blocks, starts
}

// reread reads a piece's blocks.
type reread struct {
	trace.Stream
	router *router
	window int
	starts []stretch // that are still to come
	marks  int       // begins and ends before the next event
}

// Next returns a batch that has no begin or end, and no flow event where devices follow their launches, that the
// piece does not need: what belongs to them may not be read. Other events do not depend on each other.
func (d *reread) Next() (*trace.Batch, error) {
	b, err := d.Stream.Next()
	if err != nil {
		return nil, err
	}
	for i := range b.Parts {
		p := &b.Parts[i]
		if p.Text != nil {
			continue
		}
		for len(d.starts) > 0 && p.Off >= d.starts[0].from {
			d.marks, d.starts = d.starts[0].marks, d.starts[1:]
		}
		p.Events = d.needed(p.Events)
	}
	return b, nil
}

// needed leaves of events those that the piece needs, in their place.
func (d *reread) needed(events []trace.Event) []trace.Event {
	n := 0
	for i := range events {
		if e := &events[i]; !d.needs(e) {
			continue
		}
		if n != i {
			events[n] = events[i]
		}
		n++
	}
	return events[:n]
}

func (d *reread) needs(e *trace.Event) bool {
	switch e.Phase {
	case 'B', 'E', 'b', 'e':
		n := d.marks
		d.marks++
		q := &d.router.shape.Partners[n]
		return touches(d.router.windows[d.window], q.Start, q.Stop) || slices.Contains(d.router.devicePairs[n], d.window)
	case 's', 't', 'f':
		return d.router.device != slice.Launched || e.Has&trace.HasTS != 0 && d.router.needsFlow(d.window, e)
	}
	return true
}
