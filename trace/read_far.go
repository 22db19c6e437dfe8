package trace

import "sort"

const (
	// foreseenMore is how many bytes are foreseen behind where a stretch is thought to end, since
	// text between two places is not packed evenly.
	foreseenMore = 16 << 10
	// farAtOnce is how many bytes are read at a time of what is far away.
	farAtOnce = 8 << 10
)

// stretches are those of the input, as it is packed, that reading some blocks goes through.
func (s *Source) stretches(blocks []Block) (all []Stretch) {
	pos := int64(-1) // of the text, if it is read on
	for i := range blocks {
		b := &blocks[i]
		if b.Text != nil {
			continue
		}
		end := min(b.End+summedStretch-1, s.index.sums.size) // checksums end there
		if entry := s.entry(b.Off); pos < 0 || b.Off < pos || entry > pos+worthALeap {
			all = append(all, Stretch{From: s.packedAt(entry)})
		}
		pos = b.End
		all[len(all)-1].To = min(s.packedAt(end)+foreseenMore, s.size)
	}
	return all
}

// packedAt is about where a place of the text stands in the input: not behind where it can be
// taken up, if it is such a place.
func (s *Source) packedAt(off int64) int64 {
	switch {
	case s.format == Plain:
		return off
	case s.format != Gzip:
		return s.size * off / max(s.index.sums.size, 1)
	}
	list := s.points.list
	i := sort.Search(len(list), func(i int) bool { return list[i].out > off })
	before, after := point{}, point{in: s.size, out: s.index.sums.size}
	if i > 0 {
		before = list[i-1]
	}
	if i < len(list) {
		after = list[i]
	}
	if off >= after.out {
		return after.in
	}
	share := float64(off-before.out) / float64(after.out-before.out)
	return before.in + int64(share*float64(after.in-before.in))
}
