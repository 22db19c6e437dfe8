// Package open serves a page on which a trace of any size is looked at, and hands the pieces that
// are chosen there to a viewer in the same browser. [New] makes a [Server], [Serve] runs it until
// nobody asks any more. It does not cut: the command gives it functions that do, and package page
// draws.
package open

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"tracekit/internal/jsondoc"
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/page"
)

// Options say what is served.
type Options struct {
	Name   string // of the trace, as commands call it; empty if it has none
	Listen string // host and port that the server listens at
	Viewer Viewer
	*Reading

	// Make runs commands one behind the other, the first of them on the trace, and writes
	// what comes out, packed with gzip. Note is what they said of it.
	Make func(ctx context.Context, verbs [][]string, w io.Writer) (note string, err error)
	// Counts says that making a small piece takes little time, so that it can be counted before.
	Counts bool
	// Whole is the trace as it is; nil if a viewer does not read it so.
	Whole func() (Piece, error)
	// Source opens the trace to read parts of it again.
	Source func() (*trace.Source, *trace.Survey, func(), error)
	// Spill makes a temporary file.
	Spill func() (*spill.File, error)

	// Idle is after how long without a request the server ends.
	Idle time.Duration
}

// Server answers a page's requests.
type Server struct {
	Options
	guard  *guard
	pieces *pieces
	cuts   cuts

	straight *Made        // what the page hands over without an overview; nil for the overview
	busy     atomic.Int64 // requests at work
	latest   atomic.Int64 // when the last one ended, in ns since 1970
}

// New returns a Server. Close lets go of what it keeps.
func New(o Options) *Server {
	s := &Server{Options: o, guard: newGuard(o.Viewer.Origin, o.Listen), pieces: newPieces()}
	s.latest.Store(time.Now().UnixNano())
	return s
}

// Close lets go of pieces.
func (s *Server) Close() { s.pieces.Close() }

// Token is what the page's address ends with, behind a #, and Code what does once.
func (s *Server) Token() string { return s.guard.token }

// Code is like Token, for one use.
func (s *Server) Code() string { return s.guard.code() }

// Serve answers until ctx ends, or nobody has asked for long. It closes l.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	go s.watch(ctx, end)
	return Serve(ctx, l, s)
}

// Serve answers by handler until ctx ends. It closes l.
func Serve(ctx context.Context, l net.Listener, handler http.Handler) error {
	h := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	go func() {
		<-ctx.Done()
		h.Close() // what is at work ends with ctx
	}()
	if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// watch ends the server when it is idle.
func (s *Server) watch(ctx context.Context, end func()) {
	tick := time.NewTicker(max(s.Idle/60, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if s.busy.Load() == 0 && time.Since(time.Unix(0, s.latest.Load())) > s.Idle {
				end()
				return
			}
		}
	}
}

// route is who answers a request, and for whom.
type route struct {
	method string
	access access
	answer func(s *Server, w http.ResponseWriter, r *http.Request)
}

var routes = map[string]route{
	"/":            {http.MethodGet, forAnyone, (*Server).page},
	"/api/session": {http.MethodPost, forAnyone, (*Server).session},
	"/api/state":   {http.MethodGet, forPage, (*Server).state},
	"/api/cut":     {http.MethodPost, forPage, (*Server).cut},
	"/api/count":   {http.MethodPost, forPage, (*Server).count},
	"/api/search":  {http.MethodGet, forPage, (*Server).search},
	"/api/finer":   {http.MethodGet, forPage, (*Server).finer},
}

// ProcessorPort is where Perfetto's page looks for a trace processor, and whence alone it
// fetches over http.
const ProcessorPort = "9001"

// MostHanded is the most bytes that one page can hand to another.
const MostHanded = 2_100_000_000

// piecePath begins the paths of pieces: behind it stand the piece's own name, and one
// for people.
const piecePath = "/piece/"

func (s *Server) routeOf(path string) (route, bool) {
	if r, ok := routes[path]; ok {
		return r, true
	}
	if _, _, ok := page.Asset(path); ok {
		return route{http.MethodGet, forAnyone, (*Server).asset}, true
	}
	if strings.HasPrefix(path, piecePath) {
		return route{http.MethodGet, forViewer, (*Server).piece}, true
	}
	return route{}, false
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.busy.Add(1)
	defer func() {
		s.latest.Store(time.Now().UnixNano())
		s.busy.Add(-1)
	}()
	h := w.Header()
	h.Set("Content-Security-Policy", s.policy())
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	to, ok := s.routeOf(r.URL.Path)
	if refused := s.guard.refuses(r, to.access); refused != "" {
		fail(w, http.StatusForbidden, errors.New(refused))
		return
	}
	switch {
	case !ok:
		fail(w, http.StatusNotFound, errors.New("there is no such page"))
	case r.Method != to.method && (r.Method != http.MethodHead || to.method != http.MethodGet):
		fail(w, http.StatusMethodNotAllowed, fmt.Errorf("%s is not how to ask for that", r.Method))
	default:
		to.answer(s, w, r)
	}
}

// policy lets the page load its own parts and show the viewer, and nothing else.
func (s *Server) policy() string {
	frame := ""
	if s.Viewer.Shakes {
		frame = " frame-src " + s.Viewer.Origin + ";"
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;" + frame +
		" base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// fail answers with an error, as text: names in it are never markup.
func fail(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintln(w, err)
}

func answer(w http.ResponseWriter, v any) {
	text, err := jsondoc.Compact(v)
	if err != nil {
		fail(w, http.StatusInternalServerError, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(text)
}

func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	s.loads()
	page.WriteLive(w)
}

func (s *Server) asset(w http.ResponseWriter, r *http.Request) {
	kind, text, _ := page.Asset(r.URL.Path)
	w.Header().Set("Content-Type", kind)
	io.WriteString(w, text)
}

// session is what the page begins with: it exchanges what stood in its address.
func (s *Server) session(w http.ResponseWriter, r *http.Request) {
	token, ok := s.guard.exchange(r.Header.Get(TokenHeader))
	if !ok {
		fail(w, http.StatusForbidden, errors.New("the token is missing, wrong or used: open the address that tracekit has printed"))
		return
	}
	straight := ""
	if s.straight != nil {
		straight = s.straight.title
	}
	answer(w, struct {
		Token    string `json:"token"`
		Viewer   Viewer `json:"viewer"`
		Straight string `json:"straight,omitempty"`
		Cuts     []Span `json:"cuts"`
	}{token, s.Viewer, straight, s.cuts.list()})
}

// polled is how long a page waits for news.
const polled = 500 * time.Millisecond

// state tells how far the trace was read, once there is news or some time has passed.
// The page's data follows in a line of its own, if the page does not have it.
func (s *Server) state(w http.ResponseWriter, r *http.Request) {
	version, err := strconv.Atoi(r.URL.Query().Get("version"))
	if err != nil {
		version = -1
	}
	s.has(version)
	ctx, cancel := context.WithTimeout(r.Context(), polled)
	defer cancel()
	now := s.since(ctx, version)
	head, err := jsondoc.Compact(now)
	if err != nil {
		fail(w, http.StatusInternalServerError, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Write(append(head, '\n'))
	w.Write(now.data)
}

// mostAsked is the most bytes that a request may have.
const mostAsked = 256 << 10

// readCut reads what piece is asked for. It answers w where that can't be made.
func readCut(w http.ResponseWriter, r *http.Request) (c Cut, verbs [][]string, ok bool) {
	in := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostAsked))
	in.DisallowUnknownFields()
	if err := in.Decode(&c); err != nil {
		fail(w, http.StatusBadRequest, fmt.Errorf("not a cut: %w", err))
		return c, nil, false
	}
	verbs, err := c.Verbs()
	if err != nil {
		fail(w, http.StatusBadRequest, err)
		return c, nil, false
	}
	io.Copy(io.Discard, r.Body) // so that it is noticed when the page goes
	return c, verbs, true
}

// cut makes a piece.
func (s *Server) cut(w http.ResponseWriter, r *http.Request) {
	c, verbs, ok := readCut(w, r)
	if !ok {
		return
	}
	if s.straight != nil {
		answer(w, s.straight)
		return
	}
	p, err := s.make(r.Context(), verbs)
	if err != nil {
		notMade(w, err)
		return
	}
	s.cuts.add(&c, s.Zero(), p)
	answer(w, s.keep(p))
}

func notMade(w http.ResponseWriter, err error) {
	status := http.StatusUnprocessableEntity
	if errors.Is(err, errBusy) {
		status = http.StatusServiceUnavailable
	}
	fail(w, status, err)
}

// count makes a piece and says how many events and bytes of JSON it has: where they are few, the
// page's bins tell next to nothing of them.
func (s *Server) count(w http.ResponseWriter, r *http.Request) {
	_, verbs, ok := readCut(w, r)
	if !ok {
		return
	}
	if !s.Counts || len(verbs) == 0 {
		fail(w, http.StatusConflict, errors.New("that would take long"))
		return
	}
	p, err := s.make(r.Context(), verbs)
	if err != nil {
		notMade(w, err)
		return
	}
	defer p.Close()
	source, err := trace.NewSource(io.NewSectionReader(p, 0, p.Size), p.Size, trace.SourceOptions{})
	var v *trace.Survey
	if err == nil {
		v, err = source.Survey(nil)
	}
	if err != nil {
		notMade(w, err)
		return
	}
	answer(w, struct {
		Events int64 `json:"events"`
		Bytes  int64 `json:"bytes"`
	}{v.Events, v.Bytes})
}

// Made is a piece that can be fetched.
type Made struct {
	Path  string `json:"url"` // on this server
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	Note  string `json:"note"`

	title string
}

func (s *Server) keep(p Piece) *Made {
	return &Made{Path: piecePath + s.pieces.add(p) + "/" + page.PathName(p.Name), Name: p.Name, Bytes: p.Size, Note: p.Note}
}

// Prepare makes the piece that the page hands over at once, instead of showing an
// overview, and calls it title.
func (s *Server) Prepare(ctx context.Context, verbs [][]string, title string) (*Made, error) {
	p, err := s.make(ctx, verbs)
	if err != nil {
		return nil, err
	}
	s.straight = s.keep(p)
	s.straight.title = title
	return s.straight, nil
}

// make makes a piece by commands; without any it is the whole trace.
func (s *Server) make(ctx context.Context, verbs [][]string) (p Piece, err error) {
	if err := s.await(ctx); err != nil {
		return p, err
	}
	if len(verbs) == 0 {
		if s.Whole != nil {
			return s.Whole()
		}
		verbs = [][]string{{"slice", "--from", "0%"}}
	}
	leave, err := s.pieces.enter(ctx)
	if err != nil {
		return p, err
	}
	defer leave()
	file, err := s.Spill()
	if err != nil {
		return p, err
	}
	note, err := s.Make(ctx, verbs, file)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		file.Close()
		return p, err
	}
	return Piece{ReaderAt: file, Size: file.Size(), Name: page.OutName(s.Name), Note: note, Close: func() { file.Close() }}, nil
}

// Fetching is the address at which the viewer fetches a piece from this machine, where Pieces
// has to be served at ProcessorPort.
func (s *Server) Fetching(m *Made) string {
	return s.Viewer.Address + "/#!/?url=" + url.QueryEscape("http://127.0.0.1:"+ProcessorPort+m.Path)
}

// Pieces answers requests for pieces alone.
func (s *Server) Pieces() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, piecePath) {
			fail(w, http.StatusNotFound, errors.New("there is no such page"))
			return
		}
		s.ServeHTTP(w, r)
	})
}

// piece gives a piece, to the page or the viewer.
func (s *Server) piece(w http.ResponseWriter, r *http.Request) {
	id, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, piecePath), "/")
	p, done, err := s.pieces.read(id)
	if err != nil {
		fail(w, http.StatusNotFound, err)
		return
	}
	defer done()
	h := w.Header()
	if s.Viewer.Origin != "" && r.Header.Get("Origin") == s.Viewer.Origin {
		h.Set("Access-Control-Allow-Origin", s.Viewer.Origin)
		h.Set("Vary", "Origin")
	}
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": p.Name}))
	http.ServeContent(w, r, "", time.Time{}, io.NewSectionReader(p, 0, p.Size))
}
