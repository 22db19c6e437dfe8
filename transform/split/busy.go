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
		b.spans = append(b.spans, span{e.TS, e.End()})
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
