package report

import (
	"tracekit/filter"
	"tracekit/trace"
)

// classes know what complete slices with the same interned key count for, so that most need no look at their
// category, their process and their thread.
type classes [64]sliceClass

// sliceClass is what holds of slices with the same interned key, as long as nothing is learnt.
type sliceClass struct {
	interned uint32
	learnt   int
	class    class
	side     filter.Side
	repeats  bool // work of a lower level
}

// isDevice reports work of a device.
func (k *sliceClass) isDevice() bool { return k.class == work && k.side == filter.Device }

// of returns what is known of slices like e, nil if that is nothing.
func (c *classes) of(e *trace.Event, r *filter.Recognizer) *sliceClass {
	if k := &c[e.Interned%uint32(len(c))]; k.interned == e.Interned && e.Interned != 0 && k.learnt == r.Learnt {
		return k
	}
	return nil
}

// put keeps what is known of e if it holds of slices like it. They must be whole events of the trace.
func (c *classes) put(e *trace.Event, r *filter.Recognizer, k sliceClass) {
	if e.Interned != 0 && r.IsFinal(e) {
		k.interned, k.learnt = e.Interned, r.Learnt
		c[e.Interned%uint32(len(c))] = k
	}
}
