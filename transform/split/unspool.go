package split

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/slice"
)

// unspooler reads pieces from a spool, one after another, in memory that it uses
// again.
type unspooler struct {
	spool  *spool
	tracks *trace.Tracks // of the trace
	held   loader
	reader loader
	used   usedNames
}

// heldBytes is how large a piece may be to be unpacked once only, and kept while it
// is gone through several times.
const heldBytes = 32 << 20

// open returns what begins to read piece i, in file order, as often as it is called;
// one reading has to end before the next begins.
func (u *unspooler) open(i int) (read slice.Rereading, err error) {
	blocks := u.spool.blocks[i]
	if length(blocks) > heldBytes {
		return func(trace.VerbatimRuns) (trace.Stream, error) {
			u.reader.begin(u.spool, blocks, u.spool.shared, 1)
			return &u.reader, nil
		}, nil
	}
	u.held.begin(u.spool, nil, nil, 0)
	records, err := u.held.load(blocks)
	if err != nil {
		return nil, err
	}
	if u.held.shared, err = u.used.names(u.spool, u.tracks, records); err != nil {
		return nil, err
	}
	all, err := u.held.batchOf(records)
	if err != nil {
		return nil, err
	}
	return func(trace.VerbatimRuns) (trace.Stream, error) { return &heldPiece{all}, nil }, nil
}

// heldPiece is the stream of a piece that is in memory.
type heldPiece struct{ all *trace.Batch }

func (h *heldPiece) Next() (*trace.Batch, error) {
	if h.all == nil {
		return nil, io.EOF
	}
	b := h.all
	h.all = nil
	return b, nil
}

func (h *heldPiece) Close() error { return nil }

// loader is the stream of a piece: its own records, and between them those that are
// shared.
type loader struct {
	spool  *spool
	blocks []spill.Block // still to come
	shared []record      // still to come
	many   int           // blocks of a batch

	loader spill.Loader
	plain  []byte
	events []trace.Event
	runs   []run
	batch  trace.Batch
}

// run is a part of the batch that is being made: text, or events.
type run struct {
	text   []byte
	lo, hi int
}

func (l *loader) begin(s *spool, blocks []spill.Block, shared []record, many int) {
	l.spool, l.blocks, l.shared, l.many = s, blocks, shared, many
}

func (l *loader) Close() error { return nil }

// Next unpacks some blocks.
func (l *loader) Next() (*trace.Batch, error) {
	n := min(l.many, len(l.blocks))
	if n == 0 && len(l.shared) == 0 {
		return nil, io.EOF
	}
	records, err := l.load(l.blocks[:n])
	if err != nil {
		return nil, err
	}
	l.blocks = l.blocks[n:]
	return l.batchOf(records)
}

// batchOf is the batch of the records of some blocks, and of what is shared before them.
func (l *loader) batchOf(records []byte) (*trace.Batch, error) {
	l.events, l.runs = l.events[:0], l.runs[:0]
	for len(records) > 0 {
		place, size := binary.Uvarint(records)
		if size <= 0 {
			return nil, errSpool
		}
		l.share(place)
		var ok bool
		if records, ok = l.event().Unpack(records[size:]); !ok {
			return nil, errSpool
		}
	}
	if len(l.blocks) == 0 {
		l.share(l.spool.n)
	}
	return l.seal(), nil
}

// share takes what is shared and stands before a place in the trace.
func (l *loader) share(place uint64) {
	for len(l.shared) > 0 && l.shared[0].n < place {
		if r := &l.shared[0]; r.text != nil {
			l.runs = append(l.runs, run{text: r.text})
		} else {
			*l.event() = r.event
		}
		l.shared = l.shared[1:]
	}
}

// event makes room for one more.
func (l *loader) event() *trace.Event {
	n := len(l.events)
	if k := len(l.runs); k == 0 || l.runs[k-1].text != nil {
		l.runs = append(l.runs, run{lo: n})
	}
	l.runs[len(l.runs)-1].hi = n + 1
	l.events = slices.Grow(l.events, 1)[:n+1]
	return &l.events[n]
}

// seal gives each part its events, which do not move any more.
func (l *loader) seal() *trace.Batch {
	l.batch.Parts = l.batch.Parts[:0]
	for _, r := range l.runs {
		l.batch.Parts = append(l.batch.Parts, trace.Part{Text: r.text, Events: l.events[r.lo:r.hi:r.hi]})
	}
	return &l.batch
}

var errSpool = fmt.Errorf("temporary file: %w", io.ErrUnexpectedEOF)

// length is how many bytes blocks have.
func length(blocks []spill.Block) (n int) {
	for _, b := range blocks {
		n += int(b.Len)
	}
	return n
}

// load unpacks blocks into one piece of memory.
func (l *loader) load(blocks []spill.Block) ([]byte, error) {
	if n := length(blocks); cap(l.plain) < n {
		l.plain = make([]byte, n+n/8) // the next piece is about as large
	}
	l.plain = l.plain[:0]
	for _, b := range blocks {
		at := len(l.plain)
		l.plain = l.plain[:at+int(b.Len)]
		if err := l.loader.Load(l.plain[at:], &l.spool.file, b); err != nil {
			return nil, err
		}
	}
	return l.plain, nil
}
