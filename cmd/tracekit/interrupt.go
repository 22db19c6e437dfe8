package main

import (
	"context"
	"io"
)

// interruptible reads a pipe, and stops waiting for it when ctx ends: a system
// call that waits for a writer can't be called back.
type interruptible struct {
	ctx  context.Context
	r    io.Reader
	got  chan piped
	free chan []byte
	held []byte // taken by the last piped
	rest []byte // of held
	err  error  // after rest
}

type piped struct {
	buf []byte
	n   int
	err error
}

func newInterruptible(ctx context.Context, r io.Reader) *interruptible {
	p := &interruptible{ctx: ctx, r: r, got: make(chan piped), free: make(chan []byte, 2)}
	for range cap(p.free) {
		p.free <- make([]byte, 64<<10)
	}
	go p.pump()
	return p
}

// pump stays behind, with its buffers, in a call that never returns.
func (p *interruptible) pump() {
	for buf := range p.free {
		n, err := p.r.Read(buf)
		select {
		case p.got <- piped{buf, n, err}:
		case <-p.ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

func (p *interruptible) Read(b []byte) (int, error) {
	for len(p.rest) == 0 && p.err == nil {
		if p.held != nil {
			p.free <- p.held
			p.held = nil
		}
		select {
		case g := <-p.got:
			p.held, p.rest, p.err = g.buf, g.buf[:g.n], g.err
		case <-p.ctx.Done():
			p.err = p.ctx.Err()
		}
	}
	if len(p.rest) == 0 {
		return 0, p.err
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}
