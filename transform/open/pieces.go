package open

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Piece is a file for a viewer.
type Piece struct {
	io.ReaderAt
	Size  int64 // bytes
	Name  string
	Note  string // what its making said
	Close func()
}

// pieces keeps those that were made last, each under a name that nobody guesses.
type pieces struct {
	mutex sync.Mutex
	byID  map[string]*kept
	order []*kept // the oldest first
	slots chan struct{}
	queue chan struct{}
}

// kept is a piece, and how many read it.
type kept struct {
	Piece
	id      string
	readers int
	dropped bool
}

// Bounds of what there is at a time.
const (
	mostPieces  = 8
	mostAtOnce  = 2  // cuts
	mostWaiting = 16 // cuts, those at work included
)

func newPieces() *pieces {
	return &pieces{byID: map[string]*kept{}, slots: make(chan struct{}, mostAtOnce), queue: make(chan struct{}, mostWaiting)}
}

var errBusy = errors.New("too many pieces are being cut; wait for one of them")

// enter waits until there is room for another cut, and returns what ends it.
func (p *pieces) enter(ctx context.Context) (leave func(), err error) {
	select {
	case p.queue <- struct{}{}:
	default:
		return nil, errBusy
	}
	select {
	case p.slots <- struct{}{}:
		return func() { <-p.slots; <-p.queue }, nil
	case <-ctx.Done():
		<-p.queue
		return nil, ctx.Err()
	}
}

// add keeps a piece, and lets go of the oldest if there are too many.
func (p *pieces) add(piece Piece) string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	k := &kept{Piece: piece, id: random()}
	p.byID[k.id] = k
	p.order = append(p.order, k)
	for len(p.order) > mostPieces {
		p.drop(p.order[0])
		p.order = p.order[1:]
	}
	return k.id
}

func (p *pieces) drop(k *kept) {
	delete(p.byID, k.id)
	if k.dropped = true; k.readers == 0 {
		k.Close()
	}
}

// read returns a piece to be read until done is called. It fails if there is no piece
// of that name, or no more.
func (p *pieces) read(id string) (piece *Piece, done func(), err error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	k := p.byID[id]
	if k == nil {
		return nil, nil, fmt.Errorf("there is no such piece, or no more: cut it again")
	}
	k.readers++
	return &k.Piece, func() {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		if k.readers--; k.readers == 0 && k.dropped {
			k.Close()
		}
	}, nil
}

// Close lets go of all pieces.
func (p *pieces) Close() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, k := range p.order {
		p.drop(k)
	}
	p.order = nil
}
