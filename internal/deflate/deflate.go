package deflate

type Compressor struct {
	table [1 << hashBits]uint16

	src       []byte
	tokens    [maxTokens]token
	nt        int
	lits      [maxLits + 32]byte
	lenCount  [256]uint32
	litCount  [litSymbols]uint32
	distCount [32]uint32

	enc encoder
}

func NewCompressor() *Compressor {
	return &Compressor{}
}

func (c *Compressor) AppendChunk(dst, src []byte) []byte {
	clear(c.table[:])
	c.src = src
	c.enc.out.buf = dst[:cap(dst)]
	c.enc.out.pos = len(dst)
	for from := 0; from < len(src); {
		end := c.parse(from)
		c.enc.block(c, from, end)
		from = end
	}
	return c.enc.mark()
}
