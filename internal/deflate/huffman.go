package deflate

import (
	"math/bits"
	"slices"
)

// A code is a symbol's bits, first bit lowest, and in the upper half their
// number. It is zero for symbols that have none.
type code uint32

func (c code) bits() uint64 { return uint64(c >> 8) }
func (c code) len() uint    { return uint(c & 0xff) }

// lengths sets lens to the lengths of a Huffman code for symbols that occur
// freq times, none longer than limit. Symbols that do not occur get zero, unless there
// are fewer than two others.
// scratch has room for all symbols.
func codeLengths(lens []uint8, freq []uint32, limit int, scratch []uint32) {
	used := scratch[:0]
	for s, f := range freq {
		lens[s] = 0
		if f > 0 {
			used = append(used, f<<symbolBits|uint32(s))
		}
	}
	for s := uint32(0); len(used) < 2; s++ { // some decoders want a complete code
		if freq[s] == 0 {
			used = append(used, 1<<symbolBits|s)
		}
	}
	slices.Sort(used)
	var perLength [maxBits + 1]int
	countLengths(&perLength, used, limit)
	next := 0
	for n := limit; n > 0; n-- {
		for range perLength[n] {
			lens[used[next]&symbolMask] = uint8(n)
			next++
		}
	}
}

const (
	maxBits    = 15
	symbolBits = 9
	symbolMask = 1<<symbolBits - 1
)

// countLengths finds how many symbols get a code of each length.
func countLengths(perLength *[maxBits + 1]int, sorted []uint32, limit int) {
	var depths [300]uint32
	d := depths[:len(sorted)]
	for i, u := range sorted {
		d[i] = u >> symbolBits
	}
	minimumRedundancy(d)
	for _, n := range d {
		perLength[min(int(n), limit)]++
	}
	// Shortening made the code too full: for each unit too much, a code of
	// the longest length goes and splits a shorter one.
	total := 0
	for n := 1; n <= limit; n++ {
		total += perLength[n] << (limit - n)
	}
	for ; total > 1<<limit; total-- {
		n := limit - 1
		for perLength[n] == 0 {
			n--
		}
		perLength[limit]--
		perLength[n]--
		perLength[n+1] += 2
	}
}

// minimumRedundancy replaces rising frequencies by code lengths, in place, as
// described by Moffat and Katajainen.
func minimumRedundancy(a []uint32) {
	n := len(a)
	a[0] += a[1]
	root, leaf := 0, 2
	for next := 1; next < n-1; next++ {
		if leaf >= n || a[root] < a[leaf] {
			a[next] = a[root]
			a[root] = uint32(next)
			root++
		} else {
			a[next] = a[leaf]
			leaf++
		}
		if leaf >= n || (root < next && a[root] < a[leaf]) {
			a[next] += a[root]
			a[root] = uint32(next)
			root++
		} else {
			a[next] += a[leaf]
			leaf++
		}
	}
	a[n-2] = 0
	for next := n - 3; next >= 0; next-- {
		a[next] = a[a[next]] + 1
	}
	avail, used, depth := 1, 0, uint32(0)
	root = n - 2
	next := n - 1
	for avail > 0 {
		for root >= 0 && a[root] == depth {
			used++
			root--
		}
		for avail > used {
			a[next] = depth
			next--
			avail--
		}
		avail = 2 * used
		depth++
		used = 0
	}
}

// assign sets codes from their lengths in the order that deflate prescribes.
func assign(codes []code, lens []uint8) {
	var first [maxBits + 2]uint16
	for _, n := range lens {
		if n > 0 {
			first[n+1]++
		}
	}
	for n := 2; n <= maxBits; n++ {
		first[n] = (first[n] + first[n-1]) << 1
	}
	for s, n := range lens {
		codes[s] = 0
		if n > 0 {
			codes[s] = code(bits.Reverse16(first[n])>>(16-n))<<8 | code(n)
			first[n]++
		}
	}
}
