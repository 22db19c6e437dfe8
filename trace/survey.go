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
}

// Block is a stretch of a trace's text in file order: some text of the
// document, or some events with the bounds of their times.
type Block struct {
	Off, End int64  // in the decompressed text, in bytes
	Text     []byte // document text; nil if the block holds events

	Events     int
	Start, Max Time // smallest start and largest end of events that have a time
	Holds      Holds
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

// Overlaps reports whether some event of the block may lie in [from, to).
func (b *Block) Overlaps(from, to Time) bool { return b.Start < to && b.Max >= from }

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
	if v.Zero > v.Last {
		v.Zero, v.Last = 0, 0
	}
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
	b := Block{Off: p.Off, End: p.End, Events: p.hi - p.lo, Start: sum.start, Max: sum.end, Holds: sum.holds}
	v.Zero, v.Last = min(v.Zero, sum.zero), max(v.Last, sum.last)
	v.Events += int64(b.Events)
	v.Blocks = append(v.Blocks, b)
}

// bounds are those of some events: what a Block tells of them, and what they are
// to the range of the trace.
type bounds struct {
	start, end Time // smallest start and largest end
	zero, last Time // the same of what a viewer shows
	holds      Holds
}

var noBounds = bounds{start: MaxTime, end: MinTime, zero: MaxTime, last: MinTime}

func (b *bounds) add(e *Event) {
	if e.Phase == 'X' && e.Has&(HasTS|HasDur) == HasTS|HasDur && e.TS >= 0 && e.Dur >= 0 {
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
	if e.Has&HasTS == 0 || e.Phase == 'M' {
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
