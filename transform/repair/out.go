package repair

import (
	"io"

	"tracekit/transform/check"
)

// bulkSize is how many bytes are written at once.
const bulkSize = 256 << 10

// bulk gathers what is written.
type bulk struct {
	w    io.Writer
	buf  []byte
	size int64
}

func (b *bulk) put(t []byte) error {
	b.buf = append(b.buf, t...)
	b.size += int64(len(t))
	if len(b.buf) < bulkSize {
		return nil
	}
	return b.flush()
}

func (b *bulk) flush() error {
	_, err := b.w.Write(b.buf)
	b.buf = b.buf[:0]
	return err
}

// rejects writes what is set aside as a trace of its own: events as they were,
// and what would stop its load as text within an instant.
type rejects struct {
	open  func() (io.Writer, error)
	judge *check.Judge
	w     *bulk
}

func (r *rejects) add(obj []byte) error {
	if r.open == nil {
		return nil
	}
	sep := ",\n"
	if r.w == nil {
		w, err := r.open()
		if err != nil {
			return err
		}
		r.w = &bulk{w: w}
		sep = "{\"traceEvents\": [\n"
	}
	if err := r.w.put([]byte(sep)); err != nil {
		return err
	}
	return r.w.put(r.loadable(obj))
}

func (r *rejects) loadable(obj []byte) []byte {
	if isJSON(obj) && obj[0] == '{' {
		if end, v := r.judge.JudgeEvent(append(obj[:len(obj):len(obj)], ' '), 0); end == len(obj) && (v == check.Clean || v == check.Flawed) {
			return obj
		}
	}
	text := append([]byte(`{"ph": "i", "s": "g", "ts": 0, "name": "set aside", "args": {"text": `), quoteText(obj)...)
	return append(text, "}}"...)
}

func (r *rejects) close() error {
	if r.w == nil {
		return nil
	}
	if err := r.w.put([]byte("\n]}\n")); err != nil {
		return err
	}
	return r.w.flush()
}
