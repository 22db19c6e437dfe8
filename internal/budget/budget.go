// Package budget bounds the memory that a command takes for what it has to remember of a trace:
// threads, names, open slices, ids. Blocks that are read and text that waits to be written have
// bounds of their own.
//
// [With] puts a budget into a context. Whoever remembers something registers a function that
// says how much it is, and [Check] compares the sum with the bound from time to time: nothing is
// counted event by event.
package budget

import (
	"context"
	"fmt"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"tracekit/internal/term"
)

// Sum adds up what is held.
type Sum struct {
	all, most int64
	what      string // of which there is most
}

// Add takes so many bytes that are held for something.
func (s *Sum) Add(what string, bytes int) {
	s.all += int64(bytes)
	if int64(bytes) > s.most {
		s.most, s.what = int64(bytes), what
	}
}

// Error says that more would be held than may be.
type Error struct {
	What   string // of which there is most; empty if that is not known
	Limit  int64  // bytes
	Shared bool   // it is less than the run may hold alone, and others held the rest
}

func (e *Error) Error() string {
	limit := term.Bytes(e.Limit)
	if e.What == "" {
		return fmt.Sprintf("the state kept for the trace exceeds the limit of %s", limit)
	}
	return fmt.Sprintf("the state kept for the trace exceeds the limit of %s; most of it is %s", limit, e.What)
}

// Budget is the bound of one run of a verb.
type Budget struct {
	limit    int64
	stop     context.CancelCauseFunc
	tell     []func(*Sum)
	run      *member // of a pool, nil for none
	checks   int
	next     int                    // check at which to look at what is held
	looked   int                    // check at which that was done last
	fastest  float64                // by how much it has grown between checks at most, in bytes
	held     int64                  // when that was looked at last
	exceeded *atomic.Pointer[Error] // shared with those apart, as all is
	all      *atomic.Int64          // bytes that are held by all of them together
	observe  func(held int64)       // nil for nobody
}

type key struct{}

type observedKey struct{}

// Observed returns a context in which look is called, by whoever goes through a trace, each time
// that what is held has been added up: for tests that measure what is.
func Observed(ctx context.Context, look func(held int64)) context.Context {
	return context.WithValue(ctx, observedKey{}, look)
}

// With returns a context that ends once more than limit is held, in bytes. Release has to be
// called at the end.
func With(ctx context.Context, limit int64) (context.Context, *Budget) {
	ctx, stop := context.WithCancelCause(ctx)
	b := &Budget{limit: limit, stop: stop, run: join(ctx), exceeded: &atomic.Pointer[Error]{}, all: &atomic.Int64{}}
	b.observe, _ = ctx.Value(observedKey{}).(func(int64))
	return context.WithValue(ctx, key{}, b), b
}

// Apart returns a context for work that goes on beside other work of the run, on a
// goroutine of its own: what it registers is looked at when it checks, and not when others
// do. Together they may hold what the limit allows; once they exceed it, all of the run ends.
// What it held is held until done is called.
func Apart(ctx context.Context) (own context.Context, done func()) {
	b, some := ctx.Value(key{}).(*Budget)
	if !some {
		return ctx, func() {}
	}
	o := &Budget{limit: b.limit, stop: b.stop, run: b.run, exceeded: b.exceeded, all: b.all, observe: b.observe}
	return context.WithValue(ctx, key{}, o), func() { o.hold(0) }
}

// Register has tell called for what its owner holds. Call it between two parts of the trace, from
// who goes through it.
func Register(ctx context.Context, tell func(*Sum)) {
	if b, some := ctx.Value(key{}).(*Budget); some {
		b.tell = append(b.tell, tell)
	}
}

// Check is called between two parts of a trace. It returns an *Error once more is held
// than may be, or the context's.
func Check(ctx context.Context) error { return check(ctx, false) }

// Look is Check where much may be held that was not before: when a trace was read, or what follows
// from it is known.
func Look(ctx context.Context) error { return check(ctx, true) }

func check(ctx context.Context, now bool) error {
	b, some := ctx.Value(key{}).(*Budget)
	if some {
		if b.checks++; now || b.checks >= b.next {
			b.look()
		}
	}
	err := ctx.Err()
	if some {
		if e := b.exceeded.Load(); e != nil {
			return e
		}
	}
	return err
}

func (b *Budget) look() {
	var s Sum
	for _, tell := range b.tell {
		tell(&s)
	}
	before := b.held
	all, shared := b.hold(s.all)
	b.plan(float64(s.all-before), float64(b.limit-all))
	if b.observe != nil {
		b.observe(all)
	}
	switch {
	case all > b.limit:
		b.exceed(&Error{What: s.what, Limit: b.limit})
	case shared:
		b.exceed(&Error{What: s.what, Limit: b.limit, Shared: true})
	}
}

// plan says when to look again: what is held may have grown by an eighth by then, but by no more
// than half of what is left.
func (b *Budget) plan(grown, left float64) {
	b.fastest = max(b.fastest, grown/float64(max(1, b.checks-b.looked)))
	b.looked, b.next = b.checks, b.checks+1+b.checks/8
	if most := left / 2; b.fastest > 0 && b.fastest*float64(b.next-b.checks) > most {
		b.next = b.checks + max(1, int(most/b.fastest))
	}
}

// hold notes how much b holds by now, and returns what all of the run does, and whether the runs
// of a pool hold too much together.
func (b *Budget) hold(bytes int64) (all int64, shared bool) {
	more := bytes - b.held
	b.held = bytes
	return b.all.Add(more), b.run.add(more)
}

// Release gives back what the run holds, of what it has in common with others.
func (b *Budget) Release() { b.run.leave() }

func (b *Budget) exceed(e *Error) {
	if b.exceeded.CompareAndSwap(nil, e) {
		b.stop(e)
	}
}

// Exceeded is the error that has ended the context, nil if there is none.
func (b *Budget) Exceeded() error {
	if e := b.exceeded.Load(); e != nil {
		return e
	}
	return nil
}

// buffers are what blocks that are read, and what waits to be written, may take in a run, in bytes.
const buffers = 160 << 20

// Watch looks at all memory that is in use, until the function that it returns is called:
// what nobody tells of, or tells of too late, has a bound, too, of a quarter above the limit
// and what blocks and buffers may take.
func (b *Budget) Watch() (stop func()) {
	const interval = 100 * time.Millisecond
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		for {
			select {
			case <-done:
				return
			case now := <-tick.C:
				metrics.Read(live)
				bound, shared := b.run.bound(b.limit)
				if int64(live[0].Value.Uint64()) > bound && (!shared || b.run.mayEnd(now)) {
					b.exceed(&Error{Limit: b.limit, Shared: shared})
				}
			}
		}
	}()
	return func() { close(done) }
}
