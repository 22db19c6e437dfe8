// Package far has servers for tests of what is read from far away: one that speaks S3 and
// verifies who asks, and a proxy before any handler that adds latency and faults, and counts.
package far

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Fault is what a proxy does to a request instead of passing on all of the answer.
type Fault struct {
	Status int         // answered at once, unless it is 0
	Header http.Header // with that
	Body   string      // with that

	After int64 // of the body's bytes that are passed on, if Cut, Reset or Stall is set
	Cut   bool  // then the connection is closed,
	Reset bool  // or reset,
	Stall bool  // or nothing comes any more

	NoRanges bool // the request is passed on without its range
}

// Proxy passes requests on.
type Proxy struct {
	URL     string
	Latency time.Duration

	mutex    sync.Mutex
	fault    func(n int, r *http.Request) *Fault
	requests int
	bytes    atomic.Int64
	next     http.Handler
}

// NewProxy starts a Proxy before a handler.
func NewProxy(t testing.TB, next http.Handler) *Proxy {
	p := &Proxy{next: next}
	s := httptest.NewServer(p)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	p.URL = s.URL
	return p
}

// Break lets requests, which are counted from 0 from now on, meet faults: nil for none.
func (p *Proxy) Break(fault func(n int, r *http.Request) *Fault) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.fault, p.requests = fault, 0
	p.bytes.Store(0)
}

// Traffic is how many requests there were since Break, and how many bytes of bodies went out.
func (p *Proxy) Traffic() (requests int, bytes int64) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.requests, p.bytes.Load()
}

func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mutex.Lock()
	n, fault := p.requests, p.fault
	p.requests++
	p.mutex.Unlock()
	time.Sleep(p.Latency)
	var f *Fault
	if fault != nil {
		f = fault(n, r)
	}
	out := &passing{ResponseWriter: w, p: p, f: f, r: r}
	switch {
	case f == nil:
	case f.Status != 0:
		for name, values := range f.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(f.Status)
		io.WriteString(w, f.Body)
		return
	case f.NoRanges:
		r = r.Clone(r.Context())
		r.Header.Del("Range")
		r.Header.Del("If-Range")
	}
	p.next.ServeHTTP(out, r)
}

// passing passes on as much of an answer as its fault lets through.
type passing struct {
	http.ResponseWriter
	p    *Proxy
	f    *Fault
	r    *http.Request
	sent int64
}

func (w *passing) WriteHeader(status int) {
	if w.f != nil && w.f.NoRanges {
		w.Header().Del("Accept-Ranges")
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *passing) Write(b []byte) (int, error) {
	if w.f == nil || !w.f.Cut && !w.f.Reset && !w.f.Stall || w.sent+int64(len(b)) < w.f.After {
		n, err := w.ResponseWriter.Write(b)
		w.sent += int64(n)
		w.p.bytes.Add(int64(n))
		return n, err
	}
	n, _ := w.ResponseWriter.Write(b[:w.f.After-w.sent])
	w.p.bytes.Add(int64(n))
	http.NewResponseController(w.ResponseWriter).Flush()
	if w.f.Stall {
		<-w.r.Context().Done()
		panic(http.ErrAbortHandler)
	}
	if w.f.Reset {
		conn, _, err := http.NewResponseController(w.ResponseWriter).Hijack()
		if tcp, is := conn.(*net.TCPConn); err == nil && is {
			time.Sleep(10 * time.Millisecond) // a reset takes what has not been read with it
			tcp.SetLinger(0)
			tcp.Close()
		}
	}
	panic(http.ErrAbortHandler)
}

// File serves one state of a file at every path, with ranges.
type File struct {
	Text     []byte
	Tag      string // its ETag
	Modified time.Time
}

func (f *File) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.Tag != "" {
		w.Header().Set("ETag", f.Tag)
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", f.Modified, bytes.NewReader(f.Text))
}

// Stream serves a file without ranges, and without its length if that is asked for.
type Stream struct {
	File
	Chunked bool
}

func (s *Stream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.Tag != "" {
		w.Header().Set("ETag", s.Tag)
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	if !s.Chunked {
		w.Header().Set("Content-Length", strconv.Itoa(len(s.Text)))
	}
	for text := s.Text; len(text) > 0; {
		n := min(len(text), 32<<10)
		if _, err := w.Write(text[:n]); err != nil {
			return
		}
		if s.Chunked {
			http.NewResponseController(w).Flush()
		}
		text = text[n:]
	}
}
