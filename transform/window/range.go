package window

import (
	"errors"
	"fmt"
	"math/big"

	"tracekit/filter"
	"tracekit/internal/budget"
	"tracekit/internal/term"
	"tracekit/trace"
	"tracekit/transform/steps"
)

// What can be wrong with a range.
var (
	ErrRange     = errors.New("the range holds nothing of the trace")
	ErrBackwards = errors.New("the range ends before it begins")
	ErrNoMatch   = errors.New("nothing in the trace meets the condition of the range")
	ErrApart     = errors.New("the steps of a range have to follow one another")
	ErrNoPhase   = errors.New("there is no such run of steps")
	ErrNoCapture = errors.New("the trace does not say when its profiler recorded")
)

// Range is a range of time as a user names it, in one of these ways: by its
// bounds, as a part of the whole, as the capture, by steps, or around an event. A bound that is not set
// is the trace's own start or end.
type Range struct {
	From, To Bound
	For      trace.Time // length, instead of To; 0 if not given

	// Part is the Part-th of Parts equal parts, from 1; Parts is 0 if not given.
	Part, Parts int

	// Capture is the span in which the profiler recorded, as it states itself.
	Capture bool

	// Steps are steps that follow one another, and Phase the PhaseRun-th run of
	// steps in a phase, from 1, without the warm-up. Marker chooses among the
	// trace's markers.
	Steps    *steps.Choice
	Phase    *steps.Phase
	PhaseRun int
	Marker   steps.Options

	// Around is met by the event that the range lies around, the first one in
	// time, and Pad is added on both of its sides.
	Around *filter.Expr
	Pad    trace.Time

	// Numbered has steps looked for, whatever names the range, so that Run tells which are in it.
	Numbered bool
}

// byStep reports a range that is named by steps.
func (r *Range) byStep() bool { return r.Steps != nil || r.Phase != nil }

// Finder resolves a Range for one trace. Events have to be shown to Learn, if
// it Learns, before Resolve.
type Finder struct {
	Range
	env     filter.Env
	steps   *steps.Finder           // nil unless they are asked for
	run     *steps.Run              // what it found
	picks   func(*trace.Event) bool // false for events of no use to steps that number alone
	capture steps.Capture
	matches int
	first   trace.Event
}

// NewFinder returns a Finder for r. It fails if a condition needs more
// than an event's own members.
func NewFinder(r Range) (*Finder, error) {
	if r.Around.Needs()&(filter.NeedsZero|filter.NeedsNames|filter.NeedsDepth|filter.NeedsKinds) != 0 {
		return nil, errors.New("the condition of a range can ask for an event's own members only, and for no time but dur")
	}
	f := &Finder{Range: r}
	if r.Numbered || r.byStep() {
		f.steps = steps.NewFinder(r.Marker)
		f.picks = f.steps.Candidates()
	}
	return f, nil
}

// Learns reports whether events are of any use.
func (f *Finder) Learns() bool { return f.Around != nil || f.steps != nil || f.Capture }

// Restore makes f know what it would if it was shown all of s, by what the index of s has, and
// reports whether that has it: steps and phases, but for other markers than there usually are,
// and the capture.
func (f *Finder) Restore(s *trace.Source) bool {
	return f.Around == nil && (f.steps == nil || f.steps.Restore(s)) && (!f.Capture || f.capture.Restore(s))
}

// Picks returns a function that is false for events that are of no use to Learn, which may be
// called at the same time; nil if all may be.
func (f *Finder) Picks() func(e *trace.Event) bool {
	if f.steps == nil || !f.IsBounds() {
		return nil
	}
	return f.steps.Candidates() // not that of Learn: each remembers categories
}

// LearnDocument looks at text of the document, outside of its events.
func (f *Finder) LearnDocument(text []byte) {
	if f.steps != nil {
		f.steps.LearnDocument(text)
	}
}

// Run has the steps of the trace, after Resolve; nil if they were not looked for, or there are none.
func (f *Finder) Run() *steps.Run {
	if f.run == nil && f.steps != nil {
		f.run, _ = f.steps.Run() // without markers there is nothing to number
	}
	return f.run
}

// Hold adds what f takes to a sum.
func (f *Finder) Hold(s *budget.Sum) {
	if f.steps != nil {
		f.steps.Hold(s)
	}
}

// Learn looks at an event.
func (f *Finder) Learn(e *trace.Event) {
	if f.steps != nil && (f.byStep() || f.picks(e)) {
		f.steps.Learn(e)
	}
	if f.byStep() {
		return
	}
	if f.Capture {
		f.capture.Learn(e)
		return
	}
	if f.Around == nil || !e.Shown() || !f.Around.Match(e, &f.env) {
		return
	}
	if f.matches++; f.matches == 1 || e.TS < f.first.TS {
		f.first = e.Clone()
	}
}

// Resolve returns the range on the trace's clock, half open, and a note on how it was found, if that
// is not obvious.
func (f *Finder) Resolve(v *trace.Survey) (from, to trace.Time, note string, err error) {
	switch {
	case f.Parts > 0:
		from, to = part(&v.Extent, f.Part-1, f.Parts), part(&v.Extent, f.Part, f.Parts)
	case f.Capture:
		if !f.capture.Known {
			return 0, 0, "", ErrNoCapture
		}
		from, to = f.capture.Start, f.capture.End.Add(1) // what happens at the very end belongs
	case f.byStep():
		if from, to, note, err = f.stepping(); err != nil {
			return 0, 0, "", err
		}
	case f.Around != nil:
		if f.matches == 0 {
			return 0, 0, "", fmt.Errorf("%w: %s", ErrNoMatch, f.Around)
		}
		from, to = f.first.TS, f.first.End()
		if f.Pad > 0 {
			from, to = Readable(from.Add(-f.Pad)), max(Readable(to.Add(f.Pad)), to)
		}
		if from == to {
			to++
		}
		note = fmt.Sprintf("around %q at %v, the first of %d that meet the condition", trace.Unescape(f.first.Name()), ago(f.first.TS-v.Zero), f.matches)
	default:
		if from, to, err = f.bounds(&v.Extent, BaseOf(v)); err != nil {
			return 0, 0, "", err
		}
	}
	if to <= v.Zero || from > v.Last {
		return 0, 0, "", fmt.Errorf("%w: %s", ErrRange, lies(&v.Extent, from, to))
	}
	return from, to, note, nil
}

// lies tells where a range is that has nothing of the trace in it, in the time
// that a viewer's ruler shows.
func lies(v *trace.Extent, from, to trace.Time) string {
	if to <= v.Zero {
		return fmt.Sprintf("it ends %v before the trace begins, at @%s", ago(v.Zero-to), micros(v.Zero))
	}
	return fmt.Sprintf("it begins at %v, and the trace ends at %v, @%s", ago(from-v.Zero), ago(v.Last-v.Zero), micros(v.Last))
}

// stepping finds the range of the steps, or of the phase, that is asked for.
func (f *Finder) stepping() (from, to trace.Time, note string, err error) {
	run, err := f.steps.Run()
	if err != nil {
		return 0, 0, "", err
	}
	f.run = run
	if f.Steps != nil {
		chosen, err := f.Steps.Indices(run)
		if err != nil {
			return 0, 0, "", err
		}
		if s := steps.Stretches(chosen); len(s) > 1 {
			return 0, 0, "", fmt.Errorf("%w: steps %v", ErrApart, f.Steps)
		}
		from, to = run.Windows(chosen[0], chosen[len(chosen)-1])
		return from, to, run.String(), nil
	}
	n := 0
	var found steps.PhaseRun
	for _, p := range run.Phases() {
		if p.Phase == *f.Phase && !p.Warmup {
			if n++; n == f.PhaseRun {
				found = p
			}
		}
	}
	if n < f.PhaseRun {
		return 0, 0, "", fmt.Errorf("%w: %v, run %d; there are %d", ErrNoPhase, *f.Phase, f.PhaseRun, n)
	}
	return found.Start, found.End, fmt.Sprintf("%v, run %d of %d: %s; %v", *f.Phase, f.PhaseRun, n, term.Plural(found.Last-found.First+1, "step"), run), nil
}

func (f *Range) bounds(v *trace.Extent, base int64) (from, to trace.Time, err error) {
	from, to = v.Zero, v.Last.Add(1)
	if f.From.IsSet() {
		if from, err = f.From.Resolve(v.Zero, v.Last, base); err != nil {
			return 0, 0, err
		}
	}
	if f.To.IsSet() {
		if to, err = f.To.Resolve(v.Zero, v.Last, base); err != nil {
			return 0, 0, err
		}
	}
	if f.For > 0 {
		if to = Readable(from.Add(f.For)); to <= from {
			to = from.Add(f.For)
		}
	}
	if from == to && (f.From.kind == share || f.To.kind == share) {
		return 0, 0, fmt.Errorf("%w: all of it takes %v, and so small a share of that no time", ErrRange, ago(v.Last-v.Zero))
	}
	if from >= to && (f.To.IsSet() || f.For > 0) {
		return 0, 0, fmt.Errorf("%w: it goes from %s to %s", ErrBackwards, f.say(from, v), f.say(to, v))
	}
	return from, to, nil
}

// say writes a point in time in the form in which the bounds were given.
func (f *Range) say(t trace.Time, v *trace.Extent) string {
	if f.From.kind == raw || f.To.kind == raw {
		return "@" + string(micros(t))
	}
	return ago(t - v.Zero)
}

// Kept says which part of the trace a range is.
func (f *Finder) Kept(from, to trace.Time, v *trace.Survey) string {
	from, to = max(from, v.Zero), min(to, v.Last)
	return fmt.Sprintf("kept %s to %s: %v of %v", f.say(from, &v.Extent), f.say(to, &v.Extent), ago(to-from), ago(v.Last-v.Zero))
}

// IsBounds reports a range that is named by its bounds or as a part, for which the range of
// the trace is all that has to be known.
func (f *Range) IsBounds() bool {
	return f.Steps == nil && f.Phase == nil && f.Around == nil && !f.Capture
}

// On is the range of a trace that covers v and counts from base, half open, if it IsBounds.
func (f *Range) On(v *trace.Extent, base int64) (from, to trace.Time, err error) {
	if f.Parts > 0 {
		from, to = part(v, f.Part-1, f.Parts), part(v, f.Part, f.Parts)
	} else if from, to, err = f.bounds(v, base); err != nil {
		return 0, 0, err
	}
	if to <= v.Zero || from > v.Last {
		err = fmt.Errorf("%w: %s", ErrRange, lies(v, from, to))
	}
	return from, to, err
}

// Between is the range [from, to) on a trace's own clock.
func Between(from, to trace.Time) Range {
	at := func(t trace.Time) Bound { return Bound{text: "@" + string(micros(t)), kind: raw, value: t} }
	return Range{From: at(from), To: at(to)}
}

// part returns where the first n of all parts end. The last part holds what
// happens at the very end.
func part(v *trace.Extent, n, all int) trace.Time {
	span := new(big.Int).Mul(big.NewInt(int64(v.Last-v.Zero)+1), big.NewInt(int64(n)))
	at := v.Zero.Add(trace.Time(span.Div(span, big.NewInt(int64(all))).Int64()))
	if n == all {
		return at
	}
	return max(Readable(at), v.Zero)
}

func micros(t trace.Time) []byte { return trace.AppendMicros(nil, t) }
