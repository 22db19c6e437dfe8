package inflate

import (
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"slices"
)

// encoder writes deflate streams that no compressor would: any prefix code,
// any symbol, any distance.
type encoder struct {
	rng   *rand.Rand
	out   []byte
	acc   uint64
	n     uint
	plain []byte
}

func (e *encoder) put(v, n int) {
	for i := range n {
		e.acc |= uint64(v>>i&1) << e.n
		if e.n++; e.n == 8 {
			e.out = append(e.out, byte(e.acc))
			e.acc, e.n = 0, 0
		}
	}
}

func (e *encoder) flush() {
	if e.n > 0 {
		e.put(0, int(8-e.n))
	}
}

// prefixCode is lengths and codes by symbol; a code's first bit is its highest.
type prefixCode struct{ length, code []int }

func (e *encoder) symbol(c prefixCode, s int) {
	for i := c.length[s] - 1; i >= 0; i-- {
		e.put(c.code[s]>>i&1, 1)
	}
}

// randomCode makes a complete code for some of n symbols, at least those in
// must, by splitting leaves of a tree until there are enough.
func (e *encoder) randomCode(n, longest int, must ...int) prefixCode {
	c := prefixCode{make([]int, n), make([]int, n)}
	want := max(2, len(must), 1+e.rng.IntN(n))
	leaves := []int{1, 1}
	deep := e.rng.IntN(2) == 0
	for len(leaves) < want {
		i := e.rng.IntN(len(leaves))
		if deep {
			i = len(leaves) - 1 // makes one long branch first
		}
		if leaves[i] == longest {
			i = slices.IndexFunc(leaves, func(d int) bool { return d < longest })
			deep = false
		}
		if i < 0 {
			break
		}
		leaves[i]++
		leaves = append(leaves, leaves[i])
	}
	symbols := slices.Clone(must)
	for _, s := range e.rng.Perm(n) {
		if len(symbols) < len(leaves) && !slices.Contains(must, s) {
			symbols = append(symbols, s)
		}
	}
	e.rng.Shuffle(len(leaves), func(i, j int) { leaves[i], leaves[j] = leaves[j], leaves[i] })
	for i, s := range symbols {
		c.length[s] = leaves[i]
	}
	c.assign()
	return c
}

func (c prefixCode) assign() {
	code := 0
	for n := 1; n <= maxCode; n++ {
		for s, l := range c.length {
			if l == n {
				c.code[s] = code
				code++
			}
		}
		code <<= 1
	}
}

// header writes the codes; all lengths are listed one by one.
func (e *encoder) header(lit, dist prefixCode, final int) {
	e.put(final, 1)
	e.put(blockDynamic, 2)
	e.put(len(lit.length)-257, 5)
	e.put(len(dist.length)-1, 5)
	e.put(lengths-4, 4)
	c := prefixCode{make([]int, lengths), make([]int, lengths)}
	for i := range 16 {
		c.length[i] = 4
	}
	c.assign()
	for _, s := range lengthOrder {
		e.put(c.length[s], 3)
	}
	for _, l := range slices.Concat(lit.length, dist.length) {
		e.symbol(c, l)
	}
}

// block writes a dynamic block of random symbols.
func (e *encoder) block(symbols, final int) {
	lit := e.randomCode(257+e.rng.IntN(30), maxCode, endOfBlock, 'a')
	dist := e.randomCode(1+e.rng.IntN(30), maxCode, 0)
	if len(dist.length) == 1 {
		dist.length[0] = 1 // a lone code of one bit is allowed
	}
	e.header(lit, dist, final)
	var usable, literals, dists []int
	for s, l := range lit.length {
		if l > 0 && s != endOfBlock {
			usable = append(usable, s)
			if s < endOfBlock {
				literals = append(literals, s)
			}
		}
	}
	for s, l := range dist.length {
		if l > 0 {
			dists = append(dists, s)
		}
	}
	for range symbols {
		s, d := usable[e.rng.IntN(len(usable))], dists[e.rng.IntN(len(dists))]
		if e.rng.IntN(3) == 0 {
			s = literals[e.rng.IntN(len(literals))]
		}
		base, extra := distSymbols[d].base(), int(distSymbols[d].used())
		back := base + e.rng.IntN(1<<extra)
		if s > endOfBlock && back > len(e.plain) {
			s = 'a'
		}
		e.symbol(lit, s)
		if s < endOfBlock {
			e.plain = append(e.plain, byte(s))
			continue
		}
		length := litSymbols[s].base() + e.rng.IntN(1<<litSymbols[s].used())
		e.put(length-litSymbols[s].base(), int(litSymbols[s].used()))
		e.symbol(dist, d)
		e.put(back-base, extra)
		for range length {
			e.plain = append(e.plain, e.plain[len(e.plain)-back])
		}
	}
	e.symbol(lit, endOfBlock)
}

// member wraps deflate data as gzip.
func member(deflated, plain []byte) []byte {
	b := []byte{magic0, magic1, methodDeflate, 0, 0, 0, 0, 0, 0, 255}
	b = append(b, deflated...)
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(plain))
	return binary.LittleEndian.AppendUint32(b, uint32(len(plain)))
}

// randomMember returns a member of some random blocks, and its content.
func randomMember(seed uint64, blocks, symbols int) (packed, plain []byte) {
	e := encoder{rng: rand.New(rand.NewPCG(3, seed))}
	for i := range blocks {
		final := 0
		if i == blocks-1 {
			final = 1
		}
		e.block(symbols, final)
	}
	e.flush()
	return member(e.out, e.plain), e.plain
}
