package trace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"

	"tracekit/internal/gzip/inflate"
	"tracekit/internal/gzip/verbatim"
	"tracekit/internal/spill"

	"github.com/klauspost/compress/zstd"
)

// ErrDecode marks what a decompressor could not go on with: the input is cut
// or corrupt, all that came before is good.
var ErrDecode = errors.New("the compressed input is damaged")

// ErrTooMuch says that there is more text than the Source was made to read.
var ErrTooMuch = errors.New("the trace is larger than was allowed")

// ErrFormat says that the input is in a format that is not read.
var ErrFormat = errors.New("unknown format")

// Format is how a trace's text is compressed, by its first bytes.
type Format uint8

// The formats that are read.
const (
	Plain Format = iota
	Gzip
	Zstd
	Zip // with one file in it; only in a file, since its list of contents stands at the end
)

func (f Format) String() string { return [...]string{"plain", "gzip", "zstd", "zip"}[f] }

// Source is where the text of a trace comes from. A file can be read again, by
// stretches; a pipe only if its Source was made with a Spool.
type Source struct {
	r      io.Reader
	at     io.ReaderAt // nil for a pipe
	size   int64       // of what at reads
	format Format      // of that: never Zip
	outer  Format      // of the input
	input  int64       // size of the input
	spool  *spool
	points points     // empty but for gzip
	index  *Index     // nil if the trace has none
	sums   *sums      // taken of the text, for an index
	cats   catCounter // the same of its events
	marks  *interner  // nil if events get none
	most   int64      // of text, in bytes; 0 for no limit
	record bool       // what gzip was
	verify bool       // that what is kept is JSON
	far    Far        // nil if the input is at hand
	packed func() int64
	ring   ring
}

// SourceOptions choose how a Source is read.
type SourceOptions struct {
	// MaxText is how many bytes of text, decompressed, are read before it is too
	// much (ErrTooMuch); 0 means as many as there are.
	MaxText int64

	// Record says that what is read may be written as gzip again: it is kept how
	// it was packed, for Writers that follow (Writer.Follow).
	Record bool

	// Verify says that text of events and members is counted that is no JSON but
	// does not hinder a viewer (BadJSON). It takes as long as all else of the reading.
	Verify bool

	// Inner says that events of this trace are those of another Source, written
	// down: they get no numbers of their own (Event.Interned), which would say
	// something else there.
	Inner bool

	// Packed says how many bytes a pipe brings, negative if that is not known, which it may be
	// at the end alone; nil if it never is.
	Packed func() int64

	// Far is what there is of an input that is far away, besides ReadAt; nil for others.
	Far Far

	// Spool is called for a temporary file if the input is a pipe and must be
	// read twice. Without it a pipe can be read once.
	Spool func() (*spill.File, error)
}

// Far is an input of which each piece has to be asked for.
type Far interface {
	// Stream reads the input from its start.
	Stream() io.Reader
	// Foresee says which stretches are read next, in order.
	Foresee(stretches []Stretch)
}

// Stretch is from one byte of an input, as it is packed, to before another.
type Stretch struct{ From, To int64 }

// NewSource makes a Source of r. If r is an io.ReaderAt, size is its length in
// bytes; size is negative for a pipe. The Source reads r, but never closes it.
func NewSource(r io.Reader, size int64, o SourceOptions) (*Source, error) {
	s := &Source{r: r, size: size, input: size, points: points{every: checkpointEvery, most: mostPoints}, most: o.MaxText, record: o.Record, verify: o.Verify, far: o.Far, packed: o.Packed}
	if !o.Inner {
		s.marks = &interner{}
	}
	if at, ok := r.(io.ReaderAt); ok && size >= 0 {
		s.at = at
		s.r = io.NewSectionReader(at, 0, size)
		if s.far != nil {
			s.r = s.far.Stream()
		}
	}
	head := make([]byte, sniffed)
	n, err := io.ReadFull(s.r, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	head = head[:n]
	if s.format, err = sniff(head); err != nil {
		return nil, err
	}
	s.r = io.MultiReader(bytes.NewReader(head), s.r)
	if s.outer = s.format; s.format == Zip {
		if err := s.enter(); err != nil {
			return nil, err
		}
	}
	if s.at == nil && o.Spool != nil {
		file, err := o.Spool()
		if err != nil {
			return nil, err
		}
		s.spool = newSpool(file)
	}
	return s, nil
}

// enter goes on with what a zip archive holds.
func (s *Source) enter() (err error) {
	if s.at == nil {
		return fmt.Errorf("%w: zip through a pipe; name the file, or %s", ErrFormat, unzipFirst)
	}
	if s.at, s.size, err = unzip(s.at, s.size); err != nil {
		return err
	}
	s.r = io.NewSectionReader(s.at, 0, s.size)
	head := make([]byte, sniffed)
	n, err := s.at.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return err
	}
	s.format, err = sniff(head[:n])
	switch {
	case err != nil:
		return err
	case s.format == Zip:
		return errZipInZip
	case s.format == Gzip:
		return s.twicePacked()
	}
	return nil
}

// twicePacked unpacks what was packed before it came into an archive that packs.
// Such a trace is read like a pipe.
func (s *Source) twicePacked() error {
	outer := inflate.NewReader(io.NewSectionReader(s.at, 0, s.size))
	head := make([]byte, sniffed)
	n, _ := io.ReadFull(outer, head) // an error comes again when the trace is read
	inner, err := sniff(head[:n])
	switch {
	case err != nil || inner == Plain:
		return err
	case inner == Zip:
		return errZipInZip
	}
	s.at, s.size, s.format = nil, -1, inner
	s.r = io.MultiReader(bytes.NewReader(head[:n]), outer)
	return nil
}

// Format returns how the input is compressed.
func (s *Source) Format() Format { return s.outer }

// Size is the length of the input in bytes as it is packed, negative if it is
// not known.
func (s *Source) Size() int64 {
	if s.input < 0 && s.packed != nil {
		return s.packed()
	}
	return s.input
}

// Close gives back what the Source itself has made.
func (s *Source) Close() error {
	if s.spool != nil {
		return s.spool.Close()
	}
	return nil
}

// magics are the first bytes of what is packed.
var magics = []struct {
	magic  string
	format Format
}{
	{"\x1f\x8b", Gzip},
	{"\x28\xb5\x2f\xfd", Zstd},
	{"PK\x03\x04", Zip},
}

// sniffed is how many bytes are looked at to tell a format.
const sniffed = 512

func sniff(head []byte) (Format, error) {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return m.format, nil
		}
	}
	return Plain, Foreign(head)
}

// Read reads the whole trace from its start. It may be called once.
func (s *Source) Read() (*Reader, error) { return s.read(reading{}) }

// read is Read, and with sums gives only the bounds of the events in each part:
// to write them all into memory, and read them there, takes a tenth of the time.
func (s *Source) read(o reading) (*Reader, error) {
	record := s.record && !o.sums
	o.record, o.placed, o.verify = record, record, s.verify
	w, err := s.open(runtime.GOMAXPROCS(0)-1, record) // the scanner needs one
	if err != nil {
		return nil, err
	}
	return newReader(w, o, s.marks, &s.ring), nil
}

// open begins to decompress the input from its start, on up to so many
// processors, and to record how it was packed.
func (s *Source) open(processors int, record bool) (*whole, error) {
	w := &whole{source: s}
	in := s.r
	if s.spool != nil && s.format != Plain {
		in = io.TeeReader(in, s.spool)
	}
	switch s.format {
	case Gzip:
		w.text = s.gzip(in, min(processors, mostDecoders), record)
	case Zstd:
		z, err := newZstd(in)
		if err != nil {
			return nil, err
		}
		w.text = filled{z}
	default:
		w.text = filled{plainText{in}}
	}
	if s.sums != nil {
		w.text = summed{w.text, s.sums}
	}
	return w, nil
}

// gzip decompresses in. tracekit's own output is made for more than one
// processor.
func (s *Source) gzip(in io.Reader, processors int, record bool) stream {
	if processors > 1 {
		z := inflate.NewChunked(in, processors)
		s.offer(z)
		if record {
			z.Record()
		}
		return chunkedText{z}
	}
	z := inflate.NewReader(in)
	if record {
		z.Record()
	}
	s.offer(z)
	return filled{gzipText{z}}
}

// offer has z tell where decompression can be taken up, unless that is known.
func (s *Source) offer(z interface {
	Checkpoints(every int64, fn func(inflate.Checkpoint))
	SparseCheckpoints(every int64, fn func(inflate.Checkpoint))
}) {
	switch {
	case s.index != nil:
	case s.points.sparse:
		z.SparseCheckpoints(s.points.every, s.points.add)
	default:
		z.Checkpoints(s.points.every, s.points.add)
	}
}

// mostDecoders is how many processors decompress at most: many more than it
// takes to outrun the scanner.
const mostDecoders = 8

// text is a stream of decompressed text that fills blocks. hist bytes before
// the block's data are the text's own, to look back at.
type text interface {
	Fill(block []byte, hist int) (n int, err error)
	// Ranges are how the text was compressed that Fill gave last, where that is recorded.
	Ranges() []*verbatim.Range
	Close()
}

// stream is text in blocks, with room for an event that began in the block
// before: Next returns a block with n bytes at block[blockRoom:], which is the
// one that it is given or takes its place.
type stream interface {
	Next(block []byte) (next []byte, n int, err error)
	// Ranges are how the block's text was compressed, where that is recorded.
	Ranges() []*verbatim.Range
	Close()
}

// filled is a text that fills the blocks that it is given.
type filled struct{ text }

func (f filled) Next(block []byte) ([]byte, int, error) {
	n, err := f.Fill(block, blockRoom)
	return block, n, err
}

type plainText struct{ r io.Reader }

func (t plainText) Fill(block []byte, hist int) (int, error) {
	n, err := io.ReadFull(t.r, block[hist:])
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return n, err
}

func (plainText) Ranges() []*verbatim.Range { return nil }

func (plainText) Close() {}

type gzipText struct{ *inflate.Reader }

func (t gzipText) Fill(block []byte, hist int) (int, error) {
	n, err := t.Reader.Fill(block, hist)
	return n, gzipError(err)
}

// gzipError marks errors that report damage.
func gzipError(err error) error {
	var corrupt *inflate.CorruptError
	if errors.As(err, &corrupt) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, inflate.ErrTrailing) || errors.Is(err, inflate.ErrFormat) {
		err = fmt.Errorf("%w: %w", ErrDecode, err)
	}
	return err
}

func (gzipText) Close() {}

// chunkedText has blocks of its own, and exchanges them for the caller's.
type chunkedText struct{ *inflate.Chunked }

func (t chunkedText) Next(block []byte) ([]byte, int, error) {
	block, n, err := t.Chunked.Next(block)
	return block, n, gzipError(err)
}

type zstdText struct {
	*zstd.Decoder
	in *failing
}

func newZstd(r io.Reader) (text, error) {
	in := &failing{r: r}
	d, err := zstd.NewReader(in, zstd.WithDecoderMaxWindow(128<<20))
	if err != nil {
		return nil, err
	}
	return zstdText{d, in}, nil
}

func (t zstdText) Fill(block []byte, hist int) (int, error) {
	n := 0
	for n < len(block)-hist {
		k, err := t.Decoder.Read(block[hist+n:])
		n += k
		switch {
		case err == nil:
		case err == io.EOF:
			return n, err
		case t.in.err != nil:
			return n, t.in.err
		default:
			return n, fmt.Errorf("%w: zstd: %w", ErrDecode, err)
		}
	}
	return n, nil
}

func (zstdText) Ranges() []*verbatim.Range { return nil }

func (t zstdText) Close() { t.Decoder.Close() }

// failing remembers the error of a reader, to tell a failed read from a stream
// that a decompressor can't go on with.
type failing struct {
	r   io.Reader
	err error
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}

// whole is the text of a source from its start to its end.
type whole struct {
	source *Source
	text   stream
	off    int64
}

func (w *whole) fill(b *block) {
	var n int
	b.off = w.off
	b.buf, n, b.err = w.next(b.buf)
	b.hi = b.lo + n
	b.compressed = w.text.Ranges()
	if s := w.source.spool; s != nil && w.source.format == Plain && n > 0 {
		if err := s.add(b.buf[b.lo:b.hi]); err != nil {
			b.err = err
		}
	}
}

// next is the text's Next, up to what is allowed.
func (w *whole) next(buf []byte) (next []byte, n int, err error) {
	next, n, err = w.text.Next(buf)
	w.off += int64(n)
	if most := w.source.most; most > 0 && w.off > most {
		err = fmt.Errorf("%w: %d bytes", ErrTooMuch, most)
	}
	return next, n, err
}

func (w *whole) Close() error {
	w.text.Close()
	return nil
}
