package downsample

import "math"

// grain orders slices by duration, and those of one duration by a mark that is
// made of their start: so a threshold may lie between slices of one duration, and
// what it takes is spread evenly over the time. A slice that lies in another is
// never the coarser one.
type grain uint64

const (
	markBits = 20
	forever  = grain(math.MaxUint64) // of what is kept at every threshold
)

// grainOf is the grain of a duration, in ns, that begins at start.
func grainOf(dur, start int64) grain {
	const most = 1 << (63 - markBits)
	if dur >= most {
		return most << markBits
	}
	// The multiplication spreads times that follow each other closely.
	mark := uint64(start) * 0x9e3779b97f4a7c15 >> (64 - markBits)
	return grain(max(dur, 0))<<markBits | grain(mark)
}

// shorterThan is the threshold below which all grains are of durations shorter
// than dur, and all those are below it.
func shorterThan(dur int64) grain {
	return min(grain(dur), 1<<(63-markBits)) << markBits
}

// duration is the duration at a threshold, in ns.
func (g grain) duration() int64 { return int64(min(g, 1<<63-1) >> markBits) }
