package trace

import (
	"errors"
	"fmt"
	"io"

	"tracekit/internal/gzip/inflate"
	"tracekit/internal/gzip/verbatim"
)

// ErrChanged says that a second reading did not find what the first one saw.
var ErrChanged = errors.New("the input has changed while it was read")

// ReadBlocks reads the chosen blocks of a survey of s, in order, document text
// included. It goes straight to where each stands, as far as the input's
// compression allows.
func (s *Source) ReadBlocks(blocks []Block) (*Reader, error) { return s.ReadAgain(blocks, nil) }

// ReadAgain is ReadBlocks where it is known of some events that they are kept, which may
// come as Parts that are Verbatim.
func (s *Source) ReadAgain(blocks []Block, known VerbatimRuns) (*Reader, error) {
	if s.at == nil && s.spool == nil {
		return nil, errors.New("a pipe can't be read a second time")
	}
	o := reading{record: s.record, placed: true, known: known}
	c := &chosen{source: s, blocks: blocks}
	if s.index != nil {
		c.verifier.sums = s.index.sums
	}
	if s.far != nil && s.index != nil && s.outer != Zip {
		s.far.Foresee(s.stretches(blocks))
	}
	return newReader(c, o, s.marks, &s.ring), nil
}

// Seeks reports whether ReadBlocks goes to where blocks stand at no cost to speak of: not in zstd, which is read from
// its start, and not far away.
func (s *Source) Seeks() bool { return s.format != Zstd && s.far == nil }

// chosen is the text of some blocks of a source.
type chosen struct {
	source *Source
	blocks []Block
	text   text
	pos    int64 // of text's next byte
	inside bool  // the block at hand has begun

	verifier verifier // of what an index says of the text
}

func (c *chosen) fill(b *block) {
	if err := c.next(b); err != nil {
		b.err = err
		b.begins, b.place = true, atEnd
	}
}

func (c *chosen) next(b *block) error {
	if len(c.blocks) == 0 {
		if err := c.verify(b); err != nil {
			return err
		}
		return io.EOF
	}
	want := &c.blocks[0]
	if want.Text != nil {
		b.text, b.off = want.Text, want.Off
		c.blocks = c.blocks[1:]
		return nil
	}
	if err := c.seek(want.Off, b); err != nil {
		return err
	}
	n := min(c.run()-c.pos, blockData)
	b.begins, b.place, b.doubt = !c.inside, inEvents, want.doubt
	b.off = c.pos
	b.hi = b.lo + int(n)
	if err := c.read(b.buf[:b.hi], b.lo); err != nil {
		b.hi = b.lo
		return err
	}
	b.compressed = c.text.Ranges()
	c.inside = true
	for len(c.blocks) > 0 && c.blocks[0].Text == nil && c.blocks[0].End <= c.pos {
		c.inside = len(c.blocks) > 1 && c.blocks[1].Text == nil && c.blocks[1].Off == c.blocks[0].End
		c.blocks = c.blocks[1:]
	}
	b.ends = !c.inside
	return nil
}

// run returns where the text ends that can be read without a gap.
func (c *chosen) run() int64 {
	end := c.blocks[0].End
	for _, b := range c.blocks[1:] {
		if b.Text != nil || b.Off != end || end-c.pos >= blockData {
			break
		}
		end = b.End
	}
	return end
}

// worthALeap is how many bytes of text have to be saved for it to be quicker to
// begin again at another place than to read on.
const worthALeap = 1 << 20

// seek brings the text to off, or leaves it where it is if it is past that
// because off lies in a block that has begun.
func (c *chosen) seek(off int64, scratch *block) error {
	if c.inside {
		return nil
	}
	if c.text == nil || off < c.pos || c.source.entry(off) > c.pos+worthALeap {
		if err := c.verify(scratch); err != nil {
			return err
		}
		if err := c.open(off); err != nil {
			return err
		}
	}
	return c.skip(off-c.pos, scratch)
}

// skip reads n bytes that nobody wants.
func (c *chosen) skip(n int64, scratch *block) error {
	for n > 0 {
		some := min(n, blockData)
		if err := c.read(scratch.buf[:blockRoom+int(some)], blockRoom); err != nil {
			return err
		}
		verbatim.Drop(c.text.Ranges())
		n -= some
	}
	return nil
}

// verify reads on to where all that was read can be compared with an index.
func (c *chosen) verify(scratch *block) error { return c.skip(c.verifier.open(), scratch) }

func (c *chosen) read(buf []byte, hist int) error {
	n, err := c.text.Fill(buf, hist)
	if err := c.verifier.verify(buf[hist : hist+n]); err != nil {
		return fmt.Errorf("byte %d: %w", c.pos, err)
	}
	c.pos += int64(n)
	if n < len(buf)-hist && (err == nil || err == io.EOF || errors.Is(err, ErrDecode)) {
		if c.verifier.sums != nil {
			return fmt.Errorf("byte %d: %w", c.pos, ErrMisfit)
		}
		return fmt.Errorf("byte %d: %w", c.pos, ErrChanged)
	}
	if n == len(buf)-hist {
		return nil
	}
	return err
}

// entry is the last place at or before off at which the text can be taken up, and
// compared with an index.
func (s *Source) entry(off int64) int64 {
	off = s.comparable(off)
	switch s.format {
	case Plain:
		return off
	case Gzip:
		if p := s.points.before(off); p != nil {
			return p.out
		}
	}
	return 0
}

// comparable is where the stretch of text begins that has the byte at off, if an index
// has a checksum of it.
func (s *Source) comparable(off int64) int64 {
	if s.index == nil {
		return off
	}
	return off - off%summedStretch
}

// open makes a text that starts at the entry of off.
func (c *chosen) open(off int64) error {
	c.Close()
	c.text = nil
	s := c.source
	off = s.comparable(off)
	packed, size := s.at, s.size
	if s.spool != nil {
		if s.format == Plain {
			c.text, c.pos = s.spool.from(off), off
			return nil
		}
		packed, size = s.spool, s.spool.Size()
	}
	c.pos = s.entry(off)
	c.verifier.restart(c.pos)
	var err error
	switch s.format {
	case Gzip:
		c.text, err = s.gzipAt(packed, size, off)
	case Zstd:
		c.text, err = newZstd(io.NewSectionReader(packed, 0, size))
	default:
		c.text = plainText{io.NewSectionReader(packed, off, size-off)}
	}
	return err
}

// gzipAt takes up decompression at the entry of off.
func (s *Source) gzipAt(packed io.ReaderAt, size, off int64) (text, error) {
	var at inflate.Checkpoint
	var err error
	if p := s.points.before(off); p != nil {
		if at, err = s.points.checkpoint(p); err != nil {
			return nil, err
		}
	}
	if z := s.ring.takeDecoder(); z != nil {
		return gzipText{z}, z.Restart(packed, size, at)
	}
	z := new(inflate.Reader)
	if s.far != nil {
		z.ReadAtOnce(farAtOnce)
	}
	if err := z.Restart(packed, size, at); err != nil {
		return nil, err
	}
	if s.record {
		z.Record()
	}
	return gzipText{z}, nil
}

// Close lets others use what text was decompressed with.
func (c *chosen) Close() error {
	if c.text == nil {
		return nil
	}
	c.text.Close()
	if z, is := c.text.(gzipText); is {
		c.source.ring.giveDecoder(z.Reader)
	}
	return nil
}
