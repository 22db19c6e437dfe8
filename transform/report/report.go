// Package report measures one trace: steps and the gaps between them, devices, kernels,
// Python and recompilations. [Run] returns a [Report]; docs/report.md has the definitions. Several
// ranks are for package ranks, two runs for package compare.
package report

import (
	"context"

	"tracekit/filter"
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/requests"
	"tracekit/transform/steps"
	"tracekit/transform/window"
)

// Options choose what a report is about.
type Options struct {
	// Range restricts the report to a range of time; nil means all of the trace.
	Range *window.Range
	// Requests, unless it is nil, finds the request whose time is the range instead.
	Requests *requests.Finder
	Request  string
	// Markers say which steps count.
	Markers steps.Options
	// Given says what events are, where nothing else tells.
	Given filter.Given
	// Look, unless it is nil, is shown every part of the first reading, for which all of the trace is read
	// then, whatever an index has.
	Look func(*trace.Part)
	// Document, unless it is nil, is shown the text of the document, outside of its events.
	Document func(text []byte)
	// Windows, unless it is nil, returns the stretches of time to attribute, in order and apart
	// from each other. It is shown a report that has its steps, gaps and recompilations.
	Windows func(*Report) []Window
	// Device, unless it is nil, is called for each slice of work of a device of which some lies in the
	// range, as they come in the file, and for communication that repeats work in other words. The
	// event is the reader's.
	Device func(e *trace.Event, repeats bool)
	// Communication asks for how far communication is hidden behind other work.
	Communication bool
	// Temp is called for a temporary file if slices come in such disorder that too
	// many have to wait.
	Temp func() (*spill.File, error)

	held int // how many slices of a thread or device wait in memory; 0 for maxHeld
}

// Report is what was measured. All times are in ns on the trace's own clock.
// Lists are in order of time if they have a start, else the largest comes
// first.
type Report struct {
	Zero trace.Time `json:"zero_ns"` // where the trace's ruler begins

	// Ruler is where Perfetto's begins, before Zero if events at impossible times
	// do, and Impossible counts these, which the report leaves out.
	Ruler      trace.Time `json:"ruler_ns"`
	Impossible int64      `json:"impossible_times"`
	From       trace.Time `json:"start_ns"` // of the range looked at
	To         trace.Time `json:"end_ns"`
	// Markers tells how the steps were found, or why there are none.
	Markers string `json:"markers"`
	// Outside tells what is not looked at because it was not recorded in the capture; empty
	// if there is nothing, or if a range was given.
	Outside string `json:"outside,omitempty"`

	Steps          []Step          `json:"steps"`
	Phases         []Bucket        `json:"phases"` // of all their buckets
	Buckets        []Bucket        `json:"buckets"`
	Padding        []Padding       `json:"padding"`
	Recompilations []Recompilation `json:"recompilations"`
	Gaps           []Gap           `json:"gaps"`
	GapTotals      Durations       `json:"gap_totals"`
	Python         []Function      `json:"python"`
	Devices        []Device        `json:"devices"`
	Kernels        []Kernel        `json:"kernels"`

	// Merged counts slices that stand for others, nil if there are none. When in their time
	// those ran is not known: then how busy devices are in steps and gaps is an estimate.
	Merged         *Merged `json:"merged,omitempty"`
	StepsEstimated bool    `json:"device_times_of_steps_are_estimates,omitempty"`

	// ForCompare is nil unless it was asked for.
	ForCompare *ForCompare `json:"for_compare,omitempty"`

	// Attribution is that of Options.Windows.
	Attribution *Attribution `json:"-"`

	batched bool // durations by phase and bucket are those of batches, not of steps

	// Shortest is how long the shortest slice of work, calls and frames takes, 0 if there is none, if it is
	// not known, or without Options.Windows.
	Shortest trace.Time `json:"-"`

	Damage trace.Damage  `json:"-"`
	Survey *trace.Survey `json:"-"` // of the whole trace
}

// Length is the length of the range looked at, in ns.
func (r *Report) Length() trace.Time { return r.To - r.From }

// Step is one step of the run. Numbers that the trace does not have are nil.
type Step struct {
	Index          int        `json:"index"` // in the whole trace, from 0
	Number         *int64     `json:"number,omitempty"`
	Label          string     `json:"label"`
	Phase          string     `json:"phase"`
	Bucket         string     `json:"bucket"` // sizes of its batches; empty if the trace tells none
	Warmup         bool       `json:"warmup"`
	Start          trace.Time `json:"start_ns"`
	Duration       trace.Time `json:"duration_ns"`
	Requests       *int32     `json:"requests,omitempty"`
	Tokens         *int32     `json:"tokens,omitempty"`
	PromptRequests *int32     `json:"prompt_requests,omitempty"`
	DecodeRequests *int32     `json:"decode_requests,omitempty"`
	Recompiled     bool       `json:"recompiled"`
	// DeviceBusy and DeviceIdle are the mean of all devices over the step's time;
	// nil if the trace has no device.
	DeviceBusy *trace.Time `json:"device_busy_ns,omitempty"`
	DeviceIdle *trace.Time `json:"device_idle_ns,omitempty"`
	// Communication is the mean of all devices, too, and Exposed what of it no other work of the
	// device hides; nil unless Options.Communication asks for it.
	Communication *trace.Time `json:"-"`
	Exposed       *trace.Time `json:"-"`

	idle bool // it serves no request
}

// Bucket is the durations of the batches of one phase and size. Without
// batches of their own, steps count as such.
type Bucket struct {
	Phase  string `json:"phase"`
	Warmup bool   `json:"warmup"`
	Bucket string `json:"bucket"`         // empty if the trace tells no sizes, and for all of them
	Idle   bool   `json:"idle,omitempty"` // they serve no request
	Durations
}

// Padding is what the batches of one phase and size hold, against what they are padded to.
// Each pair sums over the batches of which the trace has both; nil if there are none.
type Padding struct {
	Phase          string   `json:"phase"`
	Warmup         bool     `json:"warmup"`
	Bucket         string   `json:"bucket"`
	Batches        int      `json:"batches"`
	Requests       *int64   `json:"requests,omitempty"`
	PaddedRequests *int64   `json:"padded_requests,omitempty"`
	Tokens         *int64   `json:"tokens,omitempty"`
	PaddedTokens   *int64   `json:"padded_tokens,omitempty"`
	Blocks         *int64   `json:"blocks,omitempty"` // of context
	PaddedBlocks   *int64   `json:"padded_blocks,omitempty"`
	Wasted         *float64 `json:"wasted,omitempty"` // share of the padded tokens
}

// Durations sums durations up, in ns.
type Durations struct {
	Count int        `json:"count"`
	Total trace.Time `json:"total_ns"`
	Mean  trace.Time `json:"mean_ns"`
	P50   trace.Time `json:"p50_ns"`
	P90   trace.Time `json:"p90_ns"`
	P99   trace.Time `json:"p99_ns"`
	Max   trace.Time `json:"max_ns"`
}

// Recompilation is the compilation of a graph. Within is the slice that it happened in, and
// Start that slice's start, where the trace does not say more. If only a counter shows it,
// it has no recipe and no duration, and starts with its step.
type Recompilation struct {
	Start    trace.Time `json:"start_ns"`
	Duration trace.Time `json:"duration_ns"`
	Recipe   string     `json:"recipe"`
	Within   string     `json:"within,omitempty"`
	Step     int        `json:"step"` // index of its step, -1 for none
}

// Gap is the time between the end of a step, and of all before it, and the
// start of the next one.
type Gap struct {
	After      int         `json:"after_step"` // index
	Start      trace.Time  `json:"start_ns"`
	Duration   trace.Time  `json:"duration_ns"`
	DeviceBusy *trace.Time `json:"device_busy_ns,omitempty"` // as in Step
	DeviceIdle *trace.Time `json:"device_idle_ns,omitempty"`
}

// Function is a Python function on one thread.
type Function struct {
	Function string     `json:"function"`
	Pid      string     `json:"pid"`
	Tid      string     `json:"tid"`
	Thread   string     `json:"thread"` // its name
	Calls    int64      `json:"calls"`
	Self     trace.Time `json:"self_ns"`
	Total    trace.Time `json:"total_ns"`
	Estimate bool       `json:"times_are_estimates,omitempty"`
}

// Device is a process that stands for a device.
type Device struct {
	Pid     string     `json:"pid"`
	Name    string     `json:"name"`
	Events  int64      `json:"events"`
	First   trace.Time `json:"first_ns"` // start of its first work
	Last    trace.Time `json:"last_ns"`  // end of its last
	Busy    trace.Time `json:"busy_ns"`  // time in which any of its engines worked
	Idle    trace.Time `json:"idle_ns"`  // the rest between First and Last
	Engines []Engine   `json:"engines"`
	// Communication is the time in which any of its engines communicates, and Exposed that in which
	// none does anything else; nil unless Options.Communication asks for it.
	Communication *trace.Time `json:"-"`
	Exposed       *trace.Time `json:"-"`
	// Estimate says that merged slices leave open when several engines worked at once, or
	// how much of their time the work of a device takes: Busy and Idle, First and Last are
	// about right.
	Estimate bool `json:"busy_is_estimate,omitempty"`
}

// Engine is a thread of a device: a stream or an engine.
type Engine struct {
	Tid      string     `json:"tid"`
	Name     string     `json:"name"`
	Events   int64      `json:"events"`
	Busy     trace.Time `json:"busy_ns"`
	Estimate bool       `json:"busy_is_estimate,omitempty"`
	// Inside counts kernels that lie in others of the stream: one of each two has a wrong time.
	Inside int64 `json:"kernels_in_kernels,omitempty"`
}

// Kernel is what devices did under one name.
type Kernel struct {
	Name  string     `json:"name"`
	Cat   string     `json:"cat"`
	Count int64      `json:"count"`
	Total trace.Time `json:"total_ns"`
	Mean  trace.Time `json:"mean_ns"`
	// Min and Max are nil if merged slices do not say them.
	Min      *trace.Time `json:"min_ns"`
	Max      *trace.Time `json:"max_ns"`
	Share    float64     `json:"share"`                       // of the total of all kernels
	Estimate bool        `json:"total_is_estimate,omitempty"` // and Count is, since merged slices do not list all names
}

// Run measures the trace s, in two readings: the first learns of steps,
// devices, names and the order in which events come, the second measures the
// range. An index of s may have what the first one would learn; then only the second
// is done.
//
// It keeps some bytes for each step, each name of a kernel, and each Python
// function on a thread. Where events stand in the file later than their time
// says, it also keeps those in between, 32 bytes each, and of a thread or device
// with a million of them in a temporary file.
func Run(ctx context.Context, s *trace.Source, o Options) (*Report, error) {
	l, err := learn(ctx, s, o)
	if l != nil {
		defer l.giveUp()
	}
	if err != nil {
		return nil, err
	}
	r, err := l.begin(o)
	if err != nil {
		return nil, err
	}
	m := newMeasure(l, r, o)
	defer m.close()
	if err := m.read(ctx, s); err != nil {
		return nil, err
	}
	if err := m.finish(ctx); err != nil {
		return nil, err
	}
	return r, nil
}
