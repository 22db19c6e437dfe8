package trace

import "slices"

// solid is the text of events that follow each other with a comma in between and nothing
// else, all of which are known to stay as they are. When it is read again, it need not be
// looked at.
type solid struct {
	from   int64  // of the comma before, in the text of the trace
	size   uint32 // bytes, that comma included
	last   uint32 // where the last event's white space begins, counted from from
	flow   uint32 // number of the first flow event
	flows  uint16 // how many there are
	events uint16 // of all kinds
	lead   uint16 // how much white space the last event has
}

func (s *solid) end() int64 { return s.from + int64(s.size) }

const (
	// mostSolid is how long one may be, in bytes: what lies across two blocks is moved
	// before the second.
	mostSolid = blockRoom / 2
	// manySolids bounds what they take of memory.
	manySolids = 64 << 10
)

// Solids are what is known of text that is going to be read again, in its order.
type Solids []solid

// add takes an event that stays and comes after all others that were taken. A flow event,
// of which it is not decided yet, has a number: that of the one before and one more.
// Others have a negative one.
func (s *Solids) add(e *Event, flow int) {
	size := len(e.text)
	if e.at == 0 || size >= mostSolid {
		return
	}
	n := solid{from: e.at - 1, size: uint32(size + 1), last: 1, events: 1, lead: uint16(e.lead)}
	if flow >= 0 {
		n.flow, n.flows = uint32(flow), 1
	}
	if last := len(*s) - 1; last < 0 || !(*s)[last].join(&n) {
		if len(*s) < manySolids {
			*s = append(*s, n)
		}
	}
}

// join makes an event a part of s if it follows on, and if s is not too long for it.
func (s *solid) join(n *solid) bool {
	if n.from != s.end() || s.size+n.size > mostSolid {
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
func (s Solids) decide(keep func(flow int) bool) Solids {
	return slices.DeleteFunc(s, func(n solid) bool {
		for i := range int(n.flows) {
			if !keep(int(n.flow) + i) {
				return true
			}
		}
		return false
	})
}

// stops reports whether something solid begins at off, and else looks for what comes
// next.
func (d *document) stops(off int64) bool {
	for len(d.solids) > 0 && d.solids[0].from < off {
		d.solids = d.solids[1:]
	}
	d.stop = nothing
	if len(d.solids) > 0 && d.solids[0].from > off {
		d.stop = d.solids[0].from
	}
	return len(d.solids) > 0 && d.solids[0].from == off
}

// solid takes what begins at buf[0], and returns how much that is: 0 if it wants more
// text.
func (d *document) solid(s *solid, buf []byte, off int64, b *Batch) int {
	size := int(s.size)
	if size > len(buf) {
		return 0
	}
	d.solids = d.solids[1:]
	d.begun = true
	b.Parts = append(b.Parts, Part{
		Solid: buf[1:size:size], Count: int(s.events), Flows: int(s.flows), Off: off, End: off + int64(size), lead: buf[s.last:][:s.lead],
	})
	return size
}

// Solid writes events that stay as they are, which p is.
func (w *Writer) Solid(p *Part) error {
	w.separate()
	w.lead = append(w.lead[:0], p.lead...)
	w.copier.stays(p.Off+1, int64(len(p.Solid)), w.Bytes)
	w.put(p.Solid)
	w.Events += int64(p.Count)
	return w.err
}
