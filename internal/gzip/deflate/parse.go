package deflate

import (
	"math/bits"

	"tracekit/internal/mem"
)

const (
	hashBits = 13
	hashMul  = 0x9e3779b185ebca87

	// No match starts in the last bytes, so that loads may go beyond its
	// start.
	margin = 32

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
		d := c.probe(src, i)
		if d == 0 {
			i += 1 + (i-done)>>6 // hurry through what does not repeat
			continue
		}
		for i > done && i > d && src[i-1] == src[i-1-d] {
			i--
		}
		n := matchLen(src[:min(len(src), i+longest)], i, d)
		for {
			c.record(src, done, i, n, d)
			i += n
			done = i
			if i >= len(src)-margin || c.numTokens >= maxTokens || c.numLits >= maxLits {
				break
			}
			skip, like := align(src, i, d)
			i += skip
			if like == 0 {
				break
			}
			n, d = c.choose(src, i, like)
			back := equalBefore(src, i, d, skip)
			i -= back
			n += back
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

// hash is of the twelve bytes at i, v the first eight.
func hash(src []byte, i int, v uint64) uint64 {
	return (v + mem.Load64(src, i+4)<<1) * hashMul >> (64 - hashBits)
}

// last returns how far back text like that at i began when it was last looked
// for, if it is right, and puts i in its place. It never leads before src: a
// place that was not set reads as 0, and one after i seems to lie more than
// window back.
func (c *Compressor) last(src []byte, i int, v uint64) int {
	h := hash(src, i, v)
	d := int(uint16(i) - c.recent[h])
	c.recent[h] = uint16(i)
	return d
}

// probe returns how far back the eight bytes at i were last seen, or 0.
func (c *Compressor) probe(src []byte, i int) int {
	v := mem.Load64(src, i)
	d := c.last(src, i, v)
	if uint(d-1) < window && mem.Load64(src, i-d) == v {
		return d
	}
	return 0
}

// choose returns the longer of two matches at i, that at distance d and the
// last that is known, and its distance. The nearer one may be a bit shorter:
// its distance takes fewer bits.
func (c *Compressor) choose(src []byte, i, d int) (n, dist int) {
	v := mem.Load64(src, i)
	last := c.last(src, i, v)
	src = src[:min(len(src), i+longest)]
	n = matchLen(src, i, d)
	if uint(last-1) >= window || mem.Load64(src, i-last) != v {
		return n, d
	}
	m := matchLen(src, i, last)
	if m > n+2 || last < d && m >= n-2 {
		return m, last
	}
	return n, d
}

// matchLen counts the bytes from i that are like those at distance d. Steps of
// 8 bytes beat longer ones: lengths recur, so that the branches are foreseen.
func matchLen(src []byte, i, d int) int {
	start := i
	for ; i+8 <= len(src); i += 8 {
		if x := mem.Load64(src, i) ^ mem.Load64(src, i-d); x != 0 {
			return i - start + bits.TrailingZeros64(x)>>3
		}
	}
	for i < len(src) && src[i] == src[i-d] {
		i++
	}
	return i - start
}
