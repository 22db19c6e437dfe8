package downsample

// numbers is a set of numbers of events, a bit each up to the largest.
type numbers []uint64

func (s *numbers) add(n uint64) {
	for uint64(len(*s)) <= n/64 {
		*s = append(*s, 0)
	}
	(*s)[n/64] |= 1 << (n % 64)
}

func (s numbers) remove(n uint64) {
	if s.has(n) {
		s[n/64] &^= 1 << (n % 64)
	}
}

func (s numbers) has(n uint64) bool { return n/64 < uint64(len(s)) && s[n/64]>>(n%64)&1 != 0 }
