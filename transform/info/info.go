// Package info lists what is in a trace, and estimates what other commands would make of it.
// [Inspect] returns an [Info]. Durations of steps and kernels are for package report.
package info

import (
	"tracekit/trace"
	"tracekit/transform/origin"
	"tracekit/transform/report"
	"tracekit/transform/requests"
)

// Info is what one pass over a trace tells of it. All times are in ns on the
// trace's own clock.
type Info struct {
	Format string `json:"format"` // of the file: plain, gzip, zstd or zip
	Packed int64  `json:"size"`   // of the file, in bytes; -1 if it is not known
	Bytes  int64  `json:"bytes"`  // of JSON
	Events int64  `json:"events"`

	Zero       trace.Time `json:"start_ns"` // range of what a viewer shows
	Last       trace.Time `json:"end_ns"`
	Ruler      trace.Time `json:"ruler_ns"`             // where Perfetto's ruler begins: before Zero if events at impossible times do
	Impossible int64      `json:"impossible_times"`     // events that are shown outside of the range
	Timeless   int64      `json:"without_time"`         // events whose ts is missing, or no time that fits into 64 bits
	BaseTime   int64      `json:"base_time_ns"`         // baseTimeNanoseconds of the document, 0 if it has none
	Wall       string     `json:"wall_clock,omitempty"` // of the start, RFC 3339; empty if the trace does not tell

	// Origin is what a piece says of how it was cut, nil if it does not.
	Origin *origin.Origin `json:"origin,omitempty"`

	Producer       string       `json:"producer"`  // all in one line
	Producers      []string     `json:"producers"` // what ran, and what recorded it
	Hints          []Hint       `json:"hints"`     // what the document says of itself
	Damage         trace.Damage `json:"-"`
	args           argsSeen
	Kinds          []Kind         `json:"kinds"`                    // the largest first
	Processes      []Process      `json:"processes"`                // those with the most events first
	Merged         *Merged        `json:"merged,omitempty"`         // nil if no slice stands for others
	DeviceWork     bool           `json:"device_work"`              // something is known to have run on a device
	Shared         *Shared        `json:"shared_devices,omitempty"` // nil if no device has work of several ranks whose ids are the same
	Unknown        []Unknown      `json:"unknown"`                  // what was not understood, the most first
	Capture        *Capture       `json:"capture,omitempty"`        // nil if the trace does not state it
	Steps          *Steps         `json:"steps,omitempty"`
	Requests       *Requests      `json:"requests,omitempty"`
	Recompilations Recompilations `json:"recompilations"`
	Predictions    []Prediction   `json:"predictions"`
}

// Hint is a member of the document that tells how the trace was made.
type Hint struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Merged is what downsample has made one slice of many of. Slices and busy times of kinds and
// threads are those of the slices that these stand for.
type Merged struct {
	Events   int64 `json:"events"`
	Slices   int64 `json:"slices"`             // that they stand for
	Estimate bool  `json:"estimate,omitempty"` // not all of them say exactly what they stand for
}

// Kind is what a category has in one phase. Bytes are with the white space
// before each event.
type Kind struct {
	Phase    string     `json:"phase"`
	Cat      string     `json:"cat"`
	Events   int64      `json:"events"`
	Bytes    int64      `json:"bytes"`
	Slices   int64      `json:"slices"`  // a begin and its end are one; merged ones are as many as they stand for
	Busy     trace.Time `json:"busy_ns"` // covered by its slices, thread by thread
	Estimate bool       `json:"busy_is_estimate,omitempty"`
}

// Process is a process with its threads. Names are as the trace has them, empty
// if it has none.
type Process struct {
	Pid     string   `json:"pid"`
	Name    string   `json:"name"`
	Labels  string   `json:"labels"`
	Events  int64    `json:"events"`
	Bytes   int64    `json:"bytes"`
	Threads []Thread `json:"threads"` // the busiest first
}

// Thread is a thread of a process.
type Thread struct {
	Tid      string     `json:"tid"`
	Name     string     `json:"name"`
	Events   int64      `json:"events"`
	Bytes    int64      `json:"bytes"`
	Slices   int64      `json:"slices"`
	Busy     trace.Time `json:"busy_ns"` // covered by any of its slices
	Estimate bool       `json:"busy_is_estimate,omitempty"`
}

// Shared are the processes of devices that have work of several ranks, and those of the hosts whose
// calls have the same ids: which call launched what is not always told there.
type Shared struct {
	Devices []string `json:"device_pids"`
	Hosts   []string `json:"host_pids"`
}

// Capture is the span of time in which the profiler recorded, as it states itself, and what
// the trace holds beside that: steps, requests and recompilations are those in it.
type Capture struct {
	Start        trace.Time `json:"start_ns"`
	End          trace.Time `json:"end_ns"`
	OutsideSteps int        `json:"outside_steps"`
	OfWarmup     int        `json:"outside_warmup_steps"`
	Compiled     int        `json:"outside_recompilations"`
	First        trace.Time `json:"outside_first_ns"` // where the first of these steps begins, 0 if there are none
	Last         trace.Time `json:"outside_last_ns"`  // where the last ends

	outside string
}

// Steps are those of the run.
type Steps struct {
	Markers string  `json:"markers"` // how they were found
	Count   int     `json:"count"`
	Phases  []Phase `json:"phases"` // those with the most steps first

	batched bool // the model runs in batches within steps
}

// Phase is all steps of one phase.
type Phase struct {
	Phase  string     `json:"phase"`
	Warmup bool       `json:"warmup"`
	Idle   bool       `json:"idle,omitempty"` // they serve no request
	First  trace.Time `json:"first_ns"`       // where the first begins
	Last   trace.Time `json:"last_ns"`        // where the last ends
	report.Durations
}

// Requests are those of the run.
type Requests struct {
	Source     requests.Source `json:"source"` // events, or batches if they are inferred
	Begun      int             `json:"begun"`  // had begun before the trace
	Unfinished int             `json:"unfinished"`
	First      trace.Time      `json:"first_ns"` // where the first begins
	Last       trace.Time      `json:"last_ns"`  // where the last ends
	report.Durations
}

// Recompilations are the graphs that were compiled in the run.
type Recompilations struct {
	First trace.Time `json:"first_ns"` // where the first begins
	Last  trace.Time `json:"last_ns"`  // where the last ends
	report.Durations
}

// Prediction is what a command would leave of the trace.
type Prediction struct {
	Command string `json:"command"` // verb and flags
	Pieces  int    `json:"pieces"`
	Events  int64  `json:"events"` // in all pieces
	Bytes   int64  `json:"bytes"`  // of JSON
	// Exact says that events and bytes are no estimate.
	Exact bool `json:"exact"`
}
