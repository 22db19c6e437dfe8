package downsample

import "sort"

// repeats tells from which threshold on a slice becomes one with an earlier one of its
// name on the track, so that the name is told once: that above all that keeps the two
// apart.
type repeats struct {
	last []uint64 // where names were met last
	at   uint64
	from uint64 // where the track begins
	bars []bar  // the highest behind each place, falling
}

// bar keeps what is before it apart from what is behind it, at all thresholds up to
// its height.
type bar struct {
	at     uint64
	height grain
}

// bar adds one.
func (r *repeats) bar(height grain) {
	r.at++
	n := len(r.bars)
	for n > 0 && bucketOf(r.bars[n-1].height) <= bucketOf(height) {
		n--
	}
	r.bars = append(r.bars[:n], bar{r.at, height})
}

// since is how high the bars are since a name was met last.
func (r *repeats) since(name uint32) grain {
	last := r.last[name]
	r.last[name] = r.at
	if last <= r.from {
		return forever
	}
	i := sort.Search(len(r.bars), func(i int) bool { return r.bars[i].at > last })
	if i == len(r.bars) {
		return 0
	}
	return r.bars[i].height
}

// reset begins another track.
func (r *repeats) reset() {
	r.bars = r.bars[:0]
	r.from = r.at
	r.at++
}
