package split

import "tracekit/trace"

// flowSample holds the flow events of some chains, all of them while they are
// few: one in 1<<shift. Flows that lack a start or an end, and there can be more
// of them than of others, will be in no piece.
type flowSample struct {
	shift  uint
	points []flowPoint
}

type flowPoint struct {
	chain uint64
	ts    trace.Time
	size  int64
	phase byte
}

// maxPoints is how many flow events are held before every other chain goes.
const maxPoints = 1 << 20

func (s *flowSample) add(e *trace.Event, size int64) {
	p := flowPoint{chainHash(e), e.TS, size, e.Phase}
	if p.chain&(1<<s.shift-1) != 0 {
		return
	}
	s.points = append(s.points, p)
	if len(s.points) < maxPoints {
		return
	}
	s.shift++
	kept := s.points[:0]
	for _, p := range s.points {
		if p.chain&(1<<s.shift-1) == 0 {
			kept = append(kept, p)
		}
	}
	s.points = kept
}

// complete returns the points of chains that have a start and an end.
func (s *flowSample) complete() []flowPoint {
	const start, end = 1, 2
	has := map[uint64]uint8{}
	for _, p := range s.points {
		switch p.phase {
		case 's':
			has[p.chain] |= start
		case 'f':
			has[p.chain] |= end
		}
	}
	var all []flowPoint
	for _, p := range s.points {
		if has[p.chain] == start|end {
			all = append(all, p)
		}
	}
	return all
}

// chainHash is the same for the events of a chain, and for every run: what is
// held decides where pieces end. It is FNV-1a, mixed so that its low bits will do.
func chainHash(e *trace.Event) uint64 {
	h := uint64(0xcbf29ce484222325)
	for _, part := range [3][]byte{e.Cat(), e.Name(), e.ID()} {
		for _, c := range part {
			h = (h ^ uint64(c)) * 0x100000001b3
		}
		h = (h ^ 0xff) * 0x100000001b3
	}
	return h ^ h>>32
}
