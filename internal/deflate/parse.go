package deflate

import "math/bits"

const (
	hashBits = 14
	hashMul  = 0x9e3779b185ebca87

	// No match starts in the last bytes, so that loads may go beyond its
	// start.
	margin = 24

	// longest is how much is taken at a time of a match that could be longer.
	longest = 16 * maxMatch
)

// A token is some literals and a match after them: how many literals in the
// upper half, then 16 bits of the distance's extra bits, 8 of its symbol, and
// 8 of the length less minMatch. A block's last token has no match.
type token uint64

// parse fills a block's tokens and counts its symbols. The block is
// src[from:to].
func (c *Compressor) parse(src []byte, from int) (to int) {
	c.numTokens, c.numLits = 0, 0
	clear(c.lenFreq[:])
	clear(c.distFreq[:])
	i, done := from, from
	for i < len(src)-margin && c.numTokens < maxTokens && c.numLits+i-done < maxLits {
		d := c.probe(src, i, window)
		if d == 0 {
			i += 1 + (i-done)>>6 // hurry through what does not repeat
			continue
		}
		for i > done && i > d && src[i-1] == src[i-1-d] {
			i--
		}
		for {
			n := matchLen(src[:min(len(src), i+longest)], i, d)
			c.record(src, done, i, n, d)
			i += n
			done = i
			if i >= len(src)-margin || c.numTokens >= maxTokens || c.numLits >= maxLits {
				break
			}
			c.recent[hash(load64(src, i-n+1))] = uint16(i - n + 1)
			c.recent[hash(load64(src, i-2))] = uint16(i - 2)
			skip := resume(src, i, d)
			if skip == 0 {
				break
			}
			i += skip
			d = c.nearer(src, i, d)
		}
	}
	if i >= len(src)-margin {
		i = len(src)
	}
	c.numLits += copy(c.lits[c.numLits:], src[done:i])
	c.tokens[c.numTokens] = token(i-done) << 32
	c.numTokens++
	c.countLits()
	return i
}

func hash(v uint64) uint64 { return v * hashMul >> (64 - hashBits) }

// probe returns how far back the eight bytes at i were last seen, or 0 if that
// is farther than reach, which is at most window. It never leads before src: a
// place that was not set reads as 0, and one after i, which remains if a match
// was extended backward from there, seems to lie more than window back.
func (c *Compressor) probe(src []byte, i, reach int) int {
	v := load64(src, i)
	h := hash(v)
	d := int(uint16(i) - c.recent[h])
	c.recent[h] = uint16(i)
	if uint(d-1) < uint(reach) && load64(src, i-d) == v {
		return d
	}
	return 0
}

func (c *Compressor) nearer(src []byte, i, d int) int {
	v := load64(src, i)
	h := hash(v)
	near := int(uint16(i) - c.recent[h])
	c.recent[h] = uint16(i)
	if uint(near-1) >= uint(d-1) {
		near = d
	}
	if load64(src, i-near) != v {
		near = d
	}
	return near
}

// resume looks for four bytes like those at distance d among the eight bytes
// after the one at i, which is known to differ, and returns how far from i
// they begin, or 0.
func resume(src []byte, i, d int) int {
	x := load64(src, i+1) ^ load64(src, i+1-d)
	x |= x >> 8
	x |= x >> 16
	// Now a byte of x is zero if it and the three after it were.
	zero := (x - 0x01_01010101) &^ x & 0x80_80808080
	if zero == 0 {
		return 0
	}
	return bits.TrailingZeros64(zero)>>3 + 1
}

// matchLen counts the bytes from i that are like those at distance d. Steps of
// 8 bytes beat longer ones: lengths recur, so that the branches are foreseen.
func matchLen(src []byte, i, d int) int {
	start := i
	for ; i+8 <= len(src); i += 8 {
		if x := load64(src, i) ^ load64(src, i-d); x != 0 {
			return i - start + bits.TrailingZeros64(x)>>3
		}
	}
	for i < len(src) && src[i] == src[i-d] {
		i++
	}
	return i - start
}
