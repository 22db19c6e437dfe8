package trace

import "slices"

// verbatimRun is the text of events that follow each other with a comma in between and nothing
// else, all of which are known to be kept as they are. When it is read again, it need not be
// scanned.
type verbatimRun struct {
	from   int64  // of the comma before, in the text of the trace
	size   uint32 // bytes, that comma included
	last   uint32 // where the last event's white space begins, counted from from
	flow   uint32 // number of the first flow event
	flows  uint16 // how many there are
	events uint16 // of all kinds
	lead   uint16 // how much white space the last event has
}

func (s *verbatimRun) end() int64 { return s.from + int64(s.size) }

const (
	// maxVerbatimRun is how long one may be, in bytes: what lies across two blocks is moved
	// before the second.
	maxVerbatimRun = blockRoom / 2
	// maxVerbatimRuns bounds what they take of memory.
	maxVerbatimRuns = 64 << 10
)

// VerbatimRuns are what is known of text that is going to be read again, in its order.
type VerbatimRuns []verbatimRun

// add adds an event that is kept and comes after all others that were added. A flow event,
// of which it is not decided yet, has a number: that of the one before and one more.
// Others have a negative one.
func (s *VerbatimRuns) add(e *Event, flow int) {
	size := len(e.text)
	if e.at <= 0 || size >= maxVerbatimRun {
		return
	}
	n := verbatimRun{from: e.at - 1, size: uint32(size + 1), last: 1, events: 1, lead: uint16(e.lead)}
	if flow >= 0 {
		n.flow, n.flows = uint32(flow), 1
	}
	if last := len(*s) - 1; last < 0 || !(*s)[last].join(&n) {
		if len(*s) < maxVerbatimRuns {
			*s = append(*s, n)
		}
	}
}

// join makes an event a part of s if it follows on, and if s is not too long for it.
func (s *verbatimRun) join(n *verbatimRun) bool {
	if n.from != s.end() || s.size+n.size > maxVerbatimRun {
		return false
	}
	s.last, s.lead = s.size+n.last, n.lead
	s.size += n.size
	s.events++
	if s.flows == 0 {
		s.flow = n.flow
	}
	s.flows += n.flows
	return true
}

// decide leaves those whose flow events are all kept. What it is called on is used up.
func (s VerbatimRuns) decide(keep func(flow int) bool) VerbatimRuns {
	return slices.DeleteFunc(s, func(n verbatimRun) bool {
		for i := range int(n.flows) {
			if !keep(int(n.flow) + i) {
				return true
			}
		}
		return false
	})
}

// stops reports whether a verbatim run begins at off, and else looks for what comes
// next.
func (d *document) stops(off int64) bool {
	for len(d.runs) > 0 && d.runs[0].from < off {
		d.runs = d.runs[1:]
	}
	d.stop = nothing
	if len(d.runs) > 0 && d.runs[0].from > off {
		d.stop = d.runs[0].from
	}
	return len(d.runs) > 0 && d.runs[0].from == off
}

// copyRun copies the run that begins at buf[0], and returns how much that is: 0 if it wants more
// text.
func (d *document) copyRun(s *verbatimRun, buf []byte, off int64, b *Batch) int {
	size := int(s.size)
	if size > len(buf) {
		return 0
	}
	d.runs = d.runs[1:]
	d.begun = true
	b.Parts = append(b.Parts, Part{
		Verbatim: buf[1:size:size], Count: int(s.events), Flows: int(s.flows), Off: off, End: off + int64(size), lead: buf[s.last:][:s.lead],
	})
	return size
}

// WriteVerbatim writes the events of p, whose Verbatim is set, as they are.
func (w *Writer) WriteVerbatim(p *Part) error {
	w.separate()
	w.lead = append(w.lead[:0], p.lead...)
	w.copier.verbatim(p.Off+1, int64(len(p.Verbatim)), w.Bytes)
	w.put(p.Verbatim)
	w.Events += int64(p.Count)
	return w.err
}
