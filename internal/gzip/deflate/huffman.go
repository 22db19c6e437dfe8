package deflate

import (
	"math/bits"
	"slices"
)

// A code is the bits of a symbol, the first in the lowest place, above one
// byte that says how many. It is zero for symbols that do not occur.
type code uint32

func newCode(bits uint64, n uint) code { return code(bits)<<8 | code(n) }

func (c code) bits() uint64 { return uint64(c >> 8) }
func (c code) len() uint    { return uint(c & 0xff) }

const (
	maxBits    = 15
	maxSymbols = litSymbols

	// Symbols are sorted as one number, the frequency above the symbol.
	symbolBits = 9
	symbolMask = 1<<symbolBits - 1
)

// codeLengths sets lens to the lengths of a prefix code for symbols of these
// frequencies, each less than 1<<23, without lengths beyond limit. Symbols
// that do not occur get length zero, unless they are needed to make two, as
// some decoders want a complete code.
func codeLengths(lens []uint8, freq []uint32, limit int) {
	var room, depths [maxSymbols]uint32
	sorted := room[:0]
	for s, f := range freq {
		lens[s] = 0
		if f > 0 {
			sorted = append(sorted, f<<symbolBits|uint32(s))
		}
	}
	for s := uint32(0); len(sorted) < 2; s++ {
		if freq[s] == 0 {
			sorted = append(sorted, 1<<symbolBits|s)
		}
	}
	slices.Sort(sorted)
	for i, v := range sorted {
		depths[i] = v >> symbolBits
	}
	shortest(depths[:len(sorted)])
	count := limited(depths[:len(sorted)], limit)
	for n := limit; n > 0; n-- {
		for _, v := range sorted[:count[n]] {
			lens[v&symbolMask] = uint8(n)
		}
		sorted = sorted[count[n]:]
	}
}

// limited counts codes by length when those beyond limit become that long,
// and lengthens others to make up for it.
func limited(depths []uint32, limit int) (count [maxBits + 1]int) {
	full := 0 // in units of the longest code
	for _, n := range depths {
		n := min(int(n), limit)
		count[n]++
		full += 1 << (limit - n)
	}
	for ; full > 1<<limit; full-- {
		n := limit - 1
		for count[n] == 0 {
			n--
		}
		// One code of the longest length goes beside a shorter one, both a
		// bit longer than that was.
		count[limit]--
		count[n]--
		count[n+1] += 2
	}
	return count
}

// shortest replaces frequencies, which rise, by the lengths of a Huffman code,
// in place: the method of Moffat and Katajainen. There are at least two.
func shortest(a []uint32) {
	joinPairs(a)
	// Nodes hold their parents now: turn that into depths, root first.
	n := len(a)
	a[n-2] = 0
	for i := n - 3; i >= 0; i-- {
		a[i] = a[a[i]] + 1
	}
	// Places at each depth that no inner node takes are leaves.
	node, leaf := n-2, n-1
	for depth, places := uint32(0), 1; places > 0; depth++ {
		inner := 0
		for node >= 0 && a[node] == depth {
			inner++
			node--
		}
		for ; places > inner; places-- {
			a[leaf] = depth
			leaf--
		}
		places = 2 * inner
	}
}

// joinPairs makes of the two lightest of leaves and nodes a new node, again
// and again. Nodes take the places of leaves that are used up. A node that is
// used holds the index of its parent.
func joinPairs(a []uint32) {
	node, leaf := 0, 0
	for next := range len(a) - 1 {
		sum := uint32(0)
		for range 2 {
			if leaf >= len(a) || node < next && a[node] < a[leaf] {
				sum += a[node]
				a[node] = uint32(next)
				node++
			} else {
				sum += a[leaf]
				leaf++
			}
		}
		a[next] = sum
	}
}

// assign sets codes by their lengths, in the order that deflate prescribes.
func assign(codes []code, lens []uint8) {
	var next [maxBits + 2]uint16
	for _, n := range lens {
		if n > 0 {
			next[n+1]++
		}
	}
	for n := 2; n <= maxBits; n++ {
		next[n] = (next[n] + next[n-1]) << 1
	}
	for s, n := range lens {
		codes[s] = 0
		if n > 0 {
			codes[s] = newCode(uint64(bits.Reverse16(next[n])>>(16-n)), uint(n))
			next[n]++
		}
	}
}
