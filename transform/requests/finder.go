package requests

import (
	"errors"
	"fmt"

	"tracekit/internal/term"
	"tracekit/trace"
	"tracekit/transform/steps"
	"tracekit/transform/window"
)

// ErrUnknown says that there is no request of an id.
var ErrUnknown = errors.New("there is no such request")

// NoneError says that no requests are known.
type NoneError struct {
	Threads []string // whose ids seem to be those of requests, as JSON; a few of them
	Steps   error    // why none follow from steps
}

func (e *NoneError) Error() string {
	return fmt.Sprintf("no event names a request, and none follow from steps: %v", e.Steps)
}

func (e *NoneError) Unwrap() error { return e.Steps }

// Options say where requests are known from: from records of a file, if there
// are any, else from ids in the trace, else from the batches of its steps.
type Options struct {
	Records []Record
	Collect CollectOptions
	Marker  steps.Options
}

// Finder finds the requests of a trace. It has to see all events, in the order
// of the file.
type Finder struct {
	Options
	collector *Collector
	steps     *steps.Finder
}

// NewFinder returns a Finder that has seen nothing.
func NewFinder(o Options) (*Finder, error) {
	c, err := NewCollector(o.Collect)
	if err != nil {
		return nil, err
	}
	return &Finder{Options: o, collector: c, steps: steps.NewFinder(o.Marker)}, nil
}

// LearnDocument looks at text of the document, outside of its events.
func (f *Finder) LearnDocument(text []byte) { f.steps.LearnDocument(text) }

// Learn looks at an event. It keeps nothing of e.
func (f *Finder) Learn(e *trace.Event) {
	if f.Records == nil {
		f.collector.Learn(e)
	}
	f.steps.Learn(e)
}

// Steps gives the steps of what was seen, nil if it has no markers of any.
func (f *Finder) Steps() *steps.Run {
	run, err := f.steps.Run()
	if err != nil {
		return nil
	}
	return run
}

// Found is the requests of a trace, in order of their start, with the steps that
// they shared if the trace has any.
type Found struct {
	Requests []Request
	Run      *steps.Run // nil if there are no markers of steps
}

// Find returns the requests of what was seen. Its error says why there are none.
func (f *Finder) Find(c Clock) (*Found, error) {
	run, noSteps := f.steps.Run()
	found := &Found{Run: run}
	var err error
	switch {
	case f.Records != nil:
		if found.Requests, err = Place(f.Records, c); err != nil {
			return nil, err
		}
	default:
		if found.Requests = f.collector.Requests(c); len(found.Requests) > 0 {
			break
		}
		if run == nil {
			return nil, &NoneError{f.collector.tracks.likely, noSteps}
		}
		if found.Requests, err = Infer(run); err != nil {
			return nil, &NoneError{f.collector.tracks.likely, err}
		}
	}
	if run != nil {
		Share(found.Requests, run)
	}
	return found, nil
}

// Get gives the request of an id.
func (f *Found) Get(id string) (*Request, error) {
	for i := range f.Requests {
		if f.Requests[i].ID == id {
			return &f.Requests[i], nil
		}
	}
	some := ""
	for i := range f.Requests[:min(len(f.Requests), 3)] {
		some += fmt.Sprintf(" %q", f.Requests[i].ID)
	}
	return nil, fmt.Errorf("%w: %q; there are %d, such as%s", ErrUnknown, id, len(f.Requests), some)
}

// Range returns the time of the request of an id in a trace, half open, and all that were
// found. It fails where none of it lies in the trace.
func (f *Finder) Range(id string, v *trace.Survey) (from, to trace.Time, found *Found, err error) {
	if found, err = f.Find(Clock{Zero: v.Zero, Last: v.Last, Base: window.BaseOf(v)}); err != nil {
		return 0, 0, nil, err
	}
	r, err := found.Get(id)
	if err != nil {
		return 0, 0, nil, err
	}
	if r.Outside {
		return 0, 0, nil, fmt.Errorf("%w: request %q ran from @%s to @%s", window.ErrRange, r.ID, micros(r.Start), micros(r.End))
	}
	return r.Start, max(r.End, r.Start.Add(1)), found, nil
}

// String says how the requests are known.
func (f *Found) String() string {
	how := map[Source]string{
		File: "by the file", Events: "by ids in the trace", Batches: "inferred from prefill and decode batches, first in, first out",
	}
	if len(f.Requests) == 0 {
		return "no requests"
	}
	return fmt.Sprintf("%s %s", term.Plural(len(f.Requests), "request"), how[f.Requests[0].Source])
}

// Memory is about how many bytes f takes.
func (f *Finder) Memory() int { return f.collector.Memory() + f.steps.Memory() }
