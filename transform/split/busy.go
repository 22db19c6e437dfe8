package split

import (
	"cmp"
	"slices"

	"tracekit/trace"
)

// busy is when a device was at work.
type busy struct {
	spans []span
}

type span struct{ start, end trace.Time }

// add takes a slice of a device.
func (b *busy) add(e *trace.Event) {
	// An annotation mirrors what the host calls a stretch of work: it is no work.
	if e.Span() > 0 && string(e.Cat()) != "gpu_user_annotation" {
		if len(b.spans) == cap(b.spans) {
			b.join()
		}
		b.spans = append(b.spans, span{e.TS, e.End()})
	}
}

// join makes one span of those that overlap or touch, and room for at least as many more.
func (b *busy) join() {
	slices.SortFunc(b.spans, func(x, y span) int { return cmp.Compare(x.start, y.start) })
	joined := b.spans[:0]
	for _, s := range b.spans {
		if n := len(joined); n > 0 && s.start <= joined[n-1].end {
			joined[n-1].end = max(joined[n-1].end, s.end)
		} else {
			joined = append(joined, s)
		}
	}
	b.spans = joined
	if n := len(joined); n > cap(joined)/2 {
		b.spans = slices.Grow(joined, max(n/2, 64))
	}
}

// total is how long something was at work, the first start and the last end.
func (b *busy) total() (sum, first, last trace.Time) {
	slices.SortFunc(b.spans, func(x, y span) int { return cmp.Compare(x.start, y.start) })
	end := trace.MinTime
	for i, s := range b.spans {
		if i == 0 {
			first = s.start
		}
		if s.end > end {
			sum += s.end - max(s.start, end)
			end = s.end
		}
	}
	return sum, first, end
}
