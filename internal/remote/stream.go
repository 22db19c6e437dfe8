package remote

import (
	"context"
	"io"
)

// stream reads an object from its start. Where the connection breaks, it goes on from there.
type stream struct {
	ctx  context.Context
	o    *Object
	pos  int64
	body io.ReadCloser // nil if nothing is open
	try  tries
}

// Stream reads the object from its start to its end, once. It ends with ctx.
func (o *Object) Stream(ctx context.Context) io.ReadCloser {
	return &stream{ctx: ctx, o: o, try: tries{Client: o.client}}
}

func (s *stream) Read(p []byte) (int, error) {
	for len(p) > 0 {
		if n := copy(p, s.o.head[min(s.pos, int64(len(s.o.head))):]); n > 0 {
			s.pos += int64(n)
			return n, nil
		}
		if s.pos == s.o.Size {
			s.Close()
			return 0, io.EOF
		}
		n, err := s.more(p)
		if n > 0 {
			s.pos += int64(n)
			s.try.n = 0
			return n, nil
		}
		if err == nil {
			continue
		}
		s.Close()
		if err == io.EOF && s.o.Size < 0 {
			s.o.Size = s.pos
			continue
		}
		if err == io.EOF {
			err = &transient{cause: &Error{What: "the connection was closed before the end"}}
		}
		if err := s.try.after(s.ctx, err); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// more reads some of what comes next.
func (s *stream) more(p []byte) (n int, err error) {
	if s.body == nil {
		if s.body, err = s.open(); err != nil {
			return 0, err
		}
	}
	return s.body.Read(p)
}

// open asks for what comes next.
func (s *stream) open() (io.ReadCloser, error) {
	if s.o.Ranges {
		return s.o.part(s.ctx, s.pos, s.o.Size)
	}
	if s.o.whole == nil {
		if s.o.Tag == "" && s.pos > 0 {
			return nil, &Error{What: "the connection broke, and the server does not say whether it would go on with the same", Hint: "copy the file first"}
		}
		if err := s.o.restart(s.ctx); err != nil {
			return nil, err
		}
	}
	body := struct {
		io.Reader
		io.Closer
	}{counted{s.o.whole.Body, &s.o.fetched}, s.o.whole.Body}
	s.o.whole = nil
	if _, err := io.CopyN(io.Discard, body, s.pos-s.o.begun); err != nil { // what was read before it broke
		body.Close()
		if err == io.EOF {
			err = changed()
		}
		return nil, err
	}
	return body, nil
}

func (s *stream) Close() error {
	if s.body == nil {
		return nil
	}
	err := s.body.Close()
	s.body = nil
	return err
}

// Close gives up an answer that nobody has read.
func (o *Object) Close() {
	if o.whole != nil {
		o.whole.Body.Close()
		o.whole = nil
	}
}
