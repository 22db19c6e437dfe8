package open

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tracekit/internal/spill"
	"tracekit/internal/testkit/cmptest"
)

const host = "127.0.0.1:4711"

// served is a server whose pieces hold the commands that make them.
func served(t *testing.T, change func(o *Options)) *Server {
	t.Helper()
	viewer, err := ParseViewer(Perfetto)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Name: "dir/big.json.gz", Listen: host, Viewer: viewer, Idle: time.Hour,
		Reading: NewReading(func() (int64, int64) { return 1, 2 }),
		Make: func(ctx context.Context, verbs [][]string, w io.Writer) (string, error) {
			for _, v := range verbs {
				io.WriteString(w, strings.Join(v, " ")+"\n")
			}
			return "done", nil
		},
		Whole: func() (Piece, error) {
			return Piece{ReaderAt: strings.NewReader("whole"), Size: 5, Name: "big.json.gz", Close: func() {}}, nil
		},
		Spill: func() (*spill.File, error) { return spill.Create(t.TempDir()) },
	}
	o.Ready()
	if change != nil {
		change(&o)
	}
	s := New(o)
	t.Cleanup(s.Close)
	return s
}

// asked is a request; header has names and values in turn.
func asked(s *Server, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = host
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// cutPath cuts a piece and returns its path.
func cutPath(t *testing.T, s *Server, body string) string {
	t.Helper()
	w := asked(s, "POST", "/api/cut", body, TokenHeader, s.Token())
	_, path, found := strings.Cut(w.Body.String(), `"url":"`)
	if w.Code != http.StatusOK || !found {
		t.Fatalf("%s: %d %s", body, w.Code, w.Body)
	}
	path, _, _ = strings.Cut(path, `"`)
	return path
}

// Pages of others, names that someone has pointed here, and guesses are refused.
func TestRequestsOfOtherSitesAreRefused(t *testing.T) {
	s := served(t, nil)
	piece := cutPath(t, s, `{"from":"1000","to":"2000"}`)
	token := []string{TokenHeader, s.Token()}
	evil, neighbour := "http://evil.example", "http://127.0.0.1:8888"
	for _, c := range []struct {
		name, method, path string
		header             []string
		want               int
	}{
		{"page", "GET", "/", nil, 200},
		{"page by another name", "GET", "/", []string{"Host", "localhost:4711"}, 200},
		{"page by another port, as through ssh", "GET", "/", []string{"Host", "127.0.0.1:9999"}, 200},
		{"rebound name", "GET", "/", []string{"Host", "evil.example:4711"}, 403},
		{"rebound name with the token", "GET", "/api/state", append([]string{"Host", "evil.example:4711"}, token...), 403},
		{"rebound name for a piece", "GET", piece, []string{"Host", "evil.example"}, 403},
		{"a name that begins like this machine's", "GET", "/", []string{"Host", "127.0.0.1.evil.example:4711"}, 403},
		{"another address", "GET", "/", []string{"Host", "10.0.0.7:4711"}, 403},
		{"no name", "GET", "/", []string{"Host", ""}, 403},
		{"state", "GET", "/api/state", token, 200},
		{"state from the page", "GET", "/api/state", append([]string{"Origin", "http://" + host}, token...), 200},
		{"no token", "GET", "/api/state", nil, 403},
		{"wrong token", "GET", "/api/state", []string{TokenHeader, s.Token()[1:] + "x"}, 403},
		{"half a token", "GET", "/api/state", []string{TokenHeader, s.Token()[:10]}, 403},
		{"token in the address", "GET", "/api/state?token=" + s.Token(), nil, 403},
		{"state from elsewhere", "GET", "/api/state", append([]string{"Origin", evil}, token...), 403},
		{"state from another port", "GET", "/api/state", append([]string{"Origin", neighbour}, token...), 403},
		{"state from the viewer", "GET", "/api/state", append([]string{"Origin", Perfetto}, token...), 403},
		{"state from nowhere", "GET", "/api/state", append([]string{"Origin", "null"}, token...), 403},
		{"a cut by GET", "GET", "/api/cut", token, 405},
		{"a cut without the token", "POST", "/api/cut", []string{"Origin", "http://" + host}, 403},
		{"a count without a token", "POST", "/api/count", nil, 403},
		{"a count by GET", "GET", "/api/count", token, 405},
		{"a count elsewhere", "POST", "/api/count", append([]string{"Origin", evil}, token...), 403},
		{"a cut by a form elsewhere", "POST", "/api/cut", append([]string{"Origin", evil, "Content-Type", "text/plain"}, token...), 403},
		{"a session without a token", "POST", "/api/session", nil, 403},
		{"a session elsewhere", "POST", "/api/session", append([]string{"Origin", evil}, token...), 403},
		{"piece", "GET", piece, nil, 200},
		{"piece, its head", "HEAD", piece, nil, 200},
		{"piece for the viewer", "GET", piece, []string{"Origin", Perfetto}, 200},
		{"piece for others", "GET", piece, []string{"Origin", evil}, 403},
		{"piece for one that ends the same", "GET", piece, []string{"Origin", "https://evil-ui.perfetto.dev"}, 403},
		{"piece in another page's image", "GET", piece, []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"piece in a page of another port", "GET", piece, []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"piece by POST", "POST", piece, token, 405},
		{"piece of another name", "GET", "/piece/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/x.json.gz", nil, 404},
		{"piece of no name", "GET", "/piece/", nil, 404},
		{"a path out of it", "GET", "/piece/../../../../etc/passwd", nil, 404},
		{"an escaped path out of it", "GET", "/piece/%2e%2e%2f%2e%2e%2fetc%2fpasswd", nil, 404},
		{"a file of this machine", "GET", "/etc/passwd", token, 404},
		{"a file of this machine, doubled slash", "GET", "//etc/passwd", token, 404},
		{"the trace by its name", "GET", "/dir/big.json.gz", token, 404},
		{"the trace by its name as a piece", "GET", "/piece/dir/big.json.gz", token, 404},
		{"a trace processor's status", "GET", "/status", nil, 404},
		{"a trace processor's status for the viewer", "GET", "/status", []string{"Origin", Perfetto}, 403},
		{"a question before one", "OPTIONS", "/api/cut", []string{"Origin", evil}, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := asked(s, c.method, c.path, "{}", c.header...)
			if w.Code != c.want {
				t.Errorf("%s %s is answered with %d, want %d: %s", c.method, c.path, w.Code, c.want, w.Body)
			}
			if w.Code >= 400 && bytes.Contains(w.Body.Bytes(), []byte("<")) {
				t.Errorf("an error holds markup: %s", w.Body)
			}
			allowed := w.Header().Get("Access-Control-Allow-Origin")
			if want := map[bool]string{true: Perfetto}[c.name == "piece for the viewer"]; allowed != want {
				t.Errorf("pages of %q may read that, want %q", allowed, want)
			}
			for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cross-Origin-Opener-Policy": "", "Cache-Control": "no-store"} {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			policy := w.Header().Get("Content-Security-Policy")
			if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") {
				t.Errorf("the content policy is %q", policy)
			}
		})
	}
}

// Beyond loopback, addresses and the machine's own name count, and no other.
func TestNamesBeyondLoopback(t *testing.T) {
	s := served(t, func(o *Options) { o.Listen = "0.0.0.0:4711" })
	for name, want := range map[string]int{"10.0.0.7:4711": 200, "[fe80::1]:4711": 200, "127.0.0.1": 200, "evil.example:4711": 403} {
		if w := asked(s, "GET", "/", "", "Host", name); w.Code != want {
			t.Errorf("%s: %d, want %d", name, w.Code, want)
		}
	}
}

// A code opens the page once, the token as often as one likes.
func TestACodeOpensThePageOnce(t *testing.T) {
	s := served(t, nil)
	code := s.Code()
	for i, c := range []struct {
		code string
		want int
	}{{code, 200}, {code, 403}, {s.Token(), 200}, {s.Token(), 200}, {"", 403}, {s.Code() + "x", 403}} {
		w := asked(s, "POST", "/api/session", "", TokenHeader, c.code)
		if w.Code != c.want || c.want == 200 != strings.Contains(w.Body.String(), s.Token()) {
			t.Errorf("use %d: %d, want %d: %s", i, w.Code, c.want, w.Body)
		}
	}
}

// The commands of a cut hold what was asked for and nothing else.
func TestCuts(t *testing.T) {
	s := served(t, nil)
	for _, c := range []struct{ body, want string }{
		{`{"from":"1000","to":"2001","launched":true}`, "slice --from @1.000 --to @2.001 --device launched\n"},
		{`{"strip":["hardware","python"],"cats":["-o /tmp/x","a b"]}`, "strip --hardware --python --cat -o /tmp/x --cat a b\n"},
		{`{"from":"4104512345678901","target":200000000}`, "slice --from @4104512345678.901\ndownsample --target-size 200MB\n"},
		{`{}`, "whole"},
	} {
		w := asked(s, "GET", cutPath(t, s, c.body), "")
		if d := cmptest.Diff(c.want, w.Body.String()); d != "" {
			t.Errorf("%s (- want, + got)\n%s", c.body, d)
		}
		if got := w.Header().Get("Content-Disposition"); !strings.HasPrefix(got, "attachment; filename=") {
			t.Errorf("%s: Content-Disposition is %q", c.body, got)
		}
	}
	for _, body := range []string{
		``, `[]`, `{"from":"1s"}`, `{"from":"@1 --output x"}`, `{"strip":["output"]}`, `{"strip":["python","python"]}`,
		`{"path":"/etc/passwd"}`, `{"cats":[""]}`, `{"launched":true}`, `{"target":3}`, `{"from":"` + strings.Repeat("9", 400_000) + `"}`,
	} {
		w := asked(s, "POST", "/api/cut", body, TokenHeader, s.Token())
		if w.Code != http.StatusBadRequest {
			t.Errorf("%.60s is answered with %d: %s", body, w.Code, w.Body)
		}
	}
}

// A piece that nobody waits for any more is not cut on.
func TestCancelledCutsEnd(t *testing.T) {
	began, ended := make(chan bool), make(chan error, 1)
	s := served(t, func(o *Options) {
		o.Make = func(ctx context.Context, _ [][]string, _ io.Writer) (string, error) {
			close(began)
			<-ctx.Done()
			ended <- ctx.Err()
			return "", ctx.Err()
		}
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	asking, leave := context.WithCancel(t.Context())
	r, _ := http.NewRequestWithContext(asking, "POST", "http://"+l.Addr().String()+"/api/cut", strings.NewReader(`{"from":"1"}`))
	r.Header.Set(TokenHeader, s.Token())
	go func() { <-began; leave() }()
	if _, err := http.DefaultClient.Do(r); !errors.Is(err, context.Canceled) {
		t.Errorf("the request ended with %v", err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the cut ended with %v", err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// There are only so many cuts at once, and pieces kept.
func TestLimits(t *testing.T) {
	s := served(t, nil)
	var leave []func()
	for range mostAtOnce {
		l, err := s.pieces.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		leave = append(leave, l)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error)
	for range mostWaiting - mostAtOnce {
		go func() { _, err := s.pieces.enter(ctx); waiting <- err }()
	}
	for len(s.pieces.queue) < mostWaiting {
		time.Sleep(time.Millisecond)
	}
	if w := asked(s, "POST", "/api/cut", `{"from":"1"}`, TokenHeader, s.Token()); w.Code != http.StatusServiceUnavailable {
		t.Errorf("a cut more is answered with %d: %s", w.Code, w.Body)
	}
	cancel()
	for range mostWaiting - mostAtOnce {
		if err := <-waiting; !errors.Is(err, context.Canceled) {
			t.Errorf("a cut that waits ends with %v", err)
		}
	}
	for _, l := range leave {
		l()
	}
	first := cutPath(t, s, `{"from":"1"}`)
	for range mostPieces {
		cutPath(t, s, `{"from":"2"}`)
	}
	if w := asked(s, "GET", first, ""); w.Code != http.StatusNotFound || len(s.pieces.byID) != mostPieces {
		t.Errorf("%d pieces are kept; the first is answered with %d", len(s.pieces.byID), w.Code)
	}
}

// The server ends when nobody asks for long, and not while someone does.
func TestIdleServersEnd(t *testing.T) {
	s := served(t, func(o *Options) { o.Idle = 50 * time.Millisecond })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.busy.Add(1)
	done := make(chan error, 1)
	go func() { done <- s.Serve(t.Context(), l) }()
	time.Sleep(150 * time.Millisecond)
	select {
	case err := <-done:
		t.Fatalf("it ended (%v) with a request at work", err)
	default:
	}
	s.busy.Add(-1)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestViewers(t *testing.T) {
	for _, c := range []struct {
		address string
		want    Viewer
		bad     bool
	}{
		{"https://ui.perfetto.dev", Viewer{"https://ui.perfetto.dev", "https://ui.perfetto.dev", "ui.perfetto.dev", true}, false},
		{"http://perf.local:10000/v1/", Viewer{"http://perf.local:10000/v1", "http://perf.local:10000", "perf.local:10000", true}, false},
		{"https://perfetto.habana.ai/", Viewer{"https://perfetto.habana.ai", "https://perfetto.habana.ai", "perfetto.habana.ai", false}, false},
		{"ui.perfetto.dev", Viewer{}, true}, {"javascript:alert(1)", Viewer{}, true}, {"https://u:p@x.y", Viewer{}, true}, {"https://x.y/#!/", Viewer{}, true},
		{"https://x.y;script-src", Viewer{}, true}, {"https://x.y,z", Viewer{}, true}, {"https://", Viewer{}, true},
	} {
		got, err := ParseViewer(c.address)
		if d := cmptest.Diff(c.want, got); d != "" || (err != nil) != c.bad {
			t.Errorf("%s: %v (- want, + got)\n%s", c.address, err, d)
		}
	}
}
