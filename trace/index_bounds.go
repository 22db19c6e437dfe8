package trace

import (
	"bytes"
	"iter"
	"slices"

	"tracekit/internal/jsonlex"
)

// timeBounds are narrower bounds of the times in a block that spans much of the trace: one
// in which the events of a thread end and those of the next begin, or which has a slice
// that lasts as long as the trace, as the outermost calls of Python do.
type timeBounds struct {
	spans    []stretch // that the block's events lie in, but for the outliers
	outliers []byte    // text of complete slices that last long, with white space, in file order
}

// stretch is some time, both ends included.
type stretch struct{ start, end Time }

func (s stretch) overlaps(from, to Time) bool { return s.start < to && s.end >= from }

// How many spans a block may have, and how many bytes of outliers a block and a survey.
const (
	maxSpans       = 8
	maxOutliers    = 8 << 10
	maxAllOutliers = 1 << 20
)

// Overlaps reports whether some event of the block may lie in [from, to).
func (b *Block) Overlaps(from, to Time) bool {
	if b.OthersOverlap(from, to) {
		return true
	}
	for e := range b.Outliers() {
		if e.TS < to && e.End() >= from {
			return true
		}
	}
	return false
}

// OthersOverlap reports the same of the events that Outliers does not give.
func (b *Block) OthersOverlap(from, to Time) bool {
	if b.timeBounds == nil {
		return stretch{b.Start, b.Max}.overlaps(from, to)
	}
	for _, s := range b.timeBounds.spans {
		if s.overlaps(from, to) {
			return true
		}
	}
	return false
}

// Outliers gives complete slices that last far longer than the block's other events, in
// file order, if any do: it need not be read for their sake. An event's text belongs
// to the Survey; the event is valid until the next one.
func (b *Block) Outliers() iter.Seq[*Event] {
	return func(yield func(*Event) bool) {
		if b.timeBounds == nil {
			return
		}
		var e Event
		for text := b.timeBounds.outliers; len(text) > 0; {
			end, st := scanEvent(text, 0, jsonlex.SkipSpace(text, 0), maxNesting, &e)
			if st != scanned || !yield(&e) {
				return
			}
			text = text[end:]
		}
	}
}

// set makes o those of a block with these events, and reports false if they say no more
// than Start and Max of b do.
func (o *timeBounds) set(b *Block, events []Event) bool {
	o.spans, o.outliers = o.spans[:0], o.outliers[:0]
	extent := float64(b.Max) - float64(b.Start)
	long, near := extent/8, Time(extent/64)
	for i := range events {
		switch e := &events[i]; {
		case !e.hasPlace():
		case e.isWhole() && float64(e.Dur) > long:
			if len(o.outliers)+len(e.text) > maxOutliers {
				return false
			}
			o.outliers = append(o.outliers, e.text...)
		default:
			o.include(stretch{e.TS, e.End()}, near)
		}
	}
	covered := 0.0
	for _, s := range o.spans {
		covered += float64(s.end) - float64(s.start)
	}
	return len(o.spans) > 0 && covered <= extent/2
}

func (o *timeBounds) clone() *timeBounds {
	return &timeBounds{slices.Clone(o.spans), bytes.Clone(o.outliers)}
}

// meet makes sure that s is in a span: the latest that is near, or else a new one.
func (o *timeBounds) include(s stretch, near Time) {
	for i := len(o.spans) - 1; i >= 0; i-- {
		of := &o.spans[i]
		if of.overlaps(s.start.Add(-near), s.end.Add(near)) || i == 0 && len(o.spans) == maxSpans {
			of.start, of.end = min(of.start, s.start), max(of.end, s.end)
			return
		}
	}
	o.spans = append(o.spans, s)
}

// sound reports whether bounds that were read can be some.
func (o *timeBounds) sound() bool {
	for _, s := range o.spans {
		if s.start > s.end {
			return false
		}
	}
	for text := o.outliers; len(text) > 0; {
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
