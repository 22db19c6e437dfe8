package cut

import (
	"context"
	"io"
	"strings"

	"tracekit/internal/spill"
	"tracekit/trace"
)

// lateArrows hold flow events until it is known which of them stay. As long as
// none was met that starts an arrow on a track with slices that stay, hardly any
// will, and none is held: should some have to be, they are read again.
type lateArrows struct {
	limit  int // of bytes in memory
	spill  func() (*spill.File, error)
	held   *spill.Packed // text
	count  int           // of those that are held and not decided
	hopes  bool
	missed missedArrows
	buf    []byte
}

// missedArrows are flow events that were not held: all that came before the first
// that is.
type missedArrows struct {
	count        int
	blocks       []int // of the survey, with such
	starts, ends bits  // tracks that arrows start on, and others that they touch
	read         reading
	text         *spill.Packed // nil unless they had to be read again
}

// heldArrows is how many packed bytes of arrows, and of what covers them, are held
// in memory.
const heldArrows = 16 << 20

func newLateArrows(limit int, create func() (*spill.File, error)) lateArrows {
	return lateArrows{limit: limit, spill: create, held: spill.NewPacked(limit, create)}
}

// miss reports whether a flow event need not be held, and notes it then.
func (a *lateArrows) miss(e *trace.Event, track int, hasSlices bool) bool {
	if a.hopes = a.hopes || e.Phase == 's' && hasSlices; a.hopes {
		return false
	}
	a.missed.count++
	if e.Phase == 's' {
		a.missed.starts.set(track)
	} else {
		a.missed.ends.set(track)
	}
	return true
}

func (a *lateArrows) hold(to *spill.Packed, e *trace.Event) error {
	a.buf = append(append(append(a.buf[:0], e.Lead()...), e.Raw()...), ',')
	_, err := to.Write(a.buf)
	return err
}

// recall reads again what was missed, if some of it may stay, and puts it before
// what was noted since.
func (a *lateArrows) recall(p *plan) error {
	m := &a.missed
	starts, ends := m.starts.some(p.hasSlices), m.ends.some(p.hasSlices)
	if !starts && !ends || !starts && !p.flows.on('s', p.hasSlices) || !ends && !p.flows.on('f', p.hasSlices) {
		m.count = 0
		return nil
	}
	r, err := m.read()
	if err != nil {
		return err
	}
	m.text = spill.NewPacked(a.limit, a.spill)
	later := p.flows.points
	p.flows.points = nil
	if err := eachFlow(r, func(e *trace.Event) error {
		if len(p.flows.points) == m.count {
			return nil
		}
		p.flows.note(p.tracks.Of(e), e, false)
		return a.hold(m.text, e)
	}); err != nil {
		return err
	}
	p.flows.points = append(p.flows.points, later...)
	return nil
}

// each gives those to f of which keep says that they stay, by their ordinal.
func (a *lateArrows) each(keep func(n int) bool, f func(e *trace.Event) error) error {
	n := 0
	for _, text := range []*spill.Packed{a.missed.text, a.held} {
		if text == nil {
			continue
		}
		events, err := text.Read()
		if err != nil {
			return err
		}
		src, err := trace.NewSource(io.MultiReader(strings.NewReader("["), events, strings.NewReader("]")), -1, trace.SourceOptions{})
		if err != nil {
			return err
		}
		r, err := src.Read()
		if err != nil {
			return err
		}
		if err := eachFlow(r, func(e *trace.Event) error {
			// What came later was decided when it was held.
			if n++; n > a.missed.count+a.count || keep(n-1) {
				return f(e)
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

func (a *lateArrows) close() {
	a.held.Close()
	if a.missed.text != nil {
		a.missed.text.Close()
	}
}

// eachFlow calls f for the flow events of r that have a time.
func eachFlow(r trace.Stream, f func(e *trace.Event) error) (err error) {
	ended := eachPart(context.Background(), r, func(p *trace.Part) {
		for i := range p.Events {
			if e := &p.Events[i]; err == nil && e.IsFlow() && e.Has&trace.HasTS != 0 {
				err = f(e)
			}
		}
	})
	if err == nil {
		err = ended
	}
	return err
}
