package cut

import (
	"context"

	"tracekit/trace"
)

// Launches tells of what ran on devices whether a host's call that stays launched it.
type Launches struct{ all *launches }

// NewLaunches returns Launches that know of nothing yet.
func NewLaunches() *Launches { return &Launches{newLaunches()} }

// Learn takes a part of the first reading of a trace.
func (l *Launches) Learn(p *trace.Part) { l.all.learn(p) }

// Judge reads the trace again, some times, and calls f for each slice of a device whose
// launch is known, by the number of its first event in the blocks. Stays tells whether
// a slice of the host stays; one that never ends has trace.MaxTime for its end.
func (l *Launches) Judge(
	ctx context.Context, s *trace.Source, blocks []trace.Block, stays func(start, end trace.Time) bool, f func(n uint64, stays bool),
) error {
	read := blocksOf(s, blocks)
	if err := l.all.gather(ctx, read, func(_ int, start, end trace.Time) bool { return stays(start, end) }); err != nil {
		return err
	}
	pairs, err := l.pairs(ctx, read)
	if err != nil {
		return err
	}
	n, mark := uint64(0), 0
	return eachEvent(ctx, read, func(e *trace.Event) {
		switch e.Phase {
		case 'X':
			if e.Has&trace.HasTS == 0 {
				break
			}
			if v, known := l.all.judge(e); known {
				f(n, v != out)
			}
		case 'B', 'E', 'b', 'e':
			if stays, known := pairs[mark]; known {
				f(n, stays)
			}
			mark++
		}
		n++
	})
}

// pairs tells of the begins of devices, by ordinal, where the launch is known.
func (l *Launches) pairs(ctx context.Context, read reading) (map[int]bool, error) {
	if l.all.order.marks == 0 {
		return nil, nil
	}
	known := map[int]bool{}
	err := l.all.eachSlice(ctx, read, looks{restart: func() { clear(known) }, slice: func(s *launchSlice) {
		if s.complete == nil && s.device {
			if stays, sure := l.all.launched(s.joint, s.track, s.start, s.stop); sure {
				known[s.begin] = stays
			}
		}
	}})
	return known, err
}
