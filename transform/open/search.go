package open

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tracekit/internal/jsondoc"
	"tracekit/trace"
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
	Thread int    `json:"t"`
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
	query  string
	from   trace.Time
	to     trace.Time
	zero   trace.Time
	width  trace.Time // of a bin
	known  map[string]bool
	names  report.Names
	byID   map[int]int // in threads, by track
	tracks []int       // of threads

	Done    int64       `json:"done"` // bytes
	Of      int64       `json:"of"`
	Count   int64       `json:"count"`
	Hits    []hit       `json:"hits"`
	Threads []hitThread `json:"threads"`
	Bins    []int64     `json:"bins"` // hits that begin in each of equal parts of the trace
}

// search tells which threads and when have events of a name: lines of JSON, each with
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
	source, survey, done := s.again(w, r)
	if source == nil {
		return
	}
	defer done()
	f := newSearching(query, survey, q.Get("from"), q.Get("to"))
	w.Header().Set("Content-Type", "application/x-ndjson")
	flush := func() error {
		text, err := jsondoc.Compact(f.sorted())
		if err == nil {
			_, err = w.Write(append(text, '\n'))
		}
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		return err
	}
	if err := f.run(r.Context(), source, survey, flush); err == nil {
		flush()
	}
}

func newSearching(query string, v *trace.Survey, from, to string) *searching {
	f := &searching{
		query: query, zero: v.Zero, from: trace.MinTime, to: trace.MaxTime,
		width: (v.Last-v.Zero)/hitBins + 1, known: map[string]bool{}, byID: map[int]int{},
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

// run goes through the blocks that may hold something of the range, and calls tell
// from time to time.
func (f *searching) run(ctx context.Context, s *trace.Source, v *trace.Survey, tell func() error) error {
	var blocks []trace.Block
	for i := range v.Blocks {
		if b := &v.Blocks[i]; b.Text == nil && (b.Holds&trace.HoldsMeta != 0 || b.Overlaps(f.from, f.to)) {
			blocks = append(blocks, *b)
			f.Of += b.End - b.Off
		}
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
		f.names.Learn(e)
		return
	}
	if !e.Shown() || e.Phase == 'C' || e.IsFlow() || e.TS >= f.to || e.End() < f.from || !f.matches(e.Name()) {
		return
	}
	track := f.names.Of(e)
	n, ok := f.byID[track]
	if !ok {
		n = len(f.Threads)
		f.byID[track] = n
		f.tracks = append(f.tracks, track)
		f.Threads = append(f.Threads, hitThread{First: int64(e.TS - f.zero)})
	}
	h := hit{int64(e.TS - f.zero), int64(e.Span()), "", n}
	t := &f.Threads[n]
	t.Count, t.Total, t.First = t.Count+1, t.Total+h.Length, min(t.First, h.Start)
	if h.Length > t.Longest.Length || t.Count == 1 {
		h.Name = trace.Unquote(append(append([]byte{'"'}, e.Name()...), '"'))
		t.Longest = h
	}
	if f.Count++; len(f.Hits) < mostHits {
		h.Name = trace.Unquote(append(append([]byte{'"'}, e.Name()...), '"'))
		f.Hits = append(f.Hits, h)
	}
	f.Bins[min(max((e.TS-f.zero)/f.width, 0), hitBins-1)]++
}

// matches reports whether a name, as it stands in the trace, holds what is searched for.
func (f *searching) matches(name []byte) bool {
	is, ok := f.known[string(name)]
	if !ok {
		is = strings.Contains(strings.ToLower(trace.Unquote(append(append([]byte{'"'}, name...), '"'))), f.query)
		if len(f.known) < rememberedN {
			f.known[string(name)] = is
		}
	}
	return is
}

// sorted is what was found so far: threads with most hits first, and hits by time.
func (f *searching) sorted() *searching {
	for i, track := range f.tracks {
		t := &f.Threads[i]
		process := f.names.All[track].Process
		if t.Process = f.names.Name(process); t.Process == "" {
			t.Process = "pid " + trace.Unquote([]byte(f.names.Processes[process]))
		}
		if t.Name = f.names.Thread(track); t.Name == "" {
			t.Name = "tid " + trace.Unquote([]byte(f.names.All[track].Tid))
		}
	}
	shown := *f
	shown.Threads = slices.Clone(f.Threads)
	slices.SortStableFunc(shown.Threads, func(a, b hitThread) int { return cmp.Compare(b.Count, a.Count) })
	shown.Threads = shown.Threads[:min(len(shown.Threads), mostThreads)]
	shown.Hits = slices.Clone(f.Hits)
	slices.SortStableFunc(shown.Hits, func(a, b hit) int { return cmp.Compare(a.Start, b.Start) })
	return &shown
}
