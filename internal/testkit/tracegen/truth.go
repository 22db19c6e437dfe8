package tracegen

import (
	"encoding/json"
	"io"
)

// Truth is what a generated trace tells of. All times are integer
// nanoseconds on the trace's own clock: ts × 1000.
//
// Steps and Requests take memory in proportion to the number of steps, less
// than 1 kB each, where a step takes some 100 kB in the trace.
type Truth struct {
	Producer            Producer         `json:"producer"`
	Seed                uint64           `json:"seed"`
	BaseTimeNanoseconds int64            `json:"baseTimeNanoseconds,omitempty"`
	Bytes               int64            `json:"bytes"`    // of the whole JSON text
	Events              int64            `json:"events"`   // of any kind, metadata and flows too
	Kinds               map[string]Tally `json:"kinds"`    // by "ph:cat", such as "X:cpu_op"; without a category "X:"
	Hardware            Tally            `json:"hardware"` // events on the device; flows and metadata not
	Python              Tally            `json:"python"`   // python_function events
	MinNS               int64            `json:"minNs"`    // smallest ts of what is shown: no metadata, no flows
	MaxNS               int64            `json:"maxNs"`    // largest end of what is shown
	Steps               []Step           `json:"steps"`
	Requests            []Request        `json:"requests"`
}

// Tally counts events and the bytes of their objects, without what stands between them.
type Tally struct {
	Events int64 `json:"events"`
	Bytes  int64 `json:"bytes"`
}

// The phases of a step or batch.
const (
	Prefill = "prefill"
	Decode  = "decode"
	Mixed   = "mixed"
)

// Step is one engine step. It starts with its first host slice (for Gaudi
// prepare_input_tensors or warmup, else the step marker) and ends with its
// last; its device work may start and end later.
type Step struct {
	Index           int     `json:"index"` // from 0, the warmup included
	StartNS         int64   `json:"startNs"`
	EndNS           int64   `json:"endNs"`
	Phase           string  `json:"phase"`
	Warmup          bool    `json:"warmup,omitempty"`
	PrefillRequests int     `json:"prefillRequests"`
	PrefillTokens   int     `json:"prefillTokens"`
	DecodeRequests  int     `json:"decodeRequests"` // as many tokens
	Batches         []Batch `json:"batches"`

	gap      int64     // idle host time before the step
	compiles int       // recompilations so far
	admitted []Request // requests whose prompt this step runs
	finished []Request // requests that end with this step
}

// Batch is one run of the model. A Gaudi step runs each prompt batch and the
// decode batch by itself, the others run all at once.
type Batch struct {
	Phase      string `json:"phase"`
	StartNS    int64  `json:"startNs"`
	EndNS      int64  `json:"endNs"`
	Requests   int    `json:"requests"`
	Tokens     int    `json:"tokens"`     // computed in this batch
	BucketSize int    `json:"bucketSize"` // padded number of requests
	BucketSeq  int    `json:"bucketSeq"`  // padded tokens a request
	BucketCtx  int    `json:"bucketCtx"`  // padded blocks of context
	MaxLen     int    `json:"maxLen"`     // longest request, in tokens with context
	SumLen     int    `json:"sumLen"`     // of all requests, in tokens with context
	Blocks     int    `json:"blocks"`     // of the cache in use
	// Compile is the recompilation at the batch's start, or nil.
	Compile *Compile `json:"compile,omitempty"`

	iteration int
	compiles  int     // recompilations up to and with this batch
	average   float64 // running throughput, in requests a second
}

// Compile is one recompilation of a graph.
type Compile struct {
	Recipe  string `json:"recipe"`
	StartNS int64  `json:"startNs"`
	EndNS   int64  `json:"endNs"`
}

// Request is one prompt and its output. The prompt's step makes the first
// token, each decode step one more.
type Request struct {
	ID         int   `json:"id"`
	PromptLen  int   `json:"promptLen"`
	OutputLen  int   `json:"outputLen"`
	FirstStep  int   `json:"firstStep"` // the step that admitted it and ran its prompt
	LastStep   int   `json:"lastStep"`  // of its last token in this trace
	StartNS    int64 `json:"startNs"`   // start of the first step
	EndNS      int64 `json:"endNs"`     // end of the last step
	Tokens     int   `json:"tokens"`    // made in this trace
	Unfinished bool  `json:"unfinished,omitempty"`
}

// WriteJSON writes the truth as indented JSON.
func (t *Truth) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	return enc.Encode(t)
}
