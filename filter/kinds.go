package filter

import (
	"bytes"
	"maps"
	"slices"

	"tracekit/trace"
)

// Kinds is a set of kinds of events. An event may be of several, or of none.
type Kinds uint16

const (
	Python  Kinds = 1 << iota // a frame of a Python stack
	Runtime                   // a call into the runtime or driver of a device, or an arrow from one
	Memory                    // an allocation, a release, or a failed one
	Counter                   // samples of a counter
	Instant                   // a point in time
	Flow                      // a start, step or end of an arrow
)

// Side is where an event happened.
type Side uint8

const (
	Host   Side = iota
	Device      // on an accelerator, or an arrow to it
	Unsure      // one or the other: what is yet to come will tell
)

// lane is what a category says of where its events happened.
type lane uint8

const (
	byTrack  lane = iota // nothing: the process and thread tell
	onHost               // on the host, unless the whole process is a device's
	onDevice             // on a device, whatever the process
	onStream             // on a device, unless the process is known for a host's
)

type category struct {
	lane  lane
	kinds Kinds
}

// categories that profilers write.
var categories = map[string]category{
	// PyTorch, host
	"cpu_op":               {onHost, 0},
	"user_annotation":      {onHost, 0},
	"cpu_instant_event":    {onHost, 0},
	"python_function":      {onHost, Python},
	"cuda_runtime":         {onHost, Runtime},
	"cuda_driver":          {onHost, Runtime},
	"hip_runtime":          {onHost, Runtime},
	"hip_driver":           {onHost, Runtime},
	"mtia_runtime":         {onHost, Runtime},
	"xpu_runtime":          {onHost, Runtime},
	"xpu_driver":           {onHost, Runtime},
	"privateuse1_runtime":  {onHost, Runtime},
	"privateuse1_driver":   {onHost, Runtime},
	"glow_runtime":         {onHost, Runtime},
	"hpu_op":               {byTrack, 0}, // the bridge's own calls, and whatever it can't place
	"overhead":             {onHost, 0},  // the profiler's own
	"external_correlation": {onHost, 0},
	"fwdbwd":               {onHost, 0}, // arrows between operators
	"Trace":                {onHost, 0},

	// PyTorch, device
	"kernel":              {onDevice, 0},
	"gpu_memcpy":          {onDevice, 0},
	"gpu_memset":          {onDevice, 0},
	"gpu_user_annotation": {onDevice, 0},
	"cuda_profiler_range": {onDevice, 0},
	"mtia_ccp_events":     {onDevice, 0},
	"mtia_counters":       {onDevice, 0},
	"xpu_scope_profiler":  {onDevice, 0},
	"cuda_sync":           {onStream, Runtime},
	"cuda_event":          {onStream, Runtime},
	"xpu_sync":            {onStream, Runtime},

	// arrows to the device, from the call that launched
	"ac2g":             {onDevice, Runtime},
	"async_cpu_to_gpu": {onDevice, Runtime},
	"async_gpu":        {onDevice, Runtime},

	// older PyTorch, and the engines of Gaudi
	"Operator": {onHost, 0},
	"Runtime":  {onHost, Runtime},
	"Kernel":   {onDevice, 0},
	"Memcpy":   {onDevice, 0},
	"Memset":   {onDevice, 0},

	// Python tracers of their own
	"FEE":    {onHost, Python}, // VizTracer: a function's entry and exit
	"py-spy": {onHost, Python},
}

// deviceFamilies begin the categories of accelerators' own device events, as
// far as they are not named above.
var deviceFamilies = []string{"mtia_", "xpu_", "privateuse1_"}

var phaseKinds = [256]Kinds{
	'C': Counter,
	'i': Instant, 'I': Instant, 'R': Instant,
	's': Flow, 't': Flow, 'f': Flow,
}

// categoryOf returns what is known of a category, and whether anything is.
func categoryOf(cat []byte) (category, bool) {
	if len(cat) == 0 {
		return category{}, false
	}
	for _, n := range &quick[quickSlot(cat)] {
		if n.name == string(cat) {
			return n.category, true
		}
	}
	if c, ok := categories[string(cat)]; ok {
		return c, true
	}
	for _, f := range deviceFamilies {
		if bytes.HasPrefix(cat, []byte(f)) {
			return category{lane: onDevice}, true
		}
	}
	return category{}, false
}

// quick has most of categories, found by their length and two of their bytes:
// every event is asked for its category, more than once.
var quick = func() (q [64][2]namedCategory) {
	for _, name := range slices.Sorted(maps.Keys(categories)) {
		for i := range q[quickSlot([]byte(name))] {
			if n := &q[quickSlot([]byte(name))][i]; n.name == "" {
				*n = namedCategory{name, categories[name]}
				break
			}
		}
	}
	return q
}()

type namedCategory struct {
	name string
	category
}

func quickSlot(cat []byte) int {
	return (len(cat)*5 + int(cat[0]) + int(cat[len(cat)/2])*3) % 64
}

// KindsOf returns the kinds that e shows by itself. Metadata is of no kind.
// The end of a pair may lack the name and category that its beginning has.
func KindsOf(e *trace.Event) Kinds {
	if e.IsMeta() {
		return 0
	}
	c, known := categoryOf(e.Cat())
	return kindsOf(e, c, known)
}

// IsByCategory reports that e's kinds are told by its phase and category alone.
func IsByCategory(e *trace.Event) bool {
	_, known := categoryOf(e.Cat())
	return known && !e.IsMeta() && phaseKinds[e.Phase]&Instant == 0
}

func kindsOf(e *trace.Event, c category, known bool) Kinds {
	k := phaseKinds[e.Phase]
	switch {
	case known:
		k |= c.kinds
	case k&(Counter|Flow) != 0:
	case isFrame(e.Name()):
		k |= Python
	case isSynapseCall(e.Name()):
		k |= Runtime
	}
	if k&Instant != 0 && isMemory(e.Name()) {
		k |= Memory
	}
	return k
}

// isFrame tells the names of Python frames: file.py(12): function, and those
// that PyTorch gives to modules and to functions written in C.
func isFrame(name []byte) bool {
	for _, p := range []string{"nn.Module: ", "<built-in "} {
		if bytes.HasPrefix(name, []byte(p)) {
			return true
		}
	}
	_, rest, ok := bytes.Cut(name, []byte(".py("))
	digits := len(rest) - len(bytes.TrimLeft(rest, "0123456789"))
	return ok && digits > 0 && bytes.HasPrefix(rest[digits:], []byte("): "))
}

// isSynapseCall tells calls of Gaudi's Synapse API by the device in their name,
// as in enqueueWithExternalEventsExt (accel0).
func isSynapseCall(name []byte) bool {
	i := bytes.LastIndex(name, []byte(" (accel"))
	return i > 0 && name[len(name)-1] == ')'
}

// MayCross reports a flow event whose category does not tell whether it leads
// from the host to a device or the other way.
func MayCross(e *trace.Event) bool {
	if !e.IsFlow() {
		return false
	}
	c, _ := categoryOf(e.Cat())
	return c.lane == byTrack
}

func isMemory(name []byte) bool {
	return string(name) == "[memory]" || string(name) == "[OutOfMemory]"
}
