package open

import (
	"errors"
	"net/http"
	"strconv"
	"sync"

	"tracekit/trace"
	"tracekit/transform/page"
)

// finer gives the lanes of a range in more detail.
func (s *Server) finer(w http.ResponseWriter, r *http.Request) {
	from, err := strconv.ParseInt(r.URL.Query().Get("from"), 10, 64)
	to, err2 := strconv.ParseInt(r.URL.Query().Get("to"), 10, 64)
	if err = errors.Join(err, err2); err != nil || to <= from || to-from < 0 {
		fail(w, http.StatusBadRequest, errors.New("a range takes two times in ns, from before to"))
		return
	}
	if err := s.await(r.Context()); err != nil {
		fail(w, http.StatusUnprocessableEntity, err)
		return
	}
	s.mutex.Lock()
	f := s.detail
	s.mutex.Unlock()
	if f == nil {
		fail(w, http.StatusConflict, errors.New("the trace is not read yet"))
		return
	}
	source, survey, done := s.again(w, r)
	if source == nil {
		return
	}
	defer done()
	part, err := f.Draw(r.Context(), source, survey, trace.Time(from), trace.Time(to))
	switch {
	case errors.Is(err, page.ErrTooMuch):
		fail(w, http.StatusRequestEntityTooLarge, err)
	case err != nil:
		fail(w, http.StatusUnprocessableEntity, err)
	default:
		answer(w, part)
	}
}

// again opens the trace once more, as one of the few that read it at a time. It answers w, and
// returns nil, where that can't be; done has to be called else.
func (s *Server) again(w http.ResponseWriter, r *http.Request) (source *trace.Source, survey *trace.Survey, done func()) {
	leave, err := s.pieces.enter(r.Context())
	if err != nil {
		fail(w, http.StatusServiceUnavailable, err)
		return nil, nil, nil
	}
	source, survey, end, err := s.Source()
	if err != nil {
		leave()
		fail(w, http.StatusUnprocessableEntity, err)
		return nil, nil, nil
	}
	return source, survey, func() { end(); leave() }
}

// Span is a range that was cut, in ns after the trace's start.
type Span struct {
	Start  int64  `json:"s"`
	Length int64  `json:"d"`
	Label  string `json:"l"`
}

// cuts are the ranges that were cut, the latest of them.
type cuts struct {
	mutex sync.Mutex
	all   []Span
}

const mostCuts = 500

func (c *cuts) add(of *Cut, zero trace.Time, p Piece) {
	from, err := strconv.ParseInt(of.From, 10, 64)
	to, err2 := strconv.ParseInt(of.To, 10, 64)
	if err != nil || err2 != nil {
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.all = append(c.all, Span{from - int64(zero), to - from, p.Name})
	c.all = c.all[max(0, len(c.all)-mostCuts):]
}

func (c *cuts) list() []Span {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return append([]Span{}, c.all...)
}
