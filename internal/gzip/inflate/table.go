package inflate

import "math/bits"

// entry is what a table holds for the bits it was looked up with:
//
//	bits 0-5    bits that are used up: the code and its extra bits
//	bits 6-9    bits of the code alone; of a link, bits of the second lookup
//	bits 10-24  base of a length or distance; start of a second table
//	bits 28-31  what kind, if it is neither length nor distance
//
// An entry may also stand for two symbols whose codes fit into one lookup. A
// literal and a length have the literal in bits 20-27 and bit 19 set. One
// literal or two are in bits 10-17 and 18-25, with their number in 26-27.
//
// The unusual kinds are marked by the sign, so that the inner loop tests one
// thing for the most common case.
type entry uint32

const (
	noMatch entry = 1 << 31 // any of the following, or else a code that nothing has
	literal entry = 1 << 30
	link    entry = 1 << 29
	end     entry = 1 << 28

	oneLiteral = noMatch | literal | 1<<26
	isLink     = noMatch | link
	isEnd      = noMatch | end
)

func (e entry) used() uint  { return uint(e & 63) }
func (e entry) code() uint  { return uint(e >> 6 & 15) }
func (e entry) base() int   { return int(e >> 10 & 0x7fff) }
func (e entry) extra() uint { return e.used() - e.code() }

// sized returns the entry of a symbol whose code has n bits.
func (e entry) sized(n int) entry {
	return e + entry(n)<<6 + entry(n)
}

// The symbols of the three codes as entries, but for the size of their code.
var (
	litSymbols    = makeLitSymbols()
	distSymbols   = makeDistSymbols()
	lengthSymbols = makeLengthSymbols()
)

func makeLitSymbols() (s [fixedLits]entry) {
	for i := range endOfBlock {
		s[i] = oneLiteral | entry(i)<<10
	}
	s[endOfBlock] = isEnd
	base, extra := 3, 0
	for i := 257; i < 285; i++ {
		if i >= 265 && i%4 == 1 {
			extra++
		}
		s[i] = entry(base)<<10 | entry(extra)
		base += 1 << extra
	}
	s[285] = 258 << 10
	s[286], s[287] = noMatch, noMatch
	return s
}

func makeDistSymbols() (s [fixedDist]entry) {
	base, extra := 1, 0
	for i := range maxDist {
		if i >= 4 && i%2 == 0 {
			extra++
		}
		s[i] = entry(base)<<10 | entry(extra)
		base += 1 << extra
	}
	s[30], s[31] = noMatch, noMatch
	return s
}

func makeLengthSymbols() (s [lengths]entry) {
	for i := range s {
		s[i] = entry(i) << 10
	}
	return s
}

const maxCode = 15 // bits

// build fills table for the prefix code with these lengths. It returns false
// if there is none, or if part of it stays unused. Two unfinished codes are
// fine, as with every decoder: no symbol at all, and one symbol of one bit;
// what they leave unused becomes noMatch.
func build(table []entry, tableBits int, lens []uint8, symbols []entry) bool {
	b := builder{table: table, tableBits: tableBits}
	return b.build(lens, symbols)
}

// buildPairs fills table for a literal and length code as build does, and pairs
// with what the first lookup finds in it, two symbols at once where both fit.
func buildPairs(pairs, table []entry, lens []uint8) bool {
	b := builder{table: table, tableBits: litBits}
	if !b.build(lens, litSymbols[:]) {
		return false
	}
	b.join(pairs)
	return true
}

func (b *builder) build(lens []uint8, symbols []entry) bool {
	for _, n := range lens {
		b.count[n]++
	}
	b.count[0] = 0
	left, longest := 1, 0
	for n := 1; n <= maxCode; n++ {
		left = left<<1 - b.count[n]
		if left < 0 {
			return false
		}
		if b.count[n] > 0 {
			longest = n
		}
	}
	if left > 0 && longest > 1 {
		return false
	}
	if left > 0 {
		repeat(b.table[:1<<b.tableBits], 0, 1, noMatch.sized(longest))
	}
	b.fill(lens, symbols)
	return true
}

// builder turns a prefix code into tables.
type builder struct {
	table     []entry
	tableBits int
	count     [maxCode + 1]int // codes of each length that are still to come
	sorted    [fixedLits]uint16
	found     [fixedLits]uint16 // where in the first table, by rising size of the codes
	finds     int               // how many symbols the first lookup finds
}

// fill takes the symbols by rising code: first those that one lookup finds,
// then those that share their first tableBits bits with others and go to a
// second table, which the entry at these bits links to.
func (b *builder) fill(lens []uint8, symbols []entry) {
	first := b.table[:1<<b.tableBits]
	second, free := first, len(first) // the current second table, and where it ends
	prefix := -1
	code, last := 0, 0
	for _, symbol := range b.sort(lens) {
		n := int(lens[symbol])
		code <<= n - last
		at := int(bits.Reverse16(uint16(code)) >> (16 - n))
		code, last = code+1, n
		if n <= b.tableBits {
			repeat(first, at, 1<<n, symbols[symbol].sized(n))
			b.found[b.finds] = uint16(at)
			b.finds++
		} else {
			if p := at & (len(first) - 1); p != prefix {
				prefix = p
				size := b.secondBits(n)
				first[p] = isLink | entry(free)<<10 | entry(size)<<6 | entry(b.tableBits)
				second = b.table[free : free+1<<size]
				free += len(second)
			}
			n := n - b.tableBits
			repeat(second, at>>b.tableBits, 1<<n, symbols[symbol].sized(n))
		}
		b.count[n]--
	}
}

// join fills pairs with the entries of the first table, but wherever the bits
// of the lookup hold a whole literal and after it another whole code of a
// literal or length, with both in one. Blocks can be as short as their tables,
// so it goes from code to code: there are far fewer than entries.
func (b *builder) join(pairs []entry) {
	table := b.table[:1<<litBits]
	copy(pairs, table)
	found := b.found[:b.finds]
	for _, at := range found {
		e := table[at]
		if e&literal == 0 {
			continue
		}
		for _, behind := range found {
			next := table[behind]
			n := e.code() + next.code()
			if n > litBits {
				break
			}
			repeat(pairs, int(at)|int(behind)<<e.code(), 1<<n, e.with(next))
		}
	}
}

// with returns the entry of a literal and what comes after it.
func (e entry) with(next entry) entry {
	sizes := e&0x3ff + next&0x3ff
	switch {
	case next&literal != 0:
		return noMatch | literal | 2<<26 | next>>10&0xff<<18 | e>>10&0xff<<10 | sizes
	case next&noMatch == 0:
		return e>>10&0xff<<20 | 1<<19 | next>>10<<10 | sizes
	}
	return e
}

// sort returns the symbols that have a code, by its length.
func (b *builder) sort(lens []uint8) []uint16 {
	var next [maxCode + 2]int
	for n, c := range b.count {
		next[n+1] = next[n] + c
	}
	for symbol, n := range lens {
		if n > 0 {
			b.sorted[next[n]] = uint16(symbol)
			next[n]++
		}
	}
	return b.sorted[:next[maxCode]]
}

// secondBits returns how many bits a second table must be looked up with if
// its shortest code has n bits: as many as the codes that are left fill up.
func (b *builder) secondBits(n int) int {
	space := b.count[n]
	for space < 1<<(n-b.tableBits) {
		n++
		space = space<<1 + b.count[n]
	}
	return n - b.tableBits
}

// repeat sets every entry whose index has the same low bits as at.
func repeat(table []entry, at, step int, e entry) {
	for ; at < len(table); at += step {
		table[at] = e
	}
}
