package strip

import (
	"context"
	"errors"

	"tracekit/filter"
	"tracekit/trace"
	"tracekit/transform/internal/pairs"
	"tracekit/transform/pipeline"
)

// ErrOrder is what Run fails with where it has to know Ends. What it has written is not
// right.
var ErrOrder = errors.New("begins and ends are not in order of time")

// Ends are the kinds by which ends go, by ordinal of begins and ends: those of the begins
// that they close in order of time, wherever both stand.
type Ends struct{ kinds map[int]string }

// FindEnds reads a trace for its begins and ends. It takes some 60 bytes for each.
func FindEnds(ctx context.Context, read pipeline.Reading, o Options) (*Ends, error) {
	s := newStage(o)
	var shape pairs.Nesting
	var begins []string
	r, err := read()
	if err != nil {
		return nil, err
	}
	if err := pipeline.EachPart(ctx, r, func(p *trace.Part) {
		if p.Text != nil && s.learns {
			s.device.LearnDocument(p.Text)
		}
		for i := range p.Events {
			e := &p.Events[i]
			side := s.side(e)
			switch e.Phase {
			case 'B', 'E', 'b', 'e':
				kind, _ := s.kind(e, side)
				begins = append(begins, kind)
				shape.Learn(e)
			}
		}
	}); err != nil {
		return nil, err
	}
	shape.Settle()
	found := &Ends{map[int]string{}}
	for n := range shape.Partners {
		if p := &shape.Partners[n]; p.End >= 0 {
			found.kinds[int(p.End)] = begins[n]
		}
	}
	return found, nil
}

// side learns from an event and tells where it happened, as far as anything asks.
func (s *stage) side(e *trace.Event) filter.Side {
	switch {
	case s.Hardware:
		return s.device.LearnSide(e)
	case s.learns:
		if side := s.device.LearnSide(e); side != filter.Device {
			return side
		}
	}
	return filter.Host // what a device ran stays, but for what it is besides
}

// pair returns the kind by which e goes, given what it shows by itself: an end often has
// neither the name nor the category that tell its kind, and goes with its begin.
func (s *stage) pair(e *trace.Event, kind string) (string, error) {
	switch e.Phase {
	case 'B', 'E', 'b', 'e':
	default:
		return kind, nil
	}
	if s.Ends != nil {
		of, known := s.Ends.kinds[s.marks]
		s.marks++
		if known {
			return of, nil
		}
		return kind, nil
	}
	kind = s.pairs.Next(s.tracks.Of(e), e, kind)
	if s.pairs.OutOfOrder {
		return "", ErrOrder
	}
	return kind, nil
}
