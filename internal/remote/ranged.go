package remote

import (
	"context"
	"io"
	"sync"

	"tracekit/internal/spill"
)

// Bounds of what is fetched by ranges.
const (
	blockSize    = 16 << 10 // bytes that are fetched or not
	mostAtOnce   = 8 << 20  // bytes of one request
	firstAhead   = 64 << 10 // bytes that are asked for where nobody said what comes
	mostAhead    = 4 << 20  // the same, where reading goes on and on
	atOnce       = 6        // requests
	mostForeseen = 64 << 20 // bytes that are fetched before they are read
	// worthARequest is how many bytes between two stretches are fetched rather than asked
	// around.
	worthARequest = 128 << 10
)

// Stretch is from one byte of an object to before another.
type Stretch struct{ From, To int64 }

// Ranged reads an object from anywhere. What has come of it is kept in a temporary file, so
// that no byte comes twice. It may be used by several goroutines.
type Ranged struct {
	*Object
	ctx    context.Context
	cancel context.CancelFunc
	kept   *spill.File

	mutex   sync.Mutex
	moved   *sync.Cond       // something has come, failed or been read
	have    []bool           // blocks that have come
	coming  map[int64]*fetch // blocks that are on their way
	planned []*fetch         // what was foreseen, in order
	ahead   int64            // bytes that were foreseen and asked for, and not yet read
	running int              // requests for what was foreseen
	next    int64            // block at which reading goes on if it goes on and on
	window  int64            // bytes to ask for then
	jobs    sync.WaitGroup
}

// fetch is a request for blocks.
type fetch struct {
	from, to int64 // blocks
	begun    bool
	passed   bool // it was read, or passed over
	err      error
}

// Ranged returns what reads an object with ranges until ctx ends or it is closed. What has come
// is kept in a file of its own, which is closed with it.
func (o *Object) Ranged(ctx context.Context, file *spill.File) (*Ranged, error) {
	r := &Ranged{Object: o, kept: file, have: make([]bool, (o.Size+blockSize-1)/blockSize), coming: map[int64]*fetch{}}
	r.ctx, r.cancel = context.WithCancel(ctx)
	r.moved = sync.NewCond(&r.mutex)
	if _, err := file.WriteAt(o.head, 0); err != nil {
		return nil, err
	}
	for i := range int64(len(o.head)) / blockSize {
		r.have[i] = true
	}
	if int64(len(o.head)) == o.Size {
		for i := range r.have {
			r.have[i] = true
		}
	}
	return r, nil
}

// Close ends what is on its way and removes what was kept.
func (r *Ranged) Close() error {
	r.cancel()
	r.mutex.Lock()
	r.planned = nil
	r.moved.Broadcast()
	r.mutex.Unlock()
	r.jobs.Wait()
	return r.kept.Close()
}

// ReadAt reads what has come, and asks for what has not.
func (r *Ranged) ReadAt(p []byte, off int64) (n int, err error) {
	end := min(off+int64(len(p)), r.Size)
	if off >= r.Size {
		return 0, io.EOF
	}
	if err := r.await(off/blockSize, (end+blockSize-1)/blockSize); err != nil {
		return 0, err
	}
	n, err = r.kept.ReadAt(p[:end-off], off)
	if n == int(end-off) {
		if err = nil; n < len(p) {
			err = io.EOF
		}
		return n, err
	}
	return n, err
}

// await returns when some blocks have come.
func (r *Ranged) await(from, to int64) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.pass(from)
	for b := from; b < to; {
		switch f := r.coming[b]; {
		case r.have[b]:
			b++
			continue
		case r.ctx.Err() != nil:
			return r.ctx.Err()
		case f == nil:
			r.demand(b, to)
		case f.err != nil:
			delete(r.coming, b) // whoever reads it next tries again
			return f.err
		}
		r.moved.Wait()
	}
	r.next = to
	return nil
}

// pass notes that reading has come to a block, so that what was foreseen before it has no
// need of room any more.
func (r *Ranged) pass(b int64) {
	for _, f := range r.planned {
		if f.passed || f.to > b {
			continue
		}
		f.passed = true
		if f.begun {
			r.ahead -= (f.to - f.from) * blockSize
		}
		f.begun = true
	}
	r.launch()
}

// demand asks for a block at once, and for others with it if it was not foreseen: the more,
// the longer reading goes on.
func (r *Ranged) demand(b, to int64) {
	for _, f := range r.planned {
		if !f.begun && b >= f.from && b < f.to {
			f.from = b
			r.begin(f)
			return
		}
	}
	if b == r.next {
		r.window = min(2*max(r.window, firstAhead/2), mostAhead)
	} else {
		r.window = firstAhead
	}
	f := &fetch{from: b, to: min(max(to, b+r.window/blockSize), int64(len(r.have)))}
	r.trim(f)
	r.start(f)
}

// trim lets f end before what is there or on its way.
func (r *Ranged) trim(f *fetch) {
	for b := f.from; b < f.to; b++ {
		if r.have[b] || r.coming[b] != nil {
			f.to = b
		}
	}
}

// Foresee says which stretches are read next, in order, instead of those that it was told
// before. They are asked for several at a time.
func (r *Ranged) Foresee(stretches []Stretch) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.planned, r.ahead = nil, 0
	var last *fetch
	for _, s := range stretches {
		from, to := max(s.From, 0)/blockSize, min((s.To+blockSize-1)/blockSize, int64(len(r.have)))
		for b := from; b < to; b++ {
			switch {
			case r.have[b] || r.coming[b] != nil:
			case last != nil && b >= last.from && b < last.to:
			case last != nil && b >= last.to && (b-last.to)*blockSize <= worthARequest && (b+1-last.from)*blockSize <= mostAtOnce && r.lacks(last.to, b):
				last.to = b + 1
			default:
				last = &fetch{from: b, to: b + 1}
				r.planned = append(r.planned, last)
			}
		}
	}
	r.launch()
}

// lacks reports whether none of some blocks is there or on its way.
func (r *Ranged) lacks(from, to int64) bool {
	for b := from; b < to; b++ {
		if r.have[b] || r.coming[b] != nil {
			return false
		}
	}
	return true
}

// launch begins what was foreseen, as far as there is room.
func (r *Ranged) launch() {
	for _, f := range r.planned {
		if r.running >= atOnce || r.ahead >= mostForeseen {
			return
		}
		if !f.begun {
			r.begin(f)
		}
	}
}

// begin asks for some of what was foreseen.
func (r *Ranged) begin(f *fetch) {
	f.begun = true
	if r.trim(f); f.from == f.to {
		f.passed = true
		return
	}
	r.ahead += (f.to - f.from) * blockSize
	r.running++
	r.start(f, func() { r.running--; r.launch() })
}

// start asks for the blocks of f, none of which is there or on its way.
func (r *Ranged) start(f *fetch, done ...func()) {
	for b := f.from; b < f.to; b++ {
		r.coming[b] = f
	}
	r.jobs.Go(func() {
		err := r.fetch(f)
		r.mutex.Lock()
		defer r.mutex.Unlock()
		f.err = err
		for b := f.from; b < f.to; b++ {
			if r.have[b] && r.coming[b] == f {
				delete(r.coming, b)
			}
		}
		for _, d := range done {
			d()
		}
		r.moved.Broadcast()
	})
}

// fetch keeps what comes of the blocks of f, and asks again for the rest where it breaks.
func (r *Ranged) fetch(f *fetch) error {
	pos, end := f.from*blockSize, min(f.to*blockSize, r.Size)
	t := tries{Client: r.client}
	buf := make([]byte, blockSize)
	for pos < end {
		before := pos
		err := r.copy(&pos, end, buf)
		if err == nil {
			continue
		}
		if pos > before {
			t.n = 0
		}
		pos -= pos % blockSize
		if err = t.after(r.ctx, err); err != nil {
			return err
		}
	}
	return nil
}

// copy keeps whole blocks from pos on, and moves it.
func (r *Ranged) copy(pos *int64, end int64, buf []byte) error {
	body, err := r.part(r.ctx, *pos, end)
	if err != nil {
		return err
	}
	defer body.Close()
	for *pos < end {
		n, err := io.ReadFull(body, buf[:min(blockSize, end-*pos)])
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return &transient{cause: &Error{What: "the connection was closed before the end"}}
		case err != nil:
			return err
		}
		if _, err := r.kept.WriteAt(buf[:n], *pos); err != nil {
			return err
		}
		r.mutex.Lock()
		r.have[*pos/blockSize] = true
		r.moved.Broadcast()
		r.mutex.Unlock()
		*pos += int64(n)
	}
	return nil
}
