package remote

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"tracekit/internal/spill"
	"tracekit/internal/testkit/far"
)

func newClient(t *testing.T, endpoint string) *Client {
	t.Helper()
	c, err := NewClient(Options{Endpoint: endpoint, Tries: 4, Pause: time.Millisecond, Stall: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// noise is text that does not repeat itself.
func noise(n int) []byte {
	text := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(text)
	return text
}

// streamed reads all of an object.
func streamed(c *Client, name string) ([]byte, error) {
	o, err := c.Open(context.Background(), name)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	s := o.Stream(context.Background())
	defer s.Close()
	return io.ReadAll(s)
}

func ranged(t *testing.T, c *Client, name string) (*Ranged, error) {
	t.Helper()
	o, err := c.Open(context.Background(), name)
	if err != nil {
		return nil, err
	}
	file, err := spill.Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r, err := o.Ranged(context.Background(), file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r, nil
}

func TestStreamsAreWhatTheServerHas(t *testing.T) {
	far.Alone(t)
	for _, size := range []int{0, 1, headSize - 1, headSize, headSize + 1, 700_001} {
		text := noise(size)
		for name, h := range map[string]http.Handler{
			"ranges":           &far.File{Text: text, Tag: `"1"`},
			"ranges, no ETag":  &far.File{Text: text},
			"no ranges":        &far.Stream{File: far.File{Text: text, Tag: `W/"1"`}},
			"nothing is known": &far.Stream{File: far.File{Text: text}, Chunked: true},
		} {
			p := far.NewProxy(t, h)
			got, err := streamed(newClient(t, ""), p.URL+"/trace.json")
			if err != nil || !bytes.Equal(got, text) {
				t.Errorf("%d bytes, %s: %d came: %v", size, name, len(got), err)
			}
			if n, sent := p.Traffic(); n > 2 || sent > int64(size) {
				t.Errorf("%d bytes, %s: %d requests and %d bytes", size, name, n, sent)
			}
		}
	}
}

// Whatever is read in whatever order is as in the file, and nothing is fetched twice.
func TestRangesAreWhatTheServerHas(t *testing.T) {
	far.Alone(t)
	text := noise(3<<20 + 12345)
	p := far.NewProxy(t, &far.File{Text: text, Tag: `"1"`})
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		p.Break(nil)
		r, err := ranged(t, newClient(t, ""), p.URL+"/x")
		if err != nil {
			t.Fatal(err)
		}
		var readers sync.WaitGroup
		for range 3 {
			offs := make([]int, 40)
			for i := range offs {
				offs[i] = rng.IntN(len(text))
			}
			var stretches []Stretch
			if seed%2 == 0 {
				for _, off := range offs {
					stretches = append(stretches, Stretch{int64(off), int64(off + rng.IntN(200_000))})
				}
			}
			readers.Go(func() {
				r.Foresee(stretches)
				for _, off := range offs {
					b := make([]byte, 1+off%150_000)
					n, err := r.ReadAt(b, int64(off))
					want := text[off:min(off+len(b), len(text))]
					if !bytes.Equal(b[:n], want) || (err == io.EOF) != (n < len(b)) || err != nil && err != io.EOF {
						t.Errorf("seed %d: %d bytes at %d: %v", seed, n, off, err)
					}
				}
			})
		}
		readers.Wait()
		r.Close()
		if n, sent := p.Traffic(); sent > int64(len(text)) || sent != r.Fetched() {
			t.Errorf("seed %d: %d bytes in %d requests of %d, %d counted", seed, sent, n, len(text), r.Fetched())
		}
	}
}

// What is foreseen comes in few requests, several at a time, and not all of it at once.
func TestForesightIsBounded(t *testing.T) {
	far.Alone(t)
	text := make([]byte, 120<<20)
	p := far.NewProxy(t, &far.File{Text: text, Tag: `"1"`})
	r, err := ranged(t, newClient(t, ""), p.URL+"/x")
	if err != nil {
		t.Fatal(err)
	}
	r.Foresee([]Stretch{{0, int64(len(text))}})
	buf := make([]byte, 1<<20)
	for off := 0; off < len(text); off += len(buf) {
		if _, err := r.ReadAt(buf, int64(off)); err != nil {
			t.Fatal(err)
		}
		if ahead := r.Fetched() - int64(off) - int64(len(buf)); ahead > mostForeseen+mostAtOnce {
			t.Fatalf("%d bytes were fetched before they were read", ahead)
		}
	}
	if n, _ := p.Traffic(); n > len(text)/mostAtOnce+2 {
		t.Errorf("%d requests", n)
	}
}

// broken is how a server or the way to it breaks, and what becomes of that.
var broken = []struct {
	name   string
	fault  func(n int, r *http.Request) *far.Fault
	stream string // what the error says; empty if all is read
	ranges string // the same where parts are read
}{
	{"503 at first", func(n int, _ *http.Request) *far.Fault {
		if n%3 < 2 {
			return &far.Fault{Status: 503, Header: http.Header{"Retry-After": {"0.01"}}}
		}
		return nil
	}, "", ""},
	{"429 now and then", func(n int, _ *http.Request) *far.Fault {
		if n%2 == 1 {
			return &far.Fault{Status: 429}
		}
		return nil
	}, "", ""},
	{"503 for good", func(n int, _ *http.Request) *far.Fault { return &far.Fault{Status: 503} },
		"the server is busy or broken: 503 Service Unavailable; tried 4 times", "="},
	{"503 for good, later", later(&far.Fault{Status: 503}),
		"the server is busy or broken: 503 Service Unavailable; tried 4 times", "="},
	{"resets", func(n int, _ *http.Request) *far.Fault { return &far.Fault{Reset: true, After: 150_000} }, "", ""},
	{"truncated bodies", func(n int, _ *http.Request) *far.Fault { return &far.Fault{Cut: true, After: 150_000} }, "", ""},
	{"resets at once", later(&far.Fault{Reset: true}), "; tried 4 times", "="},
	{"truncated at once", later(&far.Fault{Cut: true}), "the connection was closed before the end; tried 4 times", "="},
	{"a stall", func(n int, _ *http.Request) *far.Fault {
		if n == 1 {
			return &far.Fault{Stall: true, After: 100_000}
		}
		return nil
	}, "", ""},
	{"stalls for good", later(&far.Fault{Stall: true}), "nothing came for 300ms; tried 4 times", "="},
	{"404", later(&far.Fault{Status: 404}), "the object is not there any more, or not for who asks: there is no such object: 404 Not Found", "="},
	{"403", later(&far.Fault{Status: 403, Body: "your SECRET"}), "the object is not there any more, or not for who asks: access is denied: 403 Forbidden", "="},
	{"418", later(&far.Fault{Status: 418, Body: "your SECRET"}), "the server says 418 I'm a teapot", "="},
	{"412", later(&far.Fault{Status: 412}), "the object has changed while it was read", "="},
	{"ranges no more", later(&far.Fault{NoRanges: true}), "the server gives other bytes than it was asked for", "="},
	{"other bytes", later(&far.Fault{Status: 206, Header: http.Header{"Content-Range": {"bytes 5-9/900000"}, "Etag": {`"1"`}}, Body: "12345"}),
		"the server gives other bytes than it was asked for", "="},
}

// later is a fault of all requests but the first.
func later(f *far.Fault) func(int, *http.Request) *far.Fault {
	return func(n int, _ *http.Request) *far.Fault {
		if n == 0 {
			return nil
		}
		return f
	}
}

func TestFaults(t *testing.T) {
	far.Alone(t)
	text := noise(900_000)
	for _, c := range broken {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := far.NewProxy(t, &far.File{Text: text, Tag: `"1"`})
			p.Break(c.fault)
			got, err := streamed(newClient(t, ""), p.URL+"/t.json?sig=SECRET")
			judge(t, "stream", c.stream, err, bytes.Equal(got, text))
			if c.ranges == "=" {
				c.ranges = c.stream
			}
			p.Break(c.fault)
			r, err := ranged(t, newClient(t, ""), p.URL+"/t.json?sig=SECRET")
			part := make([]byte, 400_000)
			if err == nil {
				_, err = r.ReadAt(part, 300_000)
			}
			judge(t, "ranges", c.ranges, err, bytes.Equal(part, text[300_000:700_000]))
		})
	}
}

// judge fails unless an error says what it should, no secret is in it, and what came without
// one is right. An error that a decoder takes for damage of the file is none of a connection.
func judge(t *testing.T, what, want string, err error, right bool) {
	t.Helper()
	switch {
	case want == "" && (err != nil || !right):
		t.Errorf("%s: right: %v; %v", what, right, err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("%s: %v, not: %s", what, err, want)
	case err != nil && (strings.Contains(err.Error(), "SECRET") || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)):
		t.Errorf("%s: %v", what, err)
	}
}

// An object that is another one between two requests is refused, with an ETag and without.
func TestChangesAreRefused(t *testing.T) {
	far.Alone(t)
	before, after := noise(900_000), noise(900_001)[1:]
	then := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, states := range map[string][2]http.Handler{
		"ETag":      {&far.File{Text: before, Tag: `"1"`}, &far.File{Text: after, Tag: `"2"`}},
		"weak ETag": {&far.File{Text: before, Tag: `W/"1"`}, &far.File{Text: after, Tag: `W/"2"`}},
		"time":      {&far.File{Text: before, Modified: then}, &far.File{Text: after, Modified: then.Add(time.Second)}},
		"size":      {&far.File{Text: before}, &far.File{Text: noise(900_001)}},
		"shorter":   {&far.File{Text: before}, &far.File{Text: noise(100_000)}},
	} {
		n := 0
		p := far.NewProxy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n++
			states[min(n-1, 1)].ServeHTTP(w, r)
		}))
		_, err := streamed(newClient(t, ""), p.URL+"/x")
		if !errors.Is(err, ErrChanged) {
			t.Errorf("%s: a stream ends with: %v", name, err)
		}
		n = 0
		r, err := ranged(t, newClient(t, ""), p.URL+"/x")
		if err == nil {
			_, err = r.ReadAt(make([]byte, 10), 500_000)
		}
		if !errors.Is(err, ErrChanged) {
			t.Errorf("%s: a part ends with: %v", name, err)
		}
	}
}

// A stream without ranges that breaks begins again, if it is still the same that comes.
func TestBrokenStreamsWithoutRanges(t *testing.T) {
	far.Alone(t)
	text := noise(900_000)
	for _, c := range []struct{ tag, then, want string }{
		{`"1"`, `"1"`, ""},
		{`"1"`, `"2"`, "the object has changed while it was read"},
		{"", "", "the connection broke, and the server does not say whether it would go on with the same"},
	} {
		p := far.NewProxy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s := far.Stream{File: far.File{Text: text, Tag: c.tag}}
			if r.Header.Get("Range") == "" {
				s.Tag = c.then
			}
			s.ServeHTTP(w, r)
		}))
		p.Break(func(n int, _ *http.Request) *far.Fault {
			if n == 0 {
				return &far.Fault{Cut: true, After: 500_000}
			}
			return nil
		})
		got, err := streamed(newClient(t, ""), p.URL+"/x")
		judge(t, c.tag+" then "+c.then, c.want, err, bytes.Equal(got, text))
	}
}

func TestNoServer(t *testing.T) {
	far.Alone(t)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, want := range map[string]string{
		gone.URL + "/x?sig=SECRET":               "the connection was refused",
		"http://no-such-host.invalid/?k=SECRET":  "no such host: no-such-host.invalid",
		"https://me:SECRET@" + hostOf(gone.URL):  "the connection was refused",
		"http://127.0.0.1:99999999/x?sig=SECRET": "",
	} {
		_, err := streamed(newClient(t, ""), name)
		if err == nil {
			t.Errorf("%s can be read", name)
			continue
		}
		judge(t, name, want+" ", errors.New(err.Error()+" "), false)
	}
	for _, endpoint := range []string{"minio:9000", "ftp://x", "http://me:SECRET@x", "http://x/?k=SECRET", "http://x y"} {
		if _, err := NewClient(Options{Endpoint: endpoint}); err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("endpoint %s: %v", endpoint, err)
		}
	}
}

func hostOf(at string) string {
	u, err := url.Parse(at)
	if err != nil {
		panic(err)
	}
	return u.Host
}

// What is read ends with its context.
func TestReadingEndsWithItsContext(t *testing.T) {
	far.Alone(t)
	p := far.NewProxy(t, &far.File{Text: noise(900_000), Tag: `"1"`})
	p.Break(later(&far.Fault{Stall: true, After: 10}))
	ctx, cancel := context.WithCancel(context.Background())
	c := newClient(t, "")
	c.o.Stall = time.Hour
	o, err := c.Open(ctx, p.URL+"/x")
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := io.ReadAll(o.Stream(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("a stream ends with %v", err)
	}
}
