package trace

import (
	"fmt"
	"io"
)

// Survey is what one pass over a trace leaves: its range in time, and the
// blocks it consists of, so that a second pass can visit those it needs.
type Survey struct {
	// Zero and Last are the smallest start and the largest end of what a
	// viewer shows: Perfetto's ruler begins at Zero. Both are 0 if the trace
	// shows nothing.
	Zero, Last Time

	Blocks []Block
	Events int64
	Bytes  int64 // of decompressed text
	Damage Damage

	aside  int     // bytes that outlines have of events aside
	sketch outline // of the latest block
}

// Block is a stretch of a trace's text in file order: some text of the
// document, or some events with the bounds of their times.
type Block struct {
	Off, End int64  // in the decompressed text, in bytes
	Text     []byte // document text; nil if the block holds events

	Events     int
	Start, Max Time // smallest start and largest end of events that have a time
	Holds      Holds

	doubt   int64    // where the zone of doubt ends if the block begins in it
	outline *outline // nil if there is no more to tell of its times
}

// Holds tells which phases a block has besides slices and instants.
type Holds uint8

const (
	HoldsMeta    Holds = 1 << iota // M
	HoldsFlow                      // s t f
	HoldsCounter                   // C
	HoldsPair                      // B E
	HoldsAsync                     // b n e
)

var holds = [256]Holds{
	'M': HoldsMeta, 's': HoldsFlow, 't': HoldsFlow, 'f': HoldsFlow, 'C': HoldsCounter,
	'B': HoldsPair, 'E': HoldsPair, 'b': HoldsAsync, 'n': HoldsAsync, 'e': HoldsAsync,
}

// Survey reads the whole trace once and calls visit, unless it is nil, for
// every event in file order. With nothing to visit, a Source that uses an index
// reads nothing.
func (s *Source) Survey(visit func(e *Event) error) (*Survey, error) {
	if visit == nil {
		return s.SurveyParts(nil)
	}
	return s.SurveyParts(func(p *Part) error {
		for i := range p.Events {
			if err := visit(&p.Events[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// SurveyParts is Survey with a look at document text too: visit is called for
// every part, before it becomes a block of the survey. The part is valid until
// visit returns.
func (s *Source) SurveyParts(visit func(p *Part) error) (*Survey, error) {
	if visit == nil && s.index != nil {
		v := s.index.Survey
		if s.most > 0 && v.Bytes > s.most {
			return nil, fmt.Errorf("%w: %d bytes", ErrTooMuch, s.most)
		}
		return &v, nil
	}
	r, err := s.read(visit == nil)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	v := &Survey{Zero: MaxTime, Last: MinTime}
	for {
		b, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		for i := range b.Parts {
			if visit != nil {
				if err := visit(&b.Parts[i]); err != nil {
					return nil, err
				}
			}
			v.add(&b.Parts[i])
		}
	}
	v.finish()
	v.Bytes, v.Damage = r.Bytes, r.Damage
	return v, nil
}

func (v *Survey) add(p *Part) {
	if p.Text != nil {
		v.Blocks = append(v.Blocks, Block{Off: p.Off, End: p.End, Text: append([]byte{}, p.Text...)})
		return
	}
	sum := p.bounds
	for i := range p.Events {
		sum.add(&p.Events[i])
	}
	b := Block{Off: p.Off, End: p.End, Events: p.hi - p.lo, Start: sum.start, Max: sum.end, Holds: sum.holds, doubt: p.doubt}
	v.Zero, v.Last = min(v.Zero, sum.zero), max(v.Last, sum.last)
	v.Events += int64(b.Events)
	if len(p.Events) > 0 && v.isWide(&b) {
		v.draw(&b, p.Events)
	}
	v.Blocks = append(v.Blocks, b)
}

// draw gives a block its outline, unless all of them have too much aside.
func (v *Survey) draw(b *Block, events []Event) {
	if !v.sketch.draw(b, events) {
		return
	}
	if v.aside += len(v.sketch.aside); v.aside <= mostAsideAll {
		b.outline = v.sketch.clone()
	}
}

// isWide reports whether b spans so much of the trace that many ranges meet it.
func (v *Survey) isWide(b *Block) bool {
	return float64(b.Max)-float64(b.Start) > (float64(v.Last)-float64(v.Zero))/16
}

// finish settles what is known at the end of the trace only.
func (v *Survey) finish() {
	if v.Zero > v.Last {
		v.Zero, v.Last = 0, 0
	}
	for i := range v.Blocks {
		if b := &v.Blocks[i]; !v.isWide(b) {
			b.outline = nil
		}
	}
	v.sketch = outline{}
}

// bounds are those of some events: what a Block tells of them, and what they are
// to the range of the trace.
type bounds struct {
	start, end Time // smallest start and largest end
	zero, last Time // the same of what a viewer shows
	holds      Holds
}

var noBounds = bounds{start: MaxTime, end: MinTime, zero: MaxTime, last: MinTime}

// meet makes b the bounds of the events of both.
func (b *bounds) meet(o *bounds) {
	b.start, b.end = min(b.start, o.start), max(b.end, o.end)
	b.zero, b.last = min(b.zero, o.zero), max(b.last, o.last)
	b.holds |= o.holds
}

func (b *bounds) add(e *Event) {
	if e.isWhole() {
		// Most events are these. addAny comes to the same.
		end := e.TS.Add(e.Dur)
		b.start, b.end = min(b.start, e.TS), max(b.end, end)
		b.zero, b.last = min(b.zero, e.TS), max(b.last, end)
		return
	}
	b.addAny(e)
}

func (b *bounds) addAny(e *Event) {
	b.holds |= holds[e.Phase]
	if !e.hasPlace() {
		return
	}
	end := e.End()
	b.start, b.end = min(b.start, e.TS), max(b.end, end)
	if e.Shown() {
		b.zero, b.last = min(b.zero, e.TS), max(b.last, end)
	} else if e.IsEnd() {
		b.last = max(b.last, end)
	}
}
