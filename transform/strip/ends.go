package strip

import (
	"context"
	"errors"

	"tracekit/filter"
	"tracekit/internal/bitset"
	"tracekit/internal/budget"
	"tracekit/trace"
	"tracekit/transform/internal/flows"
	"tracekit/transform/internal/pairs"
	"tracekit/transform/pipeline"
)

// Errors with which Run asks to be called again, with what Learn finds. What it has
// written is not right.
var (
	ErrOrder = errors.New("begins and ends are not in order of time")
	ErrNames = errors.New("what ran on a device follows from names that come late")
	ErrFlows = errors.New("flows may bind to slices that go")
)

// Relearns reports an error with which Run asks for what Learn finds.
func Relearns(err error) bool {
	return errors.Is(err, ErrOrder) || errors.Is(err, ErrNames) || errors.Is(err, ErrFlows)
}

// Known is what Run may have to know of the whole trace first.
type Known struct {
	device *filter.Recognizer
	ends   map[int]string // the kinds by which ends go, by ordinal of begins and ends
	flows  bitset.Set     // flow events that go with slices, by their ordinal
}

// Learn reads a trace for what happened where, and for its begins and ends: an end goes by
// the kind of the begin that it closes in order of time, wherever both stand. It takes some
// 60 bytes for each of them, and for each flow event. What flows bind to takes a second look.
func Learn(ctx context.Context, read pipeline.Reading, o Options) (*Known, error) {
	s := newStage(o)
	var shape pairs.Nesting
	var begins []begin
	var binder flows.Binder
	budget.Register(ctx, func(sum *budget.Sum) { sum.Add("flows", binder.Memory()) })
	binds := false
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
			if s.learns {
				s.device.Learn(e)
			}
			switch e.Phase {
			case 'B', 'E', 'b', 'e':
				b := begin{}
				if s.Hardware {
					b.look = s.device.PlaceOf(e)
				}
				b.kind, _ = s.kind(e, filter.Host)
				begins = append(begins, b)
				shape.Learn(e)
			case 's', 't', 'f':
				if e.Has&trace.HasTS != 0 {
					binder.NoteFlow(shape.Tracks.Of(e), e, false)
					binds = binds || len(s.cats) > 0 || e.Phase == 'f' && !flows.BindsEnclosing(e)
				}
			}
		}
	}); err != nil {
		return nil, err
	}
	if s.Runtime {
		if err := s.learnCalls(ctx, read, begins); err != nil {
			return nil, err
		}
	}
	shape.Sort()
	k := &Known{device: &s.device, ends: map[int]string{}}
	for n := range shape.Partners {
		if p := &shape.Partners[n]; p.End >= 0 {
			kind := begins[n].kind
			if s.Hardware && s.device.SideOf(begins[n].look) == filter.Device {
				kind = hardware
			}
			k.ends[int(p.End)] = kind
		}
	}
	if binds && o.DropsBegins() && o.Restarts != nil {
		o.Known = k
		k.flows, err = learnFlows(ctx, read, o, &binder, &shape)
	}
	return k, err
}

// learnCalls looks at begins once more: names of processes tell calls, and may have come late.
func (s *stage) learnCalls(ctx context.Context, read pipeline.Reading, begins []begin) error {
	r, err := read()
	if err != nil {
		return err
	}
	n := 0
	return pipeline.EachPart(ctx, r, func(p *trace.Part) {
		for i := range p.Events {
			switch e := &p.Events[i]; e.Phase {
			case 'B', 'E', 'b', 'e':
				begins[n].kind, _ = s.kind(e, filter.Host)
				n++
			}
		}
	})
}

// begin is where one happened, and by what kind it goes if that is the host.
type begin struct {
	look filter.Place
	kind string
}

// side learns from an event and tells where it happened, as far as anything asks.
func (s *stage) side(e *trace.Event) filter.Side {
	side := filter.Host
	switch {
	case !s.learns:
	case s.Known == nil:
		side = s.device.LearnSide(e)
	default:
		if side = s.device.Side(e); side == filter.Unsure {
			side = filter.Host
		}
	}
	if side == filter.Device && !s.Hardware {
		return filter.Host // it is kept, but for what it is besides
	}
	return side
}

// Events of which it is not known yet where they happened wait in memory, up to heldBytes,
// and are written at the end. Where there are more, or where the whole trace is no larger
// than smallBytes, it is read once more instead, so that all stay in their order.
const (
	heldBytes  = 1 << 20
	smallBytes = 8 << 20
)

// wait keeps an event until it is known where it happened.
func (s *stage) wait(e *trace.Event) error {
	s.undecided = append(s.undecided, e.Clone())
	if s.waiting += e.Size(); s.waiting > heldBytes && s.mayRestart() {
		return ErrNames
	}
	return nil
}

func (s *stage) mayRestart() bool { return s.Known == nil && s.Restarts != nil && s.Restarts() }

// pair returns the kind by which e goes, given what it shows by itself: an end often has
// neither the name nor the category that tell its kind, and goes with its begin.
func (s *stage) pair(e *trace.Event, kind string) (string, error) {
	switch e.Phase {
	case 'B', 'E', 'b', 'e':
	default:
		return kind, nil
	}
	if s.Known != nil {
		of, known := s.Known.ends[s.marks]
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
