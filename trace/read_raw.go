package trace

import (
	"io"
	"runtime"
)

// Text reads the decompressed text of the whole trace as it is, for those who
// judge it byte by byte. It takes the place of Read, and like it may be called
// once. What a decompressor can't go on with ends it with an error that wraps
// ErrDecode; all that it gave before is good.
func (s *Source) Text() (io.ReadCloser, error) {
	w, err := s.open(runtime.GOMAXPROCS(0), false)
	if err != nil {
		return nil, err
	}
	return &rawText{whole: w, buf: make([]byte, blockRoom+blockData)}, nil
}

type rawText struct {
	*whole
	buf  []byte
	rest []byte
	err  error
}

func (r *rawText) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		var n int
		r.buf, n, r.err = r.next(r.buf)
		r.rest = r.buf[blockRoom : blockRoom+n]
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
