package trace

import (
	"bytes"
	"iter"
	"slices"

	"tracekit/internal/jsonlex"
)

// outline tells more of the times in a block that spans much of the trace: one in
// which the events of a thread end and those of the next begin, or which has a slice
// that lasts as long as the trace, as the outermost calls of Python do.
type outline struct {
	spans []stretch // that the block's events lie in, but for those aside
	aside []byte    // text of complete slices that last long, with white space, in file order
}

// stretch is some time, both ends included.
type stretch struct{ start, end Time }

func (s stretch) overlaps(from, to Time) bool { return s.start < to && s.end >= from }

// What an outline may hold of a block, and all outlines of a survey of what is aside,
// in bytes.
const (
	mostSpans    = 8
	mostAside    = 8 << 10
	mostAsideAll = 1 << 20
)

// Overlaps reports whether some event of the block may lie in [from, to).
func (b *Block) Overlaps(from, to Time) bool {
	if b.OthersOverlap(from, to) {
		return true
	}
	for e := range b.Aside() {
		if e.TS < to && e.End() >= from {
			return true
		}
	}
	return false
}

// OthersOverlap reports the same of the events that Aside does not give.
func (b *Block) OthersOverlap(from, to Time) bool {
	if b.outline == nil {
		return stretch{b.Start, b.Max}.overlaps(from, to)
	}
	for _, s := range b.outline.spans {
		if s.overlaps(from, to) {
			return true
		}
	}
	return false
}

// Aside gives complete slices that last far longer than the block's other events, in
// file order, if any do: it need not be read for their sake. An event's text belongs
// to the Survey; the event is valid until the next one.
func (b *Block) Aside() iter.Seq[*Event] {
	return func(yield func(*Event) bool) {
		if b.outline == nil {
			return
		}
		var e Event
		for text := b.outline.aside; len(text) > 0; {
			end, st := scanEvent(text, 0, jsonlex.SkipSpace(text, 0), maxNesting, &e)
			if st != scanned || !yield(&e) {
				return
			}
			text = text[end:]
		}
	}
}

// draw makes o that of a block with these events, and reports false if it says no more
// than the bounds of b do.
func (o *outline) draw(b *Block, events []Event) bool {
	o.spans, o.aside = o.spans[:0], o.aside[:0]
	extent := float64(b.Max) - float64(b.Start)
	long, near := extent/8, Time(extent/64)
	for i := range events {
		switch e := &events[i]; {
		case !e.hasPlace():
		case e.isWhole() && float64(e.Dur) > long:
			if len(o.aside)+len(e.text) > mostAside {
				return false
			}
			o.aside = append(o.aside, e.text...)
		default:
			o.meet(stretch{e.TS, e.End()}, near)
		}
	}
	covered := 0.0
	for _, s := range o.spans {
		covered += float64(s.end) - float64(s.start)
	}
	return len(o.spans) > 0 && covered <= extent/2
}

func (o *outline) clone() *outline {
	return &outline{slices.Clone(o.spans), bytes.Clone(o.aside)}
}

// meet makes sure that s is in a span: the latest that is near, or else a new one.
func (o *outline) meet(s stretch, near Time) {
	for i := len(o.spans) - 1; i >= 0; i-- {
		of := &o.spans[i]
		if of.overlaps(s.start.Add(-near), s.end.Add(near)) || i == 0 && len(o.spans) == mostSpans {
			of.start, of.end = min(of.start, s.start), max(of.end, s.end)
			return
		}
	}
	o.spans = append(o.spans, s)
}

// sound reports whether an outline that was read is one.
func (o *outline) sound() bool {
	for _, s := range o.spans {
		if s.start > s.end {
			return false
		}
	}
	for text := o.aside; len(text) > 0; {
		at := jsonlex.SkipSpace(text, 0)
		if at == len(text) || text[at] != '{' {
			return false
		}
		var e Event
		end, st := scanEvent(text, 0, at, maxNesting, &e)
		if st != scanned || e.flaws != 0 || !e.isWhole() {
			return false
		}
		text = text[end:]
	}
	return true
}

// hasPlace reports whether the event has a time of its own.
func (e *Event) hasPlace() bool { return e.Has&HasTS != 0 && e.Phase != 'M' }

// isWhole reports a complete slice that a viewer shows.
func (e *Event) isWhole() bool {
	return e.Phase == 'X' && e.Has&(HasTS|HasDur) == HasTS|HasDur && e.TS >= 0 && e.Dur >= 0
}
