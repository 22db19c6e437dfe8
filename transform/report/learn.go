package report

import (
	"context"
	"errors"

	"tracekit/filter"
	"tracekit/internal/budget"
	"tracekit/trace"
	"tracekit/transform/internal/merged"
	"tracekit/transform/requests"
	"tracekit/transform/steps"
	"tracekit/transform/window"
)

// learned is what the first reading leaves.
type learned struct {
	survey   *trace.Survey
	sides    filter.Recognizer
	levels   filter.Levels
	finder   *steps.Finder
	bounds   *window.Finder // nil if no range was given
	requests *requests.Finder
	run      *steps.Run // nil if there are no steps
	names    Names
	begins   begins
	classes  classes
	work     []lateness // of what may be a device's work, by process
	frames   []lateness // of Python frames, by track
	hosts    []lateness // of operators and annotations, by track, if time is attributed
	calls    []lateness // of the runtime's calls, likewise
	share    bool       // time is attributed
	unsure   bool       // some calls were taken for work until more was known
	reader   merged.Reader
	merged   bool       // some slices stand for others
	shortest trace.Time // of all slices that count for something, 0 for none
	from, to trace.Time // the range, half open
}

// lateness is how much later events come than their times say: the largest
// distance from an event's start back to a later one before it in the file.
type lateness struct{ high, late trace.Time }

func (l *lateness) note(start trace.Time) {
	if start >= l.high {
		l.high = start
	} else {
		l.late = max(l.late, l.high-start)
	}
}

func learn(ctx context.Context, s *trace.Source, o Options) (*learned, error) {
	l := &learned{finder: steps.NewFinder(o.Markers), share: o.Windows != nil, requests: o.Requests}
	l.sides.Given, l.begins.kind = o.Given, l.kindOf
	var err error
	if o.Range != nil {
		if l.bounds, err = window.NewFinder(*o.Range); err != nil {
			return nil, err
		}
	}
	budget.Held(ctx, func(s *budget.Sum) {
		s.Add("threads", l.names.Held()+16*(cap(l.frames)+cap(l.work)))
		s.Add("markers of steps", l.finder.Held())
		s.Add("open slices", l.begins.held)
		if l.requests != nil {
			s.Add("requests", l.requests.Held())
		}
	})
	l.survey, err = s.SurveyParts(func(p *trace.Part) error {
		if p.Text != nil {
			l.sides.LearnDocument(p.Text)
			l.finder.LearnDocument(p.Text)
			if l.bounds != nil {
				l.bounds.LearnDocument(p.Text)
			}
			if l.requests != nil {
				l.requests.LearnDocument(p.Text)
			}
		}
		for i := range p.Events {
			l.event(&p.Events[i])
		}
		if o.Look != nil {
			o.Look(p)
		}
		return budget.Check(ctx)
	})
	l.settle()
	return l, err
}

func (l *learned) event(e *trace.Event) {
	known := l.classes.of(e, &l.sides)
	if known == nil {
		l.sides.Learn(e)
	}
	l.finder.Learn(e)
	if l.bounds != nil {
		l.bounds.Learn(e)
	}
	if l.requests != nil {
		l.requests.Learn(e)
	}
	switch {
	case e.IsMeta():
		l.names.Learn(e)
		return
	case e.Phase == 'B' || e.Phase == 'E':
		l.begins.take(l.names.Of(e), e, l.note)
		return
	}
	s := l.reader.Read(e)
	switch {
	case s != nil:
		l.merged = true
		for n := range s.All {
			part := l.reader.Part(e, n)
			l.sides.Learn(&part)
			l.note(&part)
		}
	case e.Phase != 'X' && known == nil:
		l.classes.put(e, &l.sides, look{})
	case !isSlice(e):
	case known != nil:
		l.noteAs(e, known.class)
	default:
		class := l.kindOf(e)
		l.noteAs(e, class)
		l.classes.put(e, &l.sides, look{class: class})
	}
}

// note notes where a slice comes in the order of time.
func (l *learned) note(e *trace.Event) error {
	l.noteAs(e, l.classOf(e))
	return nil
}

func (l *learned) noteAs(e *trace.Event, class class) {
	if e.Dur > 0 && class != nothing && (e.Dur < l.shortest || l.shortest == 0) {
		l.shortest = e.Dur
	}
	switch class {
	case frame:
		track := l.names.Of(e)
		l.frames = grown(l.frames, track)
		l.frames[track].note(e.TS)
	case work:
		process := l.names.Process(e)
		l.work = grown(l.work, process)
		l.work[process].note(e.TS)
		l.levels.Learn(&l.sides, e)
		if l.share {
			l.hosts = noteOn(l.hosts, l.names.Of(e), e.TS)
		}
	case call:
		l.calls = noteOn(l.calls, l.names.Of(e), e.TS)
	}
}

func noteOn(all []lateness, track int, start trace.Time) []lateness {
	all = grown(all, track)
	all[track].note(start)
	return all
}

// lateOn is how late slices of a track come; as late as can be if it had none until now.
func lateOn(all []lateness, track int) trace.Time {
	if track < len(all) {
		return all[track].late
	}
	return anyLate
}

// settle says that slices come in any order on tracks whose begins and ends do.
func (l *learned) settle() {
	for track := range l.begins.tracks {
		if !l.begins.tracks[track].outOfOrder {
			continue
		}
		process := l.names.All[track].Process
		l.frames, l.work = grown(l.frames, track), grown(l.work, process)
		l.frames[track].late, l.work[process].late = anyLate, anyLate
		if l.share {
			l.hosts = grown(l.hosts, track)
			l.hosts[track].late = anyLate
		}
	}
}

// anyLate is later than any two times lie apart.
const anyLate = trace.MaxTime / 2

func grown[T any](s []T, i int) []T {
	for len(s) <= i {
		var zero T
		s = append(s, zero)
	}
	return s
}

// class is what an event counts for.
type class uint8

const (
	nothing class = iota
	frame         // of Python
	work          // if it is a device's
	call          // of the runtime, if time is attributed
)

// overlays lie over other work and are none themselves, such as the span of the whole capture.
var overlays = map[string]bool{
	"gpu_user_annotation": true, "cuda_profiler_range": true, "xpu_scope_profiler": true, "mtia_counters": true,
	"Trace": true,
}

// classOf tells what e counts for, by what is known until now.
func (l *learned) classOf(e *trace.Event) class {
	if !isSlice(e) {
		return nothing
	}
	return l.kindOf(e)
}

func isSlice(e *trace.Event) bool {
	return e.Phase == 'X' && e.Has&trace.HasDur != 0 && e.Dur >= 0 && e.Shown()
}

// kindOf is what a slice counts for, whatever its length.
func (l *learned) kindOf(e *trace.Event) class {
	switch k := l.sides.Kinds(e); {
	case k&filter.Python != 0:
		return frame
	case overlays[string(e.Cat())]:
		return nothing
	case k&filter.Runtime != 0:
		return l.callOf(e)
	}
	return work
}

// callOf is what a call counts for; who is not known yet may be a device's work.
func (l *learned) callOf(e *trace.Event) class {
	switch side := l.sides.Side(e); {
	case side == filter.Unsure:
		l.unsure = true
		return work
	case l.share && side == filter.Host:
		return call
	}
	return nothing
}

// begin finds the range and the steps.
func (l *learned) begin(o Options) (*Report, error) {
	r := &Report{Zero: l.survey.Zero, Ruler: l.survey.Ruler, Impossible: l.survey.Outside, Damage: l.survey.Damage, Survey: l.survey, Shortest: l.shortest}
	var missing *steps.NoMarkersError
	var err error
	switch l.run, err = l.finder.Run(); {
	case err == nil:
		r.Markers = l.run.String()
	case !errors.As(err, &missing) || o.Markers != steps.Options{}:
		return nil, err
	default:
		r.Markers = "no markers of steps"
	}
	l.from, l.to = l.survey.Zero, l.survey.Last.Add(1)
	if l.bounds == nil && l.requests == nil && l.run != nil && l.run.Outside.Steps > 0 {
		l.from, l.to = l.run.Capture.Start, l.run.Capture.End.Add(1)
		r.Outside = l.run.Outside.String()
	}
	if l.bounds != nil {
		if l.from, l.to, _, err = l.bounds.Resolve(l.survey); err != nil {
			return nil, err
		}
	}
	if l.requests != nil {
		if l.from, l.to, _, err = l.requests.Range(o.Request, l.survey); err != nil {
			return nil, err
		}
	}
	r.From, r.To = max(l.from, l.survey.Zero), min(l.to, l.survey.Last)
	r.To = max(r.From, r.To)
	return r, nil
}

// holds reports whether something that starts then belongs to the range whole.
func (l *learned) holds(start trace.Time) bool { return start >= l.from && start < l.to }

// meets reports whether some of a slice belongs to the range.
func (l *learned) meets(e *trace.Event) bool {
	return e.TS < l.to && (e.End() > l.from || e.Dur == 0 && e.TS == l.from) && l.survey.Holds(e.TS, e.Span())
}
