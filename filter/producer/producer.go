// Package producer describes, as data, what profilers and servers write: which events are
// device work, runtime calls, Python, annotations, collectives, steps and recompilations. Each
// profiler has a file, and [All] lists them: to teach tracekit another one, add a file and its
// line there.
//
// It is API, as package trace is: exported names change only with a new major version.
//
// It decides nothing about a trace as a whole; that is left to filter and steps.
package producer

import (
	"fmt"
	"hash/fnv"
	"sync"
)

// Producer is a profiler, a tracer or a server, and what it writes.
type Producer struct {
	Name string // as info names it

	// Categories say where events happened and of what kinds they are. Endings do for the
	// categories that Categories lacks, and Families begin those of device events.
	Categories map[string]Category
	Endings    map[string]Category // behind an underscore
	Families   []string
	// HostOnly are the categories that no process but a host's has: profilers are known to
	// put others where a device's events stand.
	HostOnly []string

	// Processes and Threads say what names mean, and ids that are text or below zero; Labels what labels do,
	// which may read as names, too.
	Processes []Rule
	Labels    []Rule
	Threads   []Rule
	// Calls begin the names of runtime calls, where no category tells.
	Calls []string
	// DeviceArgs are the keys of args of which only events of a device have all of a set.
	DeviceArgs [][]string

	Evidence Evidence

	RequestKeys  []string // args whose value is the id of a request, or a list of ids
	RequestNames []string // names and categories of async slices that are requests, in lower case

	Markers []Markers         // of steps, by name
	Modes   map[string]string // phases by the words that stand for {mode} in a marker
	Keys    map[string]string // fields by the words before = in {keys}
	Frames  []Frame           // Python functions that run a step
	Parts   []NamedPart       // events that make up a step
	Gauges  map[string]string // fields by the members of a counter, behind prompt_ or decode_
}

// All producers. Where markers of steps are found equally often the upper one wins; of rules
// for one name the first holds.
var All = []*Producer{
	VLLMGaudi, VLLM, SGLang, ATOM, TensorRTLLM, Diffusion,
	Ascend, Paddle, PyTorch, PyTorchLegacy, Gaudi, HLProf, Unitrace, XLA, TensorFlow, ROCprof, ROCprofV3, Nsys, Proton, ONNXRuntime,
	Tinygrad, Nvprof, RocmProfileData, MindSpore, MXNet, NCCL, GGML, CLIntercept, AIEngine,
	VizTracer, PySpy, Dynamo, Ray, LoadGen, Chrome, NodeJS, Bazel, Generic,
}

// Fingerprint is another one if anything of All is.
var Fingerprint = sync.OnceValue(func() string {
	h := fnv.New64a()
	for _, p := range All {
		fmt.Fprintf(h, "%+v\n", *p)
	}
	return fmt.Sprintf("%016x", h.Sum64())
})

// Evidence is by what a producer is known to have written into a trace: any of it will do.
// Names are patterns, as in a Rule.
type Evidence struct {
	Categories []string
	Processes  []string // names, labels, and ids that are text
	Threads    []string
	// Args are keys of args that only its events have.
	Args []string
	// Weak categories, and args of what ran on a device, tell it where nothing tells any other profiler.
	Weak, WeakArgs []string
	// Also are categories and args of others that it writes too: beside it they tell of nobody else.
	Also []string
	// Instead are servers whose markers it writes beside its own.
	Instead []string
}

// Kinds is a set of kinds of events. An event may be of several, or of none.
type Kinds uint16

const (
	Python     Kinds = 1 << iota // a frame of a Python stack
	Runtime                      // a call into the runtime or driver of a device, or a flow from one
	Memory                       // an allocation, a release, or a failed one
	Counter                      // samples of a counter
	Instant                      // a point in time
	Flow                         // a start, step or end of a flow
	Annotation                   // a range that a program names: record_function, NVTX, a server's own timeline
)

// Place is what a category says of where its events happened.
type Place uint8

const (
	ByTrack  Place = iota // nothing: the process and thread tell
	OnHost                // on the host
	OnEngine              // on the host, unless the thread is an engine of a Gaudi
	OnDevice              // on a device, whatever the process
	OnStream              // on a device, unless the process is known for a host's
	ToDevice              // flows from the host to a device, wherever they start
)

// Category is what is known of the events of a category.
type Category struct {
	Place Place
	Kinds Kinds
}

// Rule says what a name means, of a process or a thread. In the name # stands for a number
// and * for any text.
type Rule struct {
	Name  string
	Is    Is
	Level Level
	Links bool // it moves data between devices: collectives
}

// Is is what a name means.
type Is uint8

const (
	Nothing  Is = iota
	Host        // it is the host's
	Calls       // it is the host's, and what has no category there calls the runtime
	Device      // it is a device's
	Labelled    // it is a device's, unless there are events of the host in it
	Engines     // it is a Gaudi's, which may hold threads of the host as well
	Engine      // it is an engine of a Gaudi
)

// Level ranks threads, or processes, that show the same work of a device: the work itself is
// shown by the lowest level that there is. What has a higher one repeats it in other words.
type Level uint8

const (
	Work    Level = iota // kernels and copies, on streams
	Ops                  // operations, of which each may have several kernels
	Modules              // of operations
	Steps                // of modules
	Views                // what someone computed from the others
)
