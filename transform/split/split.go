// Package split cuts a trace into pieces, each of which is what slice makes of its window. [Plan]
// decides the windows and returns the manifest without writing; [Run] writes the pieces too. How
// an event is cut at an edge is for package slice.
package split

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"tracekit/filter"
	"tracekit/internal/budget"
	"tracekit/internal/jsondoc"
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/origin"
	"tracekit/transform/requests"
	"tracekit/transform/slice"
	"tracekit/transform/steps"
)

// By is what a piece is a piece of.
type By string

// The ways to split.
const (
	Step    By = "step"
	Phase   By = "phase"
	Request By = "request"
	Time    By = "time"
	Size    By = "size"
	Events  By = "events"
	Process By = "process"
)

// Options say how a trace is split.
type Options struct {
	By     By
	Time   trace.Time // length of a piece, ns
	Size   int64      // bytes of JSON that a piece must not exceed
	Events int64      // events that a piece must not exceed
	Device slice.Device
	// Given says what events are, where nothing else tells.
	Given filter.Given

	MaxPieces int // 0 means MaxPieces

	Marker   steps.Options // which markers make steps
	Every    int           // steps a piece; 0 means one
	Steady   int           // only so many steps, those that stand best for the run; 0 for all
	DropGaps bool          // a piece ends with its step, not where the next one begins
	Only     *steps.Phase  // only runs of steps in this phase; nil for all

	Requests requests.Options // where requests are known from

	Name   string // template of file names; empty for the usual one
	Ending string // of the names, such as .json.zst, as the folder packs pieces; empty for .json.gz
	Source string // what the manifest calls the input

	// Origin is written into each piece; nil to write nothing of it.
	Origin *origin.Call

	// Change writes to w what it makes of a piece, which cut writes to where it is told to; several
	// pieces at the same time. Nil leaves pieces as they are. What bounds pieces counts before.
	Change func(ctx context.Context, w *trace.Writer, cut func(*trace.Writer) error) error

	// Expect is told how often the trace will still be read, once that is known. It may be nil.
	Expect func(readings float64)

	rereadMost   int64 // bytes of text that may be read for all pieces from the trace itself; 0 for what is quick
	eventsOfCell int   // 0 for the usual number
}

// Folder is where pieces go.
type Folder interface {
	// Create begins a file that appears under its name when it is committed. A piece is packed
	// as its name ends, a table is not.
	Create(name string, piece bool) (File, error)
	// Begin is told the plan before anything is written, End that all is.
	Begin(plan *Manifest) error
	End() error
}

// File is one that is being written: closed and committed, or aborted at any time.
type File interface {
	io.WriteCloser
	Trace() *trace.Writer // what writes a trace to it
	Commit() (packed int64, err error)
	Abort()
}

// What can go wrong besides reading and writing.
var ErrNothing = errors.New("there is nothing in the trace to split")

// ErrOutside says that no part of any request lies in the trace.
var ErrOutside = errors.New("all requests lie outside of the trace")

// MaxPieces is how many there may be unless Options say otherwise.
const MaxPieces = 10_000

// TooManyError says that there would be more pieces than there may be.
type TooManyError struct {
	Pieces int64
	Most   int
}

func (e *TooManyError) Error() string {
	return fmt.Sprintf("that would be %d pieces, and %d may be made", e.Pieces, e.Most)
}

// Plan returns the pieces that the trace would be split into: their files, windows and labels. It reads
// the trace once, unless an index has all that they follow from.
func Plan(ctx context.Context, s *trace.Source, o Options) (*Manifest, error) {
	p, err := newPieces(o)
	if err != nil {
		return nil, err
	}
	if !p.restore(s) {
		err = p.learn(ctx, s)
	} else if p.survey, err = s.Survey(nil); err == nil {
		err = p.settle()
	}
	if err != nil {
		return nil, err
	}
	return &p.manifest, nil
}

// restore makes p know what windows follow from by the index of s, and reports whether that has it. A
// length of time takes no more than the survey.
func (p *pieces) restore(s *trace.Source) bool {
	switch p.By {
	case Time:
		return true
	case Step, Phase:
		return p.steps.Restore(s)
	case Request:
		return p.requests.Restore(s)
	}
	return false
}

// Readings is how often Run reads a trace, as far as that is known before.
func Readings(o Options) int {
	if o.Device == slice.Launched && o.By != Process {
		return 3
	}
	return 2
}

// Run splits the trace s into files of a folder and writes the manifest beside
// them. Pieces that are few and large are read from the trace again, one by one; what belongs to
// others is kept in a temporary file meanwhile.
//
// After an error the manifest lists the pieces that are whole.
func Run(ctx context.Context, s *trace.Source, dir Folder, temp func() (*spill.File, error), o Options) (*Manifest, error) {
	p, err := newPieces(o)
	if err != nil {
		return nil, err
	}
	if err := p.learn(ctx, s); err != nil {
		return nil, err
	}
	p.router.SetWindows(p.windows, p.survey.Last)
	p.temp = temp
	if err := p.gather(ctx, s); err != nil {
		return nil, err
	}
	readings, err := p.choose(ctx, s)
	if err != nil {
		return nil, err
	}
	if o.Expect != nil {
		o.Expect(readings)
	}
	var sp *spool
	if p.chosen == nil {
		file, err := temp()
		if err != nil {
			return nil, err
		}
		defer file.Close()
		sp = newSpool(file, len(p.manifest.Pieces))
		budget.Register(ctx, sp.addMemory)
		if err := p.route(ctx, s, sp); err != nil {
			return nil, err
		}
	}
	if err := dir.Begin(&p.manifest); err != nil {
		return nil, err
	}
	if whole, err := p.writeAll(ctx, dir, s, sp); err != nil {
		p.manifest.Pieces = p.manifest.Pieces[:whole]
		return &p.manifest, err
	}
	if err := p.manifest.write(dir); err != nil {
		return &p.manifest, err
	}
	return &p.manifest, dir.End()
}

// pieces is a split under way.
type pieces struct {
	Options
	manifest  Manifest
	router    *router
	steps     *steps.Finder    // nil unless they are asked for
	numbers   *steps.Finder    // for the numbers of steps alone; nil if nobody says them, or steps are known
	requests  *requests.Finder // nil unless they are asked for
	stretches *stretches       // once steps are known
	tracks    trace.Tracks     // of events that are split by process
	density   *density
	survey    *trace.Survey
	run       *steps.Run     // nil if no steps were looked for
	from      *origin.Origin // of the trace itself, nil if it tells of none
	windows   []slice.Window
	chosen    [][]int32                   // cells of places that each piece is read from; nil if pieces are kept aside
	temp      func() (*spill.File, error) // makes a temporary file
}

// newPieces returns what is to be known of a split before anything is read.
func newPieces(o Options) (*pieces, error) {
	p := &pieces{Options: o, router: newRouter(o.Device, o.Given), density: newDensity()}
	p.router.places.each = cmp.Or(o.eventsOfCell, eventsOfCell)
	p.MaxPieces = cmp.Or(o.MaxPieces, MaxPieces)
	if o.By == Step || o.By == Phase {
		p.steps = steps.NewFinder(o.Marker)
	} else if o.Origin != nil && o.By != Request {
		p.numbers = steps.NewFinder(o.Marker)
	}
	if o.By == Request {
		var err error
		if p.requests, err = requests.NewFinder(o.Requests); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// learn reads the trace once and plans its pieces.
func (p *pieces) learn(ctx context.Context, s *trace.Source) error {
	dense := p.density
	budget.Register(ctx, p.router.addMemory)
	budget.Register(ctx, func(s *budget.Sum) {
		s.Add("times at which threads have events", dense.names.uses.memory())
		s.Add("metadata", dense.names.distinct.Memory())
		for _, f := range []*steps.Finder{p.steps, p.numbers} {
			if f != nil {
				f.Hold(s)
			}
		}
		if p.requests != nil {
			s.Add("requests", p.requests.Memory())
		}
		s.Add("threads", p.tracks.Memory())
		s.Add("pieces", pieceBytes*cap(p.manifest.Pieces)+windowBytes*cap(p.windows))
	})
	numbered := func(*trace.Event) bool { return false }
	if p.numbers != nil {
		numbered = p.numbers.Candidates()
	}
	v, err := s.SurveyParts(func(part *trace.Part) error {
		p.router.Learn(part)
		dense.text(part.Text)
		if part.Text != nil {
			p.learnDocument(part.Text)
		}
		for i := range part.Events {
			e := &part.Events[i]
			if p.By == Size || p.By == Events {
				track := p.router.shape.Tracks.Of(e)
				dense.event(e, track, p.router.shape.Tracks.All[track].Process)
			}
			if p.steps != nil {
				p.steps.Learn(e)
			}
			if numbered(e) {
				p.numbers.Learn(e)
			}
			if p.requests != nil {
				p.requests.Learn(e)
			}
			if p.By == Process && !e.IsMeta() {
				p.tracks.Of(e)
			}
		}
		return budget.Check(ctx)
	})
	if err != nil {
		return err
	}
	p.survey = v
	if err := p.settle(); err != nil {
		return err
	}
	return budget.Look(ctx)
}

// What a piece takes in the list of them, with its text, and its window.
const (
	pieceBytes  = 320
	windowBytes = 16
)

// settle plans the pieces, once all was learnt.
func (p *pieces) settle() (err error) {
	v := p.survey
	if v.Events == 0 || v.Zero == 0 && v.Last == 0 {
		return ErrNothing
	}
	p.from = origin.FromTrace(v)
	if p.numbers != nil {
		p.run, _ = p.numbers.Run() // without markers there is nothing to number
	}
	if p.Origin != nil {
		text, err := jsondoc.Compact(p.longestOrigin(v))
		if err != nil {
			return err
		}
		p.density.text(text)
	}
	p.windows, err = p.plan(p.density)
	*p.density = density{} // what the pieces themselves take has its room
	if err != nil {
		return err
	}
	p.describe(p.windows)
	return nil
}

func (p *pieces) learnDocument(text []byte) {
	for _, f := range []*steps.Finder{p.steps, p.numbers} {
		if f != nil {
			f.LearnDocument(text)
		}
	}
	if p.requests != nil {
		p.requests.LearnDocument(text)
	}
}

// origin is what the piece of a window says of where it is from.
func (p *pieces) origin(w slice.Window) *origin.Origin {
	o := p.Origin.Next(p.from, origin.Range{Start: w.From, End: w.To})
	o.Steps = p.run.Origin(w.From, w.To)
	return o
}

// longestOrigin takes about as many bytes as that of any piece of a trace.
func (p *pieces) longestOrigin(v *trace.Survey) *origin.Origin {
	all := slice.Window{From: v.Zero, To: v.Last.Add(1)}
	o := p.origin(all)
	if o.Steps != nil {
		last := len(p.run.Steps) - 1
		o.Steps.First, o.Steps.At = p.run.NumberOf(last), p.run.Steps[last].Start
	}
	return o
}

// gather reads the trace again for launches, if devices follow them.
func (p *pieces) gather(ctx context.Context, s *trace.Source) error {
	if p.By == Process {
		return nil
	}
	err := p.router.Gather(ctx, func() (trace.Stream, error) { return s.ReadBlocks(p.survey.Blocks) })
	p.manifest.unrecorded = p.router.launches.Unrecorded()
	return err
}

// route reads the trace again and spools what each piece needs.
func (p *pieces) route(ctx context.Context, s *trace.Source, sp *spool) error {
	p.router.rewind()
	err := p.each(ctx, s, func(part *trace.Part) error {
		if part.Text != nil {
			sp.text(part.Text)
			return nil
		}
		for i := range part.Events {
			if err := p.send(sp, &part.Events[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return sp.flush(&p.router.shape.Tracks)
}

func (p *pieces) send(sp *spool, e *trace.Event) error {
	at, everywhere := p.router.Route(e)
	if p.By == Process && !everywhere {
		at = append(at[:0], p.tracks.Process(e))
	}
	if everywhere {
		sp.everywhere(e)
		return nil
	}
	return sp.add(e, at)
}

func (p *pieces) each(ctx context.Context, s *trace.Source, f func(part *trace.Part) error) error {
	r, err := s.ReadBlocks(p.survey.Blocks)
	if err != nil {
		return err
	}
	defer r.Close()
	return trace.EachPart(ctx, r, f)
}
