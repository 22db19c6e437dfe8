// Package downsample thins out the events of a trace and preserves busy time and what a viewer
// draws. [Run] is its only entry. Merged slices are written and read by package merged.
//
// It reads a trace twice. The first pass makes a record of about 20 bytes of each
// event: its track, its times, its number in the file. Records are sorted by track
// and time, through temporary files if they are many; from there on each track is
// gone through in order of time with nothing in memory but the slices that are
// open, however the file is ordered. What is decided is a bit for each event, and
// the text of the slices that are made, which goes through a file too. The second
// pass writes what is kept.
//
// There is one resolution for the whole trace. Slices that last as long are
// kept; shorter neighbours at one depth become merged slices (runs), no wider than the resolution and
// without a wider gap, so that a viewer draws the same until a column of its screen is
// narrower than that. A budget is kept by the finest resolution that fits: one pass over
// the records estimates what resolutions a factor of two apart leave, and deciding says
// exactly what one leaves, which is done until it fills the budget.
//
// Memory grows with tracks, names, categories, series of counters and slices that
// are open; by a bit or two for each event, 12 bytes for each counter event and 24
// for each step.
package downsample

import (
	"context"

	"tracekit/filter"
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/pipeline"
	"tracekit/transform/steps"
	"tracekit/transform/window"
)

// Options say what is dropped. They apply in the order of the fields, each to what those
// before it leave.
type Options struct {
	Every    int           // keep every so manieth step whole, with what it launched, and nothing else; 0 for all
	Steps    steps.Options // which steps
	MaxDepth int           // keep so many slices one inside the other; 0 for all
	Counters trace.Time    // the interval in which four samples of a series stay; 0 for all
	MinDur   trace.Time    // shorter slices go

	// Resolution is how long a slice has to be to stay as it is. Shorter ones become runs
	// of neighbours, at most that long; nil for none.
	Resolution *trace.Time

	// MaxEvents and TargetSize, in bytes of text, are budgets, 0 for none: they find the
	// finest resolution with which the output fits.
	MaxEvents, TargetSize int64
	// Given says what events are, where nothing else tells.
	Given filter.Given

	// Favour says which slices get a tenth of the resolution; nil for none. It can't ask
	// for depth.
	Favour *filter.Expr

	// Stats asks by how much the picture differs.
	Stats bool

	// Worked, unless it is nil, is told of what is done besides reading: of each part as a share
	// of what it takes to go through all records once.
	Worked func(share float64)

	// Spill is called for temporary files.
	Spill func() (*spill.File, error)
}

// Any reports whether o asks for anything.
func (o *Options) Any() bool { return o.slices() || o.Counters > 0 }

func (o *Options) budget() bool   { return o.MaxEvents > 0 || o.TargetSize > 0 }
func (o *Options) merging() bool  { return o.Resolution != nil || o.budget() }
func (o *Options) moments() bool  { return o.budget() || o.Every > 0 }
func (o *Options) counters() bool { return o.moments() || o.Counters > 0 }
func (o *Options) slices() bool {
	return o.moments() || o.MinDur > 0 || o.MaxDepth > 0 || o.Resolution != nil
}

// Run writes what is left of the trace s. A budget that is too small for what has
// to stay makes the error a *BudgetError.
//
// Slices are X and pairs of B and E, which are kept or dropped together, as do b and e. A
// slice that is kept keeps those around it. A flow is kept if its start and an end of
// it do: they go with the slices that they are bound to, but end on what those are
// merged into. With a budget, they go with slices that are merged.
func Run(ctx context.Context, s *trace.Source, w *trace.Writer, o Options) (pipeline.Report, error) {
	return runHolding(ctx, s, w, o, sortMemory)
}

// runHolding is Run with a limit to the records that are held in memory.
func runHolding(ctx context.Context, s *trace.Source, w *trace.Writer, o Options, held int) (rep pipeline.Report, err error) {
	p, err := survey(ctx, s, &o, held)
	if err != nil {
		return rep, err
	}
	defer p.close()
	d, err := p.fit(ctx)
	if err != nil {
		return rep, err
	}
	defer d.close()
	if err := p.emit(ctx, s, w, d); err != nil {
		return rep, err
	}
	rep = pipeline.Report{
		EventsIn: p.survey.Events, BytesIn: p.survey.Bytes, EventsOut: w.Events, BytesOut: w.Bytes, Damage: p.survey.Damage,
	}
	rep.Notes = append(rep.Notes, d.summary()...)
	rep.Table = d.sides()
	rep.Note(window.Outside(&p.survey.Extent))
	return rep, nil
}
