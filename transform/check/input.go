package check

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"tracekit/internal/gzip/inflate"
	"tracekit/internal/perfetto"
	"tracekit/trace"

	"github.com/klauspost/compress/zstd"
)

// packing is what the first bytes of an input tell.
type packing uint8

const (
	unknown packing = iota
	plain
	gzipped
	zstandard
	zipped
	tarred
)

func (p packing) String() string {
	return [...]string{"unknown", "plain", "gzip", "zstd", "zip", "tar"}[p]
}

// sniffSize is how much of an input is seen to tell its packing and its format.
const sniffSize = 4 << 10

// sniff tells a packing as Perfetto does, and why it is unknown.
func sniff(head []byte) (p packing, why string) {
	switch {
	case len(head) >= 265 && (string(head[257:263]) == "ustar\x00" || string(head[257:265]) == "ustar  \x00"):
		return tarred, ""
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return zipped, ""
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return gzipped, ""
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		return zstandard, ""
	}
	if why = notTrace(head); why != "" {
		return unknown, why
	}
	return plain, ""
}

// notTrace says why Perfetto does not take a text for a JSON trace by its first
// 128 bytes, or nothing.
func notTrace(head []byte) string {
	var start []byte
	for _, c := range head[:min(len(head), perfetto.Lookahead)] {
		if !perfetto.IsSpace(c) {
			start = append(start, c)
		}
	}
	has := func(prefix string) bool { return bytes.HasPrefix(start, []byte(prefix)) }
	switch {
	case slices.Contains(perfetto.Gecko, perfetto.FirstKey(head)):
		return "its first key makes it a profile of another kind"
	case perfetto.FirstKey(head) == perfetto.Manifest:
		return manifest
	case has(`{"`) || has(`[{"`):
		return ""
	case len(head) == 0:
		return "the input is empty"
	case has("\xef\xbb\xbf"):
		return "a byte-order mark before the JSON"
	case has("\xfd7zXZ\x00"):
		return "xz is not unpacked"
	case has("BZh"):
		return "bzip2 is not unpacked"
	case has("[]") || has("{}"):
		return "an empty array or object is no trace"
	}
	return `it starts with neither {" nor [{"`
}

// other names the format of a text that Perfetto loads though it is no Chrome JSON. A
// Firefox profile is recognized by its first key, and by having no array of events close by.
func other(head []byte, in *bufio.Reader) string {
	if slices.Contains(perfetto.Gecko, perfetto.FirstKey(head)) {
		more, _ := in.Peek(in.Size()) // an error comes again where the text is read
		if !bytes.Contains(more, []byte(`"traceEvents"`)) {
			return "a Firefox profile"
		}
	}
	return perfetto.Other(head)
}

// isOther notes a text in another format, which is not looked at any further.
func (c *checker) isOther(name string, head []byte, in *bufio.Reader) bool {
	format := other(head, in)
	if format != "" {
		c.report.find(OtherFormat, func() Place {
			return Place{Member: name, Line: 1, Head: headOf(head), Detail: format}
		})
	}
	return format != ""
}

// manifest marks a file that tells how others of its archive are to be read.
const manifest = "a manifest, and no trace"

// unpacked is a text and where its chunks end: Perfetto takes what stands
// behind a document in the same chunk for nothing, and fails over any more.
type unpacked struct {
	io.Reader
	begin  []byte  // the first of the text
	starts []int64 // of gzip members, in bytes of text
	tail   *tail
	close  func()
}

// chunkSize is how much text a viewer reads at once, in bytes.
const chunkSize = 32 << 20

// chunkEnd is where the chunk ends that holds the byte before off.
func (u *unpacked) chunkEnd(off int64) int64 {
	start, next := int64(0), int64(-1)
	for _, s := range u.starts {
		if s < off {
			start = s
		} else if next < 0 {
			next = s
		}
	}
	end := start + (off-start+chunkSize-1)/chunkSize*chunkSize
	if next >= 0 && next < end {
		return next
	}
	return end
}

// unpack makes the text of a packed input.
func unpack(p packing, r io.Reader) (*unpacked, error) {
	u := &unpacked{Reader: r, close: func() {}}
	switch p {
	case gzipped:
		u.tail = &tail{r: r}
		z := inflate.NewReader(u.tail)
		z.Checkpoints(1, func(c inflate.Checkpoint) {
			if len(c.Window) == 0 {
				u.starts = append(u.starts, c.Out)
			}
		})
		u.Reader = &gunzip{z: z, u: u}
	case zstandard:
		z, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, err
		}
		u.Reader, u.close = zstdErrors{z}, z.Close
	}
	return u, nil
}

// gunzip marks the errors of a damaged stream, and finds zeros behind it, which
// our decoder passes over and Perfetto does not.
type gunzip struct {
	z   *inflate.Reader
	u   *unpacked
	out int64
}

func (g *gunzip) Read(p []byte) (int, error) {
	n, err := g.z.Read(p)
	g.out += int64(n)
	var corrupt *inflate.CorruptError
	switch {
	case errors.As(err, &corrupt), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, inflate.ErrTrailing), errors.Is(err, inflate.ErrFormat):
		err = fmt.Errorf("%w: %w", trace.ErrDecode, err)
	case err == io.EOF && len(g.u.starts) > 0:
		size := uint32(g.out - g.u.starts[len(g.u.starts)-1])
		if g.u.tail.size() != size {
			err = fmt.Errorf("%w: zeros behind the gzip stream", trace.ErrDecode)
		}
	}
	return n, err
}

// tail remembers the last four bytes of what goes through it.
type tail struct {
	r    io.Reader
	last [4]byte
}

func (t *tail) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if n >= 4 {
		copy(t.last[:], p[n-4:n])
	} else {
		joined := append(t.last[:], p[:n]...)
		t.last = [4]byte(joined[len(joined)-4:])
	}
	return n, err
}

func (t *tail) size() uint32 {
	return uint32(t.last[0]) | uint32(t.last[1])<<8 | uint32(t.last[2])<<16 | uint32(t.last[3])<<24
}

type zstdErrors struct{ *zstd.Decoder }

func (z zstdErrors) Read(p []byte) (int, error) {
	n, err := z.Decoder.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%w: zstd: %w", trace.ErrDecode, err)
	}
	return n, err
}

// peek returns the first bytes of r, and r with them still to be read.
func peek(r io.Reader) ([]byte, *bufio.Reader, error) {
	b := bufio.NewReaderSize(r, 64<<10)
	head, err := b.Peek(sniffSize)
	if err == io.EOF || errors.Is(err, trace.ErrDecode) {
		err = nil // it comes again where the text ends
	}
	return slices.Clone(head), b, err
}

// limited is r, up to what may be read; read counts it.
func (c *checker) limited(r io.Reader, read *int64) io.Reader {
	if c.o.MaxText == 0 {
		return r
	}
	return &limited{r, read, c.o.MaxText}
}

type limited struct {
	io.Reader
	read *int64
	most int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	if *l.read += int64(n); *l.read > l.most {
		err = fmt.Errorf("%w: %d bytes", trace.ErrTooMuch, l.most)
	}
	return n, err
}
