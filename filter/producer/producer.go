// Package producer holds what profilers and servers write into a trace, as data: a file
// each. To teach tracekit another one is to add a file here and its line in All.
package producer

// Producer is a profiler, a tracer or a server, and what it writes.
type Producer struct {
	Name string // as info names it

	// Categories say where events happened and of what kinds they are. Families begin the
	// categories of device events that Categories lacks.
	Categories map[string]Category
	Families   []string
	// HostOnly are the categories that no process but a host's has: profilers are known to
	// put others where a device's events stand.
	HostOnly []string

	// Writes are categories by which the producer is known. Those of MayWrite tell it where
	// nothing tells another.
	Writes   []string
	MayWrite []string

	Markers []Markers         // of steps, by name
	Modes   map[string]string // phases by the words that stand for {mode} in a marker
	Keys    map[string]string // fields by the words before = in {keys}
	Frames  []Frame           // Python functions that run a step
	Parts   []NamedPart       // events that make up a step
	Gauges  map[string]string // fields by the members of a counter, behind prompt_ or decode_
}

// All producers. Where markers of steps are found equally often the upper one wins.
var All = []*Producer{VLLMGaudi, VLLM, SGLang, ATOM, TensorRTLLM, Diffusion, PyTorch, Gaudi, VizTracer, PySpy}

// Kinds is a set of kinds of events. An event may be of several, or of none.
type Kinds uint16

const (
	Python  Kinds = 1 << iota // a frame of a Python stack
	Runtime                   // a call into the runtime or driver of a device, or a flow from one
	Memory                    // an allocation, a release, or a failed one
	Counter                   // samples of a counter
	Instant                   // a point in time
	Flow                      // a start, step or end of a flow
)

// Place is what a category says of where its events happened.
type Place uint8

const (
	ByTrack  Place = iota // nothing: the process and thread tell
	OnHost                // on the host, unless the whole process is a device's
	OnDevice              // on a device, whatever the process
	OnStream              // on a device, unless the process is known for a host's
)

// Category is what is known of the events of a category.
type Category struct {
	Place Place
	Kinds Kinds
}
