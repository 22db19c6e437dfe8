package check

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"tracekit/internal/ahead"
	"tracekit/trace"
)

// blockSize is how many bytes of text are read ahead at once.
const blockSize = 1 << 20

// window is the stretch of text that is being read. It is filled by a goroutine
// that decompresses ahead.
type window struct {
	buf  []byte
	off  int64 // of buf[0] in the text
	eof  bool
	err  error // what ended the text, if not its end
	line int64 // of buf[mark], from 1
	mark int

	in *ahead.Reader
}

func newWindow(r io.Reader, size int) *window {
	return &window{line: 1, in: ahead.New(r, size)}
}

// close ends the reading ahead. The reader is not used any more once it
// returns.
func (w *window) close() { w.in.Close() }

// more drops the text before p and reads at least as much again as is left. It
// reports false if there is no more.
func (w *window) more(p *int) (bool, error) {
	if w.eof {
		return false, nil
	}
	w.lineAt(max(*p, w.mark))
	w.off += int64(*p)
	w.mark -= *p
	left := len(w.buf) - *p
	if left > trace.MaxEvent {
		return false, trace.ErrTooLarge
	}
	var err error
	w.buf, err = w.in.More(w.buf[*p:])
	*p = 0
	if err != nil {
		w.eof = true
		if !errors.Is(err, io.EOF) || errors.Is(err, trace.ErrDecode) {
			w.err = err
		}
	}
	return len(w.buf) > left, nil
}

// lineAt is the line in which buf[i] stands. Calls must not go backwards.
func (w *window) lineAt(i int) int64 {
	if i > w.mark {
		w.line += int64(bytes.Count(w.buf[w.mark:i], []byte{'\n'}))
		w.mark = i
	}
	return w.line
}

// head is the text at buf[i], shortened for people to read.
func (w *window) head(i int) string { return headOf(w.buf[min(i, len(w.buf)):]) }

const headSize = 90

func headOf(b []byte) string {
	cut := len(b) > headSize
	b = bytes.ToValidUTF8(b[:min(len(b), headSize)], []byte("?"))
	b = bytes.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, b)
	if cut {
		return string(b) + "…"
	}
	return string(b)
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
