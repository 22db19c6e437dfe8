package report

import "tracekit/trace"

// stretch is a slice on its way into order.
type stretch struct {
	start, end trace.Time
	seq        int64 // place in the file
	what       int32 // its function, or its track
}

// before is the order in which slices begin: of two that start at once the
// longer one lies around the other, and of two alike the first one in the file.
func (a *stretch) before(b *stretch) bool {
	switch {
	case a.start != b.start:
		return a.start < b.start
	case a.end != b.end:
		return a.end > b.end
	}
	return a.seq < b.seq
}

// inOrder hands slices on in the order in which they begin. It holds back
// those that an event as late as late may still come before: in memory, and if
// they are too many, all from there on in a file, until end.
type inOrder struct {
	late, high trace.Time
	heap       []stretch
	seq        int64
	next       func(stretch)
	dir        string // of the file
	held       int    // how many are held in memory
	runs       runs
}

func (o *inOrder) add(start, end trace.Time, what int32) error {
	o.seq++
	s := stretch{start, end, o.seq, what}
	if o.runs.ends != nil {
		o.heap = append(o.heap, s) // to be sorted with the others
	} else {
		o.push(s)
		o.high = max(o.high, start)
		for len(o.heap) > 0 && o.heap[0].start < o.high.Add(-o.late) {
			o.pop()
		}
	}
	if len(o.heap) >= o.held {
		return o.put()
	}
	return nil
}

// end hands on all that is left.
func (o *inOrder) end() error {
	if o.runs.ends != nil {
		return o.merge()
	}
	for len(o.heap) > 0 {
		o.pop()
	}
	return nil
}

func (o *inOrder) push(s stretch) {
	h := append(o.heap, s)
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 2
		if h[up].before(&s) {
			break
		}
		h[i] = h[up]
		i = up
	}
	h[i] = s
	o.heap = h
}

func (o *inOrder) pop() {
	first := o.heap[0]
	n := len(o.heap) - 1
	last := o.heap[n]
	h := o.heap[:n]
	for i := 0; n > 0; {
		down := 2*i + 1
		if down >= n {
			h[i] = last
			break
		}
		if down+1 < n && h[down+1].before(&h[down]) {
			down++
		}
		if last.before(&h[down]) {
			h[i] = last
			break
		}
		h[i] = h[down]
		i = down
	}
	o.heap = h
	o.next(first)
}
