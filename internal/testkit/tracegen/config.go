// Package tracegen writes vLLM traces of any size for tests and measurements:
// the same configuration gives the same bytes on any machine, together with
// the truth about the steps and requests that the trace tells of.
package tracegen

import (
	"errors"
	"fmt"
)

// Producer says whose trace is imitated.
type Producer string

// The producers.
const (
	// Gaudi is vLLM's end-to-end profile on Intel Gaudi: a Kineto trace with
	// the high-level events appended.
	Gaudi Producer = "gaudi"
	// CUDA is vLLM on a GPU, as Kineto writes it.
	CUDA Producer = "cuda"
	// SGLang is SGLang on a GPU; it differs from CUDA in names and markers.
	SGLang Producer = "sglang"
)

// Layout is how the JSON text is laid out.
type Layout string

// The layouts.
const (
	// Kineto is the profiler's own: a few lines an event, three decimals.
	Kineto Layout = "kineto"
	// Dump is Python's json.dump: one line, ASCII, floats in their shortest form.
	Dump Layout = "dump"
	// Indent2 is json.dump with indent=2.
	Indent2 Layout = "indent2"
)

// Config says what to generate. The zero value with Steps set is a Gaudi
// trace in Python's layout without hardware and Python events.
type Config struct {
	Seed     uint64
	Producer Producer // default Gaudi
	Layout   Layout   // default Dump for Gaudi, Kineto for the others

	// Steps is the number of engine steps after the warmup. With TargetBytes
	// set it must be 0: then as many steps are made as fit into that many
	// bytes of JSON, but at least one.
	Steps       int
	TargetBytes int64

	// Warmup is the number of warmup steps of a Gaudi trace: 0 means two, or
	// none for a TargetBytes under 100 kB; a negative number means none.
	Warmup int
	// Layers is the number of transformer layers, from 1 to 128; it scales
	// the bytes of a step. One layer makes a toy with hardly any operators.
	// 0 means 32, or 1 for a TargetBytes under 1 MB.
	Layers int
	// OutputLen is the output length of every request in tokens; 0 varies it.
	OutputLen int

	Hardware bool // device events, flows into them, and their metadata
	Python   bool // python_function events and their metadata

	// Array writes Gaudi's server_events file: a bare array of high-level
	// events only, with absolute epoch timestamps, never closed.
	Array bool
	// Epoch writes absolute epoch microseconds as older Kineto does. Only
	// the Kineto layout can carry them to the nanosecond.
	Epoch bool

	Odd Odd
}

// Odd asks for rarer kinds of events and for damage. Each adds events of its
// own and leaves the others as they are.
type Odd struct {
	BeginEnd     bool // B/E pairs, not always in order, some open at the end
	Async        bool // b/n/e of each request, with its id
	ThreadStates bool // T events
	BindFlows    bool // slices joined by bind_id
	Emoji        bool // names beyond the basic plane: surrogate pairs in Python's layouts
	NaN          bool // NaN durations: not JSON
	Truncate     bool // the text stops within the last event
}

const (
	defaultLayers = 32
	maxLayers     = 128
	smallTarget   = 1_000_000
	tinyTarget    = 100_000
	defaultWarmup = 2
)

// withDefaults fills in what was left open and refuses what contradicts itself.
func (c Config) withDefaults() (Config, error) {
	if c.Producer == "" {
		c.Producer = Gaudi
	}
	if c.Layout == "" {
		c.Layout = Kineto
		if c.Producer == Gaudi {
			c.Layout = Dump
		}
	}
	if c.Layers == 0 {
		c.Layers = defaultLayers
		if c.TargetBytes > 0 && c.TargetBytes < smallTarget {
			c.Layers = 1
		}
	}
	tiny := c.TargetBytes > 0 && c.TargetBytes < tinyTarget
	switch {
	case c.Producer != Gaudi, c.Warmup < 0, c.Warmup == 0 && tiny:
		c.Warmup = 0
	case c.Warmup == 0:
		c.Warmup = defaultWarmup
	}
	return c, c.check()
}

func (c Config) check() error {
	switch c.Producer {
	case Gaudi, CUDA, SGLang:
	default:
		return fmt.Errorf("unknown producer %q", c.Producer)
	}
	switch c.Layout {
	case Kineto, Dump, Indent2:
	default:
		return fmt.Errorf("unknown layout %q", c.Layout)
	}
	switch {
	case c.Steps < 0 || c.TargetBytes < 0 || c.OutputLen < 0:
		return errors.New("steps, target bytes and output length must not be negative")
	case (c.Steps == 0) == (c.TargetBytes == 0):
		return errors.New("give either a number of steps or a size")
	case c.Layers < 1 || c.Layers > maxLayers:
		return fmt.Errorf("layers must be from 1 to %d, not %d", maxLayers, c.Layers)
	case c.Array && (c.Producer != Gaudi || c.Layout != Dump):
		return errors.New("the array of server events is Gaudi's, in the dump layout")
	case c.Array && (c.Hardware || c.Python || c.Odd != Odd{}):
		return errors.New("the array of server events holds high-level events only")
	case c.Epoch && c.Layout != Kineto:
		return errors.New("epoch timestamps need the kineto layout: a float cannot carry them")
	}
	return nil
}
