// Package bitset has a [Set] of small numbers, a bit each. It grows to the largest number in it, so
// it is not for ids that are far apart.
package bitset

// Set is a set of small numbers.
type Set []uint64

func (b *Set) Add(n int) {
	for len(*b) <= n/64 {
		*b = append(*b, 0)
	}
	(*b)[n/64] |= 1 << (n % 64)
}

// Remove takes n out.
func (b Set) Remove(n int) {
	if n/64 < len(b) {
		b[n/64] &^= 1 << (n % 64)
	}
}

func (b Set) Has(n int) bool { return n/64 < len(b) && b[n/64]>>(n%64)&1 != 0 }

func (b Set) Any() bool {
	for _, w := range b {
		if w != 0 {
			return true
		}
	}
	return false
}

// AnyThat reports whether there is one for which is is true.
func (b Set) AnyThat(is func(n int) bool) bool {
	for n := range 64 * len(b) {
		if b.Has(n) && is(n) {
			return true
		}
	}
	return false
}
