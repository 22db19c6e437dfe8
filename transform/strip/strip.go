// Package strip takes kinds of events out of a trace.
package strip

import (
	"context"
	"sort"

	"tracekit/filter"
	"tracekit/trace"
	"tracekit/transform/pipeline"
)

// Options name the kinds of events that Strip takes out.
type Options struct {
	Hardware bool     // what ran on a device, and the arrows to it
	Python   bool     // frames of Python stacks
	Cats     []string // categories, by their exact name
}

// Run writes what is left of the trace behind r when kinds of events are
// taken out, in one pass. Processes and threads that are left without events
// lose their names.
func Run(ctx context.Context, r *trace.Reader, w *trace.Writer, o Options) (pipeline.Report, error) {
	s := &stage{Options: o, cats: map[string]bool{}, gone: map[string]*pipeline.Dropped{}}
	for _, c := range o.Cats {
		s.cats[c] = true
	}
	if err := pipeline.Run(ctx, r, w, s); err != nil {
		return pipeline.Report{}, err
	}
	rep := s.report()
	rep.EventsOut, rep.BytesOut = w.Events, w.Bytes
	rep.BytesIn, rep.Damage = r.Bytes, r.Damage
	return rep, nil
}

type stage struct {
	Options
	cats   map[string]bool
	device filter.Recognizer
	names  pipeline.Names
	frames pythonPairs
	unsure []trace.Event // by what is known yet, a device's or the host's
	gone   map[string]*pipeline.Dropped
	events int64
}

func (s *stage) Text(t []byte, w *trace.Writer) error {
	if s.Hardware {
		s.device.LearnDocument(t)
	}
	return w.Text(t)
}

func (s *stage) Event(e *trace.Event, w *trace.Writer) error {
	s.events++
	if s.Hardware {
		s.device.Learn(e)
	}
	if e.IsMeta() {
		return s.names.Name(e, w)
	}
	if s.Hardware {
		switch s.device.Side(e) {
		case filter.Device:
			s.drop("hardware", e)
			return nil
		case filter.Unsure:
			if !s.Python {
				s.unsure = append(s.unsure, e.Clone())
				return nil
			}
		}
	}
	return s.host(e, w)
}

// host takes an event that is no device's.
func (s *stage) host(e *trace.Event, w *trace.Writer) error {
	if s.Python && s.frames.isPython(e) {
		s.drop("python", e)
		return nil
	}
	if len(s.cats) > 0 && s.cats[string(e.Cat())] {
		s.drop(string(e.Cat()), e)
		return nil
	}
	if err := s.names.Use(e, w); err != nil {
		return err
	}
	return w.Event(e)
}

func (s *stage) End(w *trace.Writer) error {
	for i := range s.unsure {
		e := &s.unsure[i]
		if s.device.Side(e) == filter.Device {
			s.drop("hardware", e)
			continue
		}
		if err := s.host(e, w); err != nil {
			return err
		}
	}
	s.names.End()
	return nil
}

func (s *stage) drop(kind string, e *trace.Event) {
	d := s.gone[kind]
	if d == nil {
		d = &pipeline.Dropped{Kind: kind}
		s.gone[kind] = d
	}
	d.Events++
	d.Bytes += int64(e.Size())
}

func (s *stage) report() pipeline.Report {
	rep := pipeline.Report{EventsIn: s.events}
	for _, d := range s.gone {
		rep.Dropped = append(rep.Dropped, *d)
	}
	sort.Slice(rep.Dropped, func(i, k int) bool { return rep.Dropped[i].Kind < rep.Dropped[k].Kind })
	if s.names.Dropped > 0 {
		rep.Dropped = append(rep.Dropped, pipeline.Dropped{Kind: "names of what has no events", Events: s.names.Dropped})
	}
	return rep
}

// pythonPairs knows Python frames, also those that are written as begin and
// end: an end often has neither name nor category, so it goes with its begin.
type pythonPairs struct {
	tracks trace.Tracks
	open   map[int][]bool // by track, whether each open begin is a Python frame
}

func (p *pythonPairs) isPython(e *trace.Event) bool {
	is := filter.KindsOf(e)&filter.Python != 0
	switch e.Phase {
	case 'B':
		if p.open == nil {
			p.open = map[int][]bool{}
		}
		track := p.tracks.Of(e)
		p.open[track] = append(p.open[track], is)
	case 'E':
		track := p.tracks.Of(e)
		if n := len(p.open[track]); n > 0 {
			is = p.open[track][n-1]
			p.open[track] = p.open[track][:n-1]
		}
	}
	return is
}
