package downsample

import "tracekit/internal/chunks"

// nest tells of slices that come in order where they lie. It holds those that are
// open on the track at hand; finish is called before the first and between tracks.
type nest struct {
	stack chunks.Stack[frame]
	root  frame        // of the track: what lies beside each other at its top
	depth int          // how many slices lie around the one that has entered
	close func(*frame) // called for frames that end, innermost first
}

// frame is an open slice and what is known of those in it so far.
type frame struct {
	record
	begun   bool // it, or one around it that begins at the same time, by an event of its own
	outcome outcome
	grain   grain
	run     *run     // that it is merged into
	inside  children // if it is kept

	above        *run  // that the nearest merged slice around it is part of
	sameCategory int32 // the number of the slice around it that has its category, 0 for none
	nested       int64 // time that slices of its category in it take
	counts       bool  // as kept
}

// mergedAround is the run that the nearest merged slice is part of: f, or one around it.
func (f *frame) mergedAround() *run {
	if f.outcome == inRun {
		return f.run
	}
	return f.above
}

// children are the runs at hand in a slice that is kept, or in those of a run: one of
// slices that nest, and one of those that each lie across one that does.
type children struct{ within, across *run }

// outcome is what becomes of a slice.
type outcome uint8

const (
	dropped outcome = iota
	kept
	inRun // merged with others
)

// enter makes room for a slice and returns the frame that it lies in. A slice may
// begin in another and end behind it: such a one does not nest, and a viewer puts it on
// a lane of its own. For it, across is the outermost that it lies across, and it must
// not be pushed.
func (n *nest) enter(r *record) (in, across *frame) {
	for n.stack.Len() > 0 && n.top().End <= r.Start && n.top().Start != r.Start {
		n.pop()
	}
	n.depth = n.stack.Len()
	for n.depth > 0 && n.stack.At(n.depth-1).End < r.End {
		n.depth--
	}
	if n.depth < n.stack.Len() {
		across = n.stack.At(n.depth)
	}
	if n.depth == 0 {
		return &n.root, across
	}
	return n.stack.At(n.depth - 1), across
}

// finish closes all that is open.
func (n *nest) finish() {
	for n.stack.Len() > 0 {
		n.pop()
	}
	if n.close != nil {
		n.close(&n.root)
	}
	n.root = frame{outcome: kept, grain: forever}
}

// at is the slice that began last before a flow event, nil if there is none: one that is
// over counts until another begins or the end of a pair is met, as in a viewer.
func (n *nest) at(time int64) *frame {
	ended := int64(-1 << 63)
	for i := n.stack.Len() - 1; i >= 0; i-- {
		switch f := n.stack.At(i); {
		case f.isBegun() && f.End <= time:
			ended = max(ended, f.End)
		case f.isBegun() || f.End > ended || f.Start >= ended:
			return f
		}
	}
	return nil
}

// begun is the outermost slice with a begin of its own at a time, nil if there is none.
// An end of a flow at that time may come before it.
func (n *nest) begun(time int64) (first *frame) {
	for i := n.stack.Len() - 1; i >= 0 && n.stack.At(i).Start == time; i-- {
		if n.stack.At(i).isBegun() {
			first = n.stack.At(i)
		}
	}
	return first
}

func (n *nest) top() *frame { return n.stack.At(n.stack.Len() - 1) }

func (n *nest) pop() {
	if n.close != nil {
		n.close(n.top())
	}
	n.stack.Pop()
}

func (n *nest) push(f frame) { n.stack.Push(f) }

// memory is about how many bytes n takes.
func (n *nest) memory() int {
	const open = 180
	return open * n.stack.Room()
}

// children are those of the slice, or of the run that it is merged into.
func (f *frame) children() *children {
	if f.outcome == inRun {
		return &f.run.inside
	}
	return &f.inside
}

// of is the run at hand of those that nest, or of those that do not.
func (c *children) of(nests bool) **run {
	if nests {
		return &c.within
	}
	return &c.across
}
