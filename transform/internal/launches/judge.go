package launches

import (
	"context"

	"tracekit/filter"
	"tracekit/trace"
	"tracekit/transform/pipeline"
)

// Judge tells of what ran on devices whether a host's call that is kept launched it.
type Judge struct{ all *Launches }

// NewJudge returns Launches that know of nothing yet.
func NewJudge(given filter.Given) *Judge { return &Judge{New(given)} }

// Learn takes a part of the first reading of a trace.
func (l *Judge) Learn(p *trace.Part) { l.all.Learn(p) }

// Judge reads the trace again, some times, and calls f for each slice of a device whose
// launch is known, by the number of its first event in the blocks. isKept reports whether
// a slice of the host stays; one that never ends has trace.MaxTime for its end.
func (l *Judge) Judge(
	ctx context.Context, s *trace.Source, blocks []trace.Block, isKept func(start, end trace.Time) bool, f func(n uint64, isKept bool),
) error {
	read := pipeline.BlocksOf(s, blocks)
	if err := l.all.Gather(ctx, read, func(_ int, start, end trace.Time) bool { return isKept(start, end) }); err != nil {
		return err
	}
	pairs, err := l.pairs(ctx, read)
	if err != nil {
		return err
	}
	n, mark := uint64(0), 0
	return pipeline.EachEvent(ctx, read, func(e *trace.Event) {
		switch e.Phase {
		case 'X':
			if e.Has&trace.HasTS == 0 {
				break
			}
			if isKept, known := l.all.Judge(e); known {
				f(n, isKept)
			}
		case 'B', 'E', 'b', 'e':
			if isKept, known := pairs[mark]; known {
				f(n, isKept)
			}
			mark++
		}
		n++
	})
}

// pairs tells of the begins of devices, by ordinal, where the launch is known.
func (l *Judge) pairs(ctx context.Context, read pipeline.Reading) (map[int]bool, error) {
	if l.all.order.Marks == 0 {
		return nil, nil
	}
	known := map[int]bool{}
	err := l.all.eachSlice(ctx, read, passVisitor{restart: func() { clear(known) }, slice: func(s *Slice) {
		if s.Complete == nil && s.Device {
			if stays, sure := l.all.Launched(s.IDs, s.Track, s.Start, s.Stop); sure {
				known[s.Begin] = stays
			}
		}
	}})
	return known, err
}
