package steps

import (
	"bytes"
	"fmt"

	"tracekit/internal/term"
	"tracekit/trace"
)

// Capture is the span of time in which the profiler recorded, as it states itself: Kineto
// writes a slice of the category Trace as long as that, PyTorch Profiler (0)
// (libkineto/src/output_json.cpp). If there are several, it is what they reach over. The
// zero value has seen nothing.
type Capture struct {
	Start, End trace.Time
	Known      bool
}

// Learn looks at an event.
func (c *Capture) Learn(e *trace.Event) {
	if e.Phase != 'X' || string(e.Cat()) != "Trace" || e.Dur <= 0 || !bytes.HasPrefix(e.Name(), []byte("PyTorch Profiler")) {
		return
	}
	if !c.Known {
		*c = Capture{e.TS, e.End(), true}
		return
	}
	c.Start, c.End = min(c.Start, e.TS), max(c.End, e.End())
}

// holds reports whether some of [start, end) lies in the capture.
func (c *Capture) holds(start, end trace.Time) bool { return start < c.End && end > c.Start }

// Outside is what was recorded outside of the capture: on Gaudi vLLM's own profiler hands
// over, with the first capture, all that it has seen since its process began.
type Outside struct {
	Steps      int // in all
	Warmup     int // of these, in the warm-up
	Compiles   int
	Start, End trace.Time // of the steps
}

// String says what there was, such as 20 steps, 8 of them in the warm-up, and 26 compilations.
func (o Outside) String() string {
	s := term.Plural(o.Steps, "step")
	if o.Warmup > 0 {
		s += fmt.Sprintf(", %d of them in the warm-up", o.Warmup)
	}
	if o.Compiles > 0 {
		s += ", and " + term.Plural(o.Compiles, "compilation")
	}
	return s
}

// keepCapture leaves those steps to a run that lie in the capture, if any do, and says what
// else there was.
func (f *Finder) keepCapture(r *Run, all []Step) {
	first, after := 0, len(all)
	if f.capture.Known {
		for first < after && !f.capture.holds(all[first].Start, all[first].End) {
			first++
		}
		for after > first && !f.capture.holds(all[after-1].Start, all[after-1].End) {
			after--
		}
	}
	if first == after { // none lies in it, so that it says nothing of them
		r.Steps = all
		return
	}
	r.Steps = all[first:after:after]
	for i := range r.Steps {
		r.Steps[i].Index = i
	}
	if len(r.Steps) == len(all) {
		return
	}
	rest := append(all[:first:first], all[after:]...)
	r.Outside = Outside{Steps: len(rest), Start: rest[0].Start, End: rest[len(rest)-1].End}
	for i := range rest {
		if rest[i].Warmup {
			r.Outside.Warmup++
		}
	}
}
