package budget

import (
	"context"
	"sync/atomic"
	"time"
)

// Pool is a bound that several runs at a time have in common, besides the bound that each has
// alone. A run that goes beyond it while others hold something ends with an *Error that is Shared,
// and may be run again alone.
type Pool struct {
	limit   int64
	held    atomic.Int64 // by all runs, as they have told last
	runs    atomic.Int64
	stopped atomic.Int64 // when a run was last ended for what nobody tells of, in ns
}

// NewPool returns a bound of so many bytes.
func NewPool(limit int64) *Pool { return &Pool{limit: limit} }

type poolKey struct{}

// Join returns a context in which budgets are part of p.
func (p *Pool) Join(ctx context.Context) context.Context {
	return context.WithValue(ctx, poolKey{}, p)
}

// member is a run of a pool; nil if the run has none.
type member struct {
	pool *Pool
	held atomic.Int64
}

func join(ctx context.Context) *member {
	p, some := ctx.Value(poolKey{}).(*Pool)
	if !some {
		return nil
	}
	p.runs.Add(1)
	return &member{pool: p}
}

// add notes that more is held, or less. It reports whether that is more than all runs may hold
// together.
func (m *member) add(bytes int64) (exceeds bool) {
	if m == nil {
		return false
	}
	m.held.Add(bytes)
	return m.pool.held.Add(bytes) > m.pool.limit && m.pool.runs.Load() > 1
}

// leave gives back what the run holds.
func (m *member) leave() {
	if m != nil {
		m.pool.held.Add(-m.held.Swap(0))
		m.pool.runs.Add(-1)
	}
}

// bound is how much memory may be in use in the process, for a run that may hold so much alone.
// shared says that other runs have to do with it.
func (m *member) bound(limit int64) (bytes int64, shared bool) {
	runs := int64(1)
	if m != nil && m.pool.runs.Load() > 1 {
		limit, runs, shared = m.pool.limit, m.pool.runs.Load(), true
	}
	return limit + limit/4 + runs*buffers, shared
}

// mayEnd reports whether the run is the one to end, for the memory that is in use: one at a time,
// so that it is seen what that has given back.
func (m *member) mayEnd(now time.Time) bool {
	const pause = 2 * time.Second
	last := m.pool.stopped.Load()
	return now.UnixNano()-last > int64(pause) && m.pool.stopped.CompareAndSwap(last, now.UnixNano())
}
