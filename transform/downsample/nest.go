package downsample

// nest tells of slices that come in order where they lie. It holds those that are
// open on the track at hand; finish is called before the first and between tracks.
type nest struct {
	stack []frame
	root  frame        // of the track: what lies beside each other at its top
	close func(*frame) // called for frames that end, innermost first
}

// frame is an open slice and what is known of those in it so far.
type frame struct {
	start, end int64
	begun      bool // it, or one around it that begins at the same time, by an event of its own
	fate       fate
	grain      grain
	last       grain // of the latest slice in it
	lastEnd    int64 // the largest end of slices in it
	some       bool  // there is a slice in it
	bunch      *bunch
}

// fate is what becomes of a slice.
type fate uint8

const (
	gone fate = iota
	kept
	merged // with others
)

// holds reports whether the slice, which begins no later, is open from start to
// end.
func (f *frame) holds(start, end int64) bool {
	return f.end >= end && (f.end > start || f.start == start)
}

// enter makes room for a slice and returns the frame that it lies in.
func (n *nest) enter(r *record) *frame {
	for len(n.stack) > 0 && !n.top().holds(r.Start, r.End) {
		n.pop()
	}
	return n.parent()
}

// finish closes all that is open.
func (n *nest) finish() {
	for len(n.stack) > 0 {
		n.pop()
	}
	if n.close != nil {
		n.close(&n.root)
	}
	n.root = frame{fate: kept, grain: forever}
}

// at is the slice that is open at a time and began last, nil if there is none.
func (n *nest) at(time int64) *frame {
	for i := len(n.stack) - 1; i >= 0; i-- {
		if f := &n.stack[i]; f.end >= time {
			return f
		}
	}
	return nil
}

func (n *nest) top() *frame { return &n.stack[len(n.stack)-1] }

func (n *nest) parent() *frame {
	if len(n.stack) == 0 {
		return &n.root
	}
	return n.top()
}

func (n *nest) pop() {
	if n.close != nil {
		n.close(n.top())
	}
	n.stack = n.stack[:len(n.stack)-1]
}

func (n *nest) push(f frame) { n.stack = append(n.stack, f) }

// follow notes a slice that is no longer taken out, beside those before it in f.
func (f *frame) follow(r *record, g grain) {
	if !f.some || r.End > f.lastEnd {
		f.lastEnd = r.End
	}
	f.last, f.some = g, true
}

// apart is the threshold from which on a slice is joined to the one before it in f:
// that one is fine enough, and so is the gap between them.
func (f *frame) apart(r *record) grain {
	if !f.some {
		return forever
	}
	gap := grain(0)
	if d := r.Start - f.lastEnd; d > 0 && f.lastEnd != endless {
		gap = grainOf(d, r.Start)
	}
	return max(f.last, gap)
}
