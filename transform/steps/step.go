// Package steps finds the steps of a serving or training run by the markers that the run's own
// code has written: which step, when, in what phase, with how many requests and tokens. A
// [Finder] is shown the events of a trace in file order. It keeps about 100 bytes for each marker.
//
// How markers look is data of package producer; what is measured of a step is for report.
package steps

import (
	"fmt"
	"slices"
	"strings"

	"tracekit/internal/term"
	"tracekit/trace"
)

// Phase is what a step works on.
type Phase uint8

// The phases. Other is that of training, of idle steps, and of markers that do
// not tell.
const (
	Other   Phase = iota
	Prefill       // prompts
	Decode        // requests that have their prompt behind them
	Mixed         // both
)

var phaseNames = [...]string{"other", "prefill", "decode", "mixed"}

func (p Phase) String() string { return phaseNames[p] }

// ParsePhase returns the phase of that name.
func ParsePhase(s string) (Phase, error) {
	for i, name := range phaseNames {
		if s == name {
			return Phase(i), nil
		}
	}
	return Other, fmt.Errorf("unknown phase %q: it is one of %s", s, strings.Join(phaseNames[1:], ", ")+" and other")
}

// Unknown stands for a number that the trace does not have.
const Unknown = -1

// Load is what a step or batch works on. Every number is Unknown where the
// trace does not tell it.
type Load struct {
	Phase          Phase
	Requests       int32 // in the batch
	Tokens         int32 // computed, those of prompts and of decoding requests
	PromptRequests int32
	PromptTokens   int32
	DecodeRequests int32
	DecodeTokens   int32
	Bucket         Bucket
	SeqLen         int32 // tokens of the longest request
	CtxLen         int32 // tokens of all requests together, with their context
}

// Bucket is the size that a batch is padded to.
type Bucket struct {
	Batch int32 // requests
	Seq   int32 // tokens a request
	Ctx   int32 // blocks of context
}

// Batch is one run of the model in a step that has several.
type Batch struct {
	Load
	Start, End trace.Time
	Recompiled bool // a graph was compiled meanwhile
	Sampled    bool // a request got a token, so that its prompt is through

	// Blocks are those of context that its requests fill, of Bucket.Ctx; Unknown if the trace
	// does not tell.
	Blocks int32
}

// Compile is the compilation of a graph. When it happened is known by the slice that it
// happened in, from Start to End; how long it took is told.
type Compile struct {
	Recipe     string
	Took       trace.Time
	Within     string // name of that slice; empty if it is not known: then Start is what the event says
	Start, End trace.Time
	Step       int // index of the step that it fell into, -1 for none
}

// Step is one step of a run. The numbers of its Load are, if it has several
// batches, sums for requests, tokens and context, and the largest batch's for
// buckets and the longest request.
type Step struct {
	Load
	Index      int    // in Run.Steps
	Number     int64  // as its marker has it, Unknown if it has none
	Label      string // the marker's name, or the names of those that make up the step
	Start, End trace.Time
	Warmup     bool
	Dummy      bool // it serves no request, and runs for the sake of other ranks

	// Batches are the runs of the model, where the trace tells them apart, as
	// for vLLM on Gaudi; else nil.
	Batches []Batch
	// Compiles are the compilations that began in the step.
	Compiles []Compile
}

// Recompiled reports whether a graph was compiled in the step.
func (s *Step) Recompiled() bool {
	return len(s.Compiles) > 0 || slices.ContainsFunc(s.Batches, func(b Batch) bool { return b.Recompiled })
}

// Idle reports that the step serves no request, as iterations of an engine do that has none.
func (s *Step) Idle() bool { return s.Dummy || s.Phase == Other && s.Requests == 0 }

// Duration is the time from the step's start to its end, in ns.
func (s *Step) Duration() trace.Time { return s.End - s.Start }

// Track is where markers stand. Both are JSON text, as a trace.Track has them.
type Track struct{ Pid, Tid string }

func (t Track) String() string {
	return "pid " + trace.Unquote([]byte(t.Pid)) + ", tid " + trace.Unquote([]byte(t.Tid))
}

// Seen is a kind of marker that was found on a track.
type Seen struct {
	Producer string // the row of the table
	Track    Track
	Steps    int
}

func (s Seen) String() string {
	return fmt.Sprintf("%s by %s on %v", term.Plural(s.Steps, "step"), s.Producer, s.Track)
}

// Run is a run of steps on one track, in order of time. No step lies inside
// another.
type Run struct {
	Seen
	// Form is what the markers look like, or the user's own expression.
	Form     string
	Steps    []Step
	Compiles []Compile // of the track's process, in order of time
	Capture  Capture
	// Outside is what the trace holds beside the capture, and Steps and Compiles do not.
	Outside Outside
	// Merged is how many steps beside these only merged slices have.
	Merged int64
	// Recounted is that the trace is a piece that does not say which steps of the whole these are.
	Recounted bool
	// Others are markers that were found too and not taken.
	Others []Seen
}

// Numbered reports whether every step has a number: if not, none has one.
func (r *Run) Numbered() bool { return len(r.Steps) > 0 && r.Steps[0].Number >= 0 }

// Window is the time of a step's piece, half open: from its start to the next
// step's start. The last step's piece ends with the step. Together the pieces
// hold everything from the first step's start to the last one's end.
func (r *Run) Window(i int) (from, to trace.Time) { return r.Windows(i, i) }

// Windows is the time of the pieces of the steps from first to last, both
// included.
func (r *Run) Windows(first, last int) (from, to trace.Time) {
	from = r.Steps[first].Start
	if last+1 < len(r.Steps) {
		return from, r.Steps[last+1].Start
	}
	return from, max(r.Steps[last].End, r.Steps[last].Start.Add(1))
}

// String says in a line which markers were taken, and what else there was.
func (r *Run) String() string {
	s := fmt.Sprintf("%v, such as %q", r.Seen, r.Steps[0].Label)
	if r.Merged > 0 {
		s += fmt.Sprintf("; without %d that were merged", r.Merged)
	}
	if r.Recounted {
		s += "; counted from 0 in this piece, which does not say which ones of the whole they are"
	}
	const shown = 3
	for i, o := range r.Others {
		switch {
		case i == 0:
			s += "; not taken: "
		case i == shown:
			return s + fmt.Sprintf(" and %d more", len(r.Others)-shown)
		default:
			s += ", "
		}
		s += o.String()
	}
	return s
}
