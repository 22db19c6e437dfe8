package report

import (
	"encoding/binary"
	"io"
)

// varints reads numbers from a log.
type varints struct {
	in    io.Reader
	chunk []byte
	rest  []byte // of the chunk
	err   error
}

// more reports whether there is more to read, and has the next so many bytes at hand, if there are as many.
func (v *varints) more(longest int) bool {
	if len(v.rest) < longest && v.in != nil {
		v.fill()
	}
	return len(v.rest) > 0
}

func (v *varints) signed() int64 {
	x, n := binary.Varint(v.rest)
	v.rest = v.rest[n:]
	return x
}

func (v *varints) unsigned() uint64 {
	x, n := binary.Uvarint(v.rest)
	v.rest = v.rest[n:]
	return x
}

func (v *varints) fill() {
	const least, most = 1 << 10, 64 << 10 // of many logs most are short
	if size := len(v.chunk); size < most {
		v.chunk = make([]byte, min(max(least, 8*size), most))
	}
	kept := copy(v.chunk, v.rest)
	n, err := io.ReadAtLeast(v.in, v.chunk[kept:], len(v.chunk)-kept)
	v.rest = v.chunk[:kept+n]
	if err != nil {
		v.in = nil
		if err != io.EOF && err != io.ErrUnexpectedEOF {
			v.err, v.rest = err, nil
		}
	}
}
