package open

import (
	"context"
	"math"
	"sync"
	"time"

	"tracekit/trace"
	"tracekit/transform/page"
)

// Reading is how far a trace was read, and what of it the page shows.
type Reading struct {
	mutex   sync.Mutex
	version int
	data    []byte        // JSON of the page; nil before the first
	first   int           // version that had data
	ended   bool          // all was read
	err     error         // why not; only after the end
	changed chan struct{} // closed with the next version
	ready   chan struct{} // closed once pieces can be cut

	isReady bool
	drawn   chan struct{}           // closed once the first page that loads has drawn; nil before it loads
	zero    trace.Time              // where the data's times begin
	detail  *page.Finer             // nil before the end
	names   *page.Occurrences       // the same
	far     func() (done, of int64) // bytes of the file that were read, and its size; negative if not known
}

// NewReading returns a Reading of which nothing is known yet; far returns how many bytes of
// how many were read.
func NewReading(far func() (done, of int64)) *Reading {
	return &Reading{far: far, changed: make(chan struct{}), ready: make(chan struct{})}
}

// Show lets the page show d.
func (r *Reading) Show(d *page.Data) error {
	data, err := page.JSON(d)
	if err == nil {
		r.change(func() {
			r.data, r.zero, r.detail, r.names = data, d.Zero, d.Finer(), d.Occurrences()
			if r.first == 0 {
				r.first = r.version + 1
			}
		})
	}
	return err
}

// Zero is where the times of the page's data begin.
func (r *Reading) Zero() trace.Time {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.zero
}

// occurrences is where names occur, nil before the end.
func (r *Reading) occurrences() *page.Occurrences {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.names
}

// loads is called when a page begins to load, and has when one has drawn a version.
// Only the first page counts.
func (r *Reading) loads() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.drawn == nil {
		r.drawn = make(chan struct{})
	}
}

func (r *Reading) has(version int) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.drawn == nil || r.first == 0 || version < r.first {
		return
	}
	select {
	case <-r.drawn:
	default:
		close(r.drawn)
	}
}

// mostYielded is how long reading waits for the page.
const mostYielded = time.Second

// yield leaves the processors to the page while it loads, once there is something for it to draw:
// reading takes all of them, and few machines have one to spare for a browser.
func (r *Reading) yield(ctx context.Context) {
	r.mutex.Lock()
	drawn := r.drawn
	if r.data == nil {
		drawn = nil
	}
	r.mutex.Unlock()
	if drawn == nil {
		return
	}
	select {
	case <-drawn:
	case <-ctx.Done():
	case <-time.After(mostYielded):
		r.has(math.MaxInt) // or it never will
	}
}

// Ready lets pieces be cut.
func (r *Reading) Ready() {
	r.change(func() {
		if !r.isReady {
			r.isReady = true
			close(r.ready)
		}
	})
}

// End says that all was read, or why not.
func (r *Reading) End(err error) {
	r.change(func() { r.ended, r.err = true, err })
	r.Ready()
}

func (r *Reading) change(what func()) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	what()
	r.version++
	close(r.changed)
	r.changed = make(chan struct{})
}

// await returns once pieces can be cut. It fails if the trace can't be read, or with ctx.
func (r *Reading) await(ctx context.Context) error {
	select {
	case <-r.ready:
	case <-ctx.Done():
		return ctx.Err()
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.err
}

// state is what the page is told of a Reading.
type state struct {
	Version int    `json:"version"`
	Ended   bool   `json:"ended"`
	Ready   bool   `json:"ready"`
	Error   string `json:"error,omitempty"`
	Done    int64  `json:"done"`
	Of      int64  `json:"of"`
	data    []byte
}

// since returns the state once its version is another than the one that the page has.
func (r *Reading) since(ctx context.Context, version int) state {
	for {
		r.mutex.Lock()
		changed := r.changed
		s := state{Version: r.version, Ended: r.ended, Ready: r.isReady, data: r.data}
		if r.err != nil {
			s.Error = r.err.Error()
		}
		r.mutex.Unlock()
		s.Done, s.Of = r.far()
		if s.Version != version {
			return s
		}
		select {
		case <-changed:
		case <-ctx.Done():
			s.data = nil
			return s
		}
	}
}
