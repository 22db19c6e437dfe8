package open

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tracekit/internal/jsondoc"
	"tracekit/trace"
	"tracekit/transform/page"
	"tracekit/transform/report"
)

// Bounds of what a search finds.
const (
	mostHits    = 200
	mostThreads = 100
	hitBins     = 1024
	rememberedN = 1 << 16 // names of which it is remembered whether they match
	longestAsk  = 500     // bytes
)

// hit is an event whose name was searched for. Times are ns after the trace's start.
type hit struct {
	Start  int64  `json:"s"`
	Length int64  `json:"d"`
	Name   string `json:"n"`
	Thread int    `json:"t"` // index in the threads
}

// exceeds reports whether a hit is the longer one, or the first of two as long.
func (h hit) exceeds(o hit) bool {
	return h.Length > o.Length || h.Length == o.Length && h.Start < o.Start
}

// hitThread is where hits are.
type hitThread struct {
	Process string `json:"p"`
	Name    string `json:"n"`
	Count   int64  `json:"c"`
	Total   int64  `json:"d"` // ns, durations added up
	First   int64  `json:"s"`
	Longest hit    `json:"l"`
}

// searching is a search that is going on.
type searching struct {
	query string
	from  trace.Time
	to    trace.Time
	zero  trace.Time
	width trace.Time // of a bin
	known map[string]bool
	names *report.Names
	// gathered says that all but Hits is known; narrowed, that what is searched for begins
	// within times.
	gathered, narrowed bool

	times  []page.Stretch
	byID   map[int]int // in threads, by track
	tracks []int       // of threads
	latest int64       // beyond that no hit is listed

	Done    int64       `json:"done"` // bytes
	Of      int64       `json:"of"`
	Count   int64       `json:"count"`
	Hits    []hit       `json:"hits"`
	Listing bool        `json:"listing"` // there may be more hits to list
	Threads []hitThread `json:"threads"`
	Bins    []int64     `json:"bins"` // hits that begin in each of equal parts of the trace
}

// search prints which threads and when have events of a name: lines of JSON, each with
// what was found so far.
func (s *Server) search(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	query := strings.ToLower(q.Get("q"))
	if query == "" || len(query) > longestAsk {
		fail(w, http.StatusBadRequest, fmt.Errorf("a name of %d bytes is searched for", len(query)))
		return
	}
	if err := s.await(r.Context()); err != nil {
		fail(w, http.StatusUnprocessableEntity, err)
		return
	}
	f := newSearching(query, q.Get("from"), q.Get("to"))
	tell := func() error {
		text, err := jsondoc.Compact(f.sorted())
		if err == nil {
			_, err = w.Write(append(text, '\n'))
		}
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		return err
	}
	f.recall(s.occurrences())
	w.Header().Set("Content-Type", "application/x-ndjson")
	if f.gathered && (tell() != nil || !f.Listing) {
		return
	}
	source, survey, done := s.again(w, r)
	if source == nil {
		return
	}
	defer done()
	if err := f.run(r.Context(), source, survey, tell); err == nil {
		tell()
	}
}

func newSearching(query, from, to string) *searching {
	f := &searching{
		query: query, from: trace.MinTime, to: trace.MaxTime,
		known: map[string]bool{}, names: new(report.Names), byID: map[int]int{}, latest: math.MaxInt64,
		Hits: []hit{}, Threads: []hitThread{}, Bins: make([]int64, hitBins),
	}
	if t, err := strconv.ParseInt(from, 10, 64); err == nil {
		f.from = trace.Time(t)
	}
	if t, err := strconv.ParseInt(to, 10, 64); err == nil {
		f.to = trace.Time(t)
	}
	return f
}

// extent says from when to when the trace is.
func (f *searching) extent(zero, last trace.Time) {
	f.zero, f.width = zero, (last-zero)/hitBins+1
}

// recall takes what was gathered of names: all but the single hits, where the whole run is
// searched, and else where to read.
func (f *searching) recall(known *page.Occurrences) {
	found, times, exact, ok := known.Find(f.query)
	if !ok {
		return
	}
	f.extent(known.Extent())
	f.narrowed, f.times, f.names = true, times, known.Tracks()
	if exact && f.from == trace.MinTime && f.to == trace.MaxTime {
		f.gathered, f.Listing = true, len(times) > 0
		f.gather(known, found)
	}
}

// run searches a trace, and calls tell from time to time.
func (f *searching) run(ctx context.Context, s *trace.Source, v *trace.Survey, tell func() error) error {
	f.extent(v.Zero, v.Last)
	var blocks []trace.Block
	for i := range v.Blocks {
		b := &v.Blocks[i]
		named := !f.narrowed && b.Holds&trace.HoldsMeta != 0
		if b.Text == nil && (named || b.Overlaps(f.from, f.to) && (!f.narrowed || overlapsAny(b, f.times))) {
			blocks = append(blocks, *b)
		}
	}
	if f.gathered {
		return f.list(ctx, s, blocks, tell)
	}
	return f.read(ctx, s, blocks, tell)
}

func overlapsAny(b *trace.Block, times []page.Stretch) bool {
	return slices.ContainsFunc(times, func(t page.Stretch) bool { return b.Overlaps(t.From, t.To) })
}

func (f *searching) gather(known *page.Occurrences, found []page.Occurrence) {
	for i := range found {
		o := &found[i]
		t := f.thread(int(o.Track), o.First)
		longest := hit{int64(o.LongestFrom - f.zero), int64(o.Longest), unquoted(known.LongestName(o)), f.byID[int(o.Track)]}
		if t.Count == 0 || longest.exceeds(t.Longest) {
			t.Longest = longest
		}
		t.First = min(t.First, int64(o.First-f.zero))
		t.Count += o.Count
		t.Total += int64(o.Total)
		f.Count += o.Count
	}
	for _, t := range f.times {
		for i := f.bin(t.From); i <= f.bin(t.To-1); i++ {
			f.Bins[i] = 1
		}
	}
}

// list reads the first hits, within more and more of the times at once: where they are few
// they may be far apart.
func (f *searching) list(ctx context.Context, s *trace.Source, blocks []trace.Block, tell func() error) error {
	times := f.times
	for n := 1; len(times) > 0 && len(f.Hits) < mostHits; n *= 2 {
		n = min(n, len(times))
		f.times, times = times[:n], times[n:]
		var some []trace.Block
		for i := range blocks {
			if overlapsAny(&blocks[i], f.times) {
				some = append(some, blocks[i])
			}
		}
		if err := f.read(ctx, s, some, tell); err != nil {
			return err
		}
	}
	f.Listing = false
	return nil
}

// read goes through blocks, and calls tell from time to time.
func (f *searching) read(ctx context.Context, s *trace.Source, blocks []trace.Block, tell func() error) error {
	for i := range blocks {
		f.Of += blocks[i].End - blocks[i].Off
	}
	r, err := s.ReadBlocks(blocks)
	if err != nil {
		return err
	}
	defer r.Close()
	last := time.Now()
	for {
		b, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
		for i := range b.Parts {
			p := &b.Parts[i]
			f.Done += p.End - p.Off
			for k := range p.Events {
				f.event(&p.Events[k])
			}
		}
		if time.Since(last) > polled {
			last = time.Now()
			if err := tell(); err != nil {
				return err
			}
		}
	}
}

func (f *searching) event(e *trace.Event) {
	if e.IsMeta() {
		if !f.narrowed {
			f.names.Learn(e)
		}
		return
	}
	if !e.Shown() || e.Phase == 'C' || e.TS >= f.to || e.End() < f.from || !f.matches(e.Name()) {
		return
	}
	if f.gathered && !slices.ContainsFunc(f.times, func(t page.Stretch) bool { return e.TS >= t.From && e.TS < t.To }) {
		return
	}
	track := f.names.Of(e)
	t := f.thread(track, e.TS)
	h := hit{int64(e.TS - f.zero), int64(e.Span()), "", f.byID[track]}
	if !f.gathered {
		f.count(t, h, e)
	}
	f.add(h, e)
}

// thread is that of a track, new if there is none yet.
func (f *searching) thread(track int, first trace.Time) *hitThread {
	n, ok := f.byID[track]
	if !ok {
		n = len(f.Threads)
		f.byID[track] = n
		f.tracks = append(f.tracks, track)
		f.Threads = append(f.Threads, hitThread{First: int64(first - f.zero)})
	}
	return &f.Threads[n]
}

func (f *searching) count(t *hitThread, h hit, e *trace.Event) {
	t.Count, t.Total, t.First = t.Count+1, t.Total+h.Length, min(t.First, h.Start)
	if t.Count == 1 || h.exceeds(t.Longest) {
		h.Name = unquoted(string(e.Name()))
		t.Longest = h
	}
	f.Count++
	f.Bins[f.bin(e.TS)]++
}

func (f *searching) bin(t trace.Time) int {
	return int(min(max((t-f.zero)/f.width, 0), hitBins-1))
}

// add lists a hit, if it is one of the first by time.
func (f *searching) add(h hit, e *trace.Event) {
	const room = 2 * mostHits
	if h.Start >= f.latest {
		return
	}
	h.Name = unquoted(string(e.Name()))
	if f.Hits = append(f.Hits, h); len(f.Hits) >= room {
		f.Hits = firstHits(f.Hits)
		f.latest = f.Hits[mostHits-1].Start
	}
}

// firstHits are the first of hits, in order of time.
func firstHits(hits []hit) []hit {
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(a.Start, b.Start) })
	return hits[:min(len(hits), mostHits)]
}

func unquoted(name string) string { return trace.Unquote([]byte(`"` + name + `"`)) }

// matches reports whether a name, as it stands in the trace, holds what is searched for.
func (f *searching) matches(name []byte) bool {
	is, ok := f.known[string(name)]
	if !ok {
		is = strings.Contains(strings.ToLower(unquoted(string(name))), f.query)
		if len(f.known) < rememberedN {
			f.known[string(name)] = is
		}
	}
	return is
}

// sorted is what was found so far: threads with most hits first, and hits by time.
func (f *searching) sorted() *searching {
	order := make([]int, len(f.tracks))
	for i, track := range f.tracks {
		order[i] = i
		t := &f.Threads[i]
		process := f.names.All[track].Process
		if t.Process = f.names.Name(process); t.Process == "" {
			t.Process = "pid " + trace.Unquote([]byte(f.names.Processes[process]))
		}
		if t.Name = f.names.Thread(track); t.Name == "" {
			t.Name = "tid " + trace.Unquote([]byte(f.names.All[track].Tid))
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(f.Threads[b].Count, f.Threads[a].Count) })
	shown := *f
	shown.Threads = []hitThread{}
	for _, i := range order[:min(len(order), mostThreads)] {
		shown.Threads = append(shown.Threads, f.Threads[i])
	}
	shown.Hits = firstHits(slices.Clone(f.Hits))
	for i := range shown.Hits {
		shown.Hits[i].Thread = slices.Index(order, shown.Hits[i].Thread)
	}
	return &shown
}
