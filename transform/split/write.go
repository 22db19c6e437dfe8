package split

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"tracekit/internal/budget"
	"tracekit/trace"
	"tracekit/transform/slice"
)

// mostWriters bounds the memory that is taken by pieces written at the same time.
const mostWriters = 4

// writeAll writes the pieces, several at the same time, and gives them their names
// in order: if one fails, those before it are whole and none after it is there. It
// returns how many are whole.
func (p *pieces) writeAll(ctx context.Context, dir Folder, s *trace.Source, sp *spool) (whole int, err error) {
	q := &queue{of: len(p.manifest.Pieces), turn: make(chan bool, 1)}
	q.turn <- true
	var all sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), mostWriters, q.of) {
		w := &writer{pieces: p, dir: dir, source: s, spool: unspooler{spool: sp, tracks: p.router.shape.Tracks.Known()}, cutter: p.router.Cutter(p.temp)}
		all.Go(func() {
			for i, mine, next := q.take(); i >= 0; i, mine, next = q.take() {
				own, done := budget.Apart(ctx)
				file, err := w.write(own, i)
				done()
				if !<-mine {
					discard(file)
					next <- false
					continue
				}
				if err = w.commit(i, file, err); err != nil {
					q.fail(err)
				} else {
					q.whole++ // by the one whose turn it is
				}
				next <- err == nil
			}
		})
	}
	all.Wait()
	return q.whole, q.err
}

// queue hands out pieces in order.
type queue struct {
	mutex sync.Mutex
	n, of int       // next piece, number of pieces
	turn  chan bool // of the next piece: whether all before it are whole
	err   error
	whole int
}

// take returns a piece, negative if there is none left, the channel that tells
// whether all before it are whole, and the one to tell the next piece.
func (q *queue) take() (piece int, mine <-chan bool, next chan<- bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.n == q.of || q.err != nil {
		return -1, nil, nil
	}
	mine = q.turn
	q.turn = make(chan bool, 1)
	q.n++
	return q.n - 1, mine, q.turn
}

func (q *queue) fail(err error) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.err = err
}

// writer writes pieces one after another.
type writer struct {
	*pieces
	dir    Folder
	source *trace.Source
	spool  unspooler // unless pieces are read from the source
	cutter *cutter
}

// write writes piece i into a file that is closed and has no name yet, and tells
// the manifest of it.
func (w *writer) write(ctx context.Context, i int) (File, error) {
	m := &w.manifest.Pieces[i]
	file, err := w.dir.Create(m.File, true)
	if err != nil {
		return nil, err
	}
	var busy busy
	out := file.Trace()
	cut := func(out *trace.Writer) error { return w.cut(ctx, i, out, &busy) }
	if w.Change != nil {
		err = w.Change(ctx, out, cut)
	} else {
		err = cut(out)
	}
	if err == nil {
		err = file.Close()
	}
	m.Events, m.Bytes = out.Events, out.Bytes
	m.busy(&busy)
	return file, err
}

// cut writes piece i as it is cut.
func (w *writer) cut(ctx context.Context, i int, out *trace.Writer, busy *busy) error {
	if w.Origin != nil {
		if err := w.origin(w.windows[i]).Put(out); err != nil {
			return err
		}
	}
	if w.chosen != nil {
		blocks, starts := w.direct(i)
		read := func(known trace.VerbatimRuns) (trace.Stream, error) {
			r, err := w.source.ReadAgain(blocks, known)
			return &reread{Stream: r, router: w.router, window: i, starts: starts}, err
		}
		return w.cutter.Piece(ctx, i, slice.Events{Blocks: blocks, Read: read}, out, busy.add)
	}
	read, err := w.spool.open(i)
	if err != nil {
		return err
	}
	return w.cutter.Piece(ctx, i, slice.Events{Read: read}, out, busy.add)
}

// commit gives piece i its name, unless an error has come before.
func (w *writer) commit(i int, file File, err error) error {
	m := &w.manifest.Pieces[i]
	if err == nil {
		m.Packed, err = file.Commit()
	}
	if err != nil {
		discard(file)
		return fmt.Errorf("%s: %w", m.File, err)
	}
	return nil
}

func discard(file File) {
	if file != nil {
		file.Abort()
	}
}
