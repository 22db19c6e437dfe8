package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tracekit/internal/testkit/far"

	"github.com/urfave/cli/v2"
)

// withOpener runs open on a file up to where it would serve, and calls do.
func withOpener(t *testing.T, path string, do func(o *opener)) {
	t.Helper()
	std := newStreams(strings.NewReader(""), io.Discard, io.Discard)
	app := appOf(std)
	app.Command("open").Action = func(c *cli.Context) error {
		o, err := newOpener(c, std)
		if err != nil {
			return err
		}
		defer o.in.Close()
		defer o.listen.Close()
		do(o)
		return nil
	}
	if err := app.RunContext(t.Context(), []string{"tracekit", "open", path}); err != nil {
		t.Fatal(err)
	}
}

// leaving is an output whose reader goes at the first bytes.
type leaving struct {
	leave func()
	bytes int64 // written, the first ones included
}

func (l *leaving) Write(b []byte) (int, error) {
	l.leave()
	l.bytes += int64(len(b))
	return len(b), nil
}

// A piece that nobody waits for any more is not cut on, by whichever verbs it is made.
func TestOpenStopsVerbs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.json")
	if err := os.WriteFile(path, made(t, 24<<20), 0o666); err != nil {
		t.Fatal(err)
	}
	withOpener(t, path, func(o *opener) {
		slice := []string{"slice", "--from", "1%"}
		all := &leaving{leave: func() {}}
		if _, err := o.make(t.Context(), [][]string{slice}, all); err != nil {
			t.Fatal(err)
		}
		for _, verbs := range [][][]string{
			{slice},
			{append(slice[:3:3], "--device", "launched")},
			{{"strip", "--hardware"}},
			{slice, {"strip", "--hardware"}},
			{slice, {"downsample", "--target-size", "15MB"}},
		} {
			ctx, cancel := context.WithCancel(t.Context())
			some := &leaving{leave: cancel}
			if _, err := o.make(ctx, verbs, some); !errors.Is(err, errInterrupted) {
				t.Errorf("%q: left at the first bytes, they end with %v", verbs, err)
			}
			if some.bytes > all.bytes/2 {
				t.Errorf("%q: left at the first bytes, they write %d, of about %d", verbs, some.bytes, all.bytes)
			}
			cancel()
		}
	})
}

// A request for a piece that is aborted while its verb waits for more of the trace lets it end
// there: it reads no more, and others can be cut.
func TestOpenStopsReading(t *testing.T) {
	far.Alone(t)
	ended := make(chan int64, 10)
	text := made(t, 6<<20)
	file := &far.File{Text: text, Tag: `"1"`}
	var proxy *far.Proxy
	proxy = far.NewProxy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			_, sent := proxy.Traffic()
			ended <- sent
		}()
		file.ServeHTTP(w, r)
	}))
	o := opening(t, nil, proxy.URL+"/t.json")
	o.data(&struct{}{})
	for len(ended) > 0 {
		<-ended
	}
	asking, leave := context.WithCancel(t.Context())
	const after = 1 << 20
	proxy.Break(func(int, *http.Request) *far.Fault { return &far.Fault{After: after, Stall: true} })
	go func() {
		for _, sent := proxy.Traffic(); sent < after && t.Context().Err() == nil; _, sent = proxy.Traffic() {
			time.Sleep(time.Millisecond)
		}
		leave()
	}()
	if _, _, err := o.Ask(asking, "POST", "/api/cut", `{"strip":["hardware"]}`); !errors.Is(err, context.Canceled) {
		t.Fatalf("the request ends with %v", err)
	}
	if sent := <-ended; sent != after {
		t.Errorf("%d bytes were sent, not the %d before the request was aborted", sent, after)
	}
	want := joined(t, bytes.NewReader(text), []string{"strip", "--hardware", "-z", "gzip"})
	var traffic [2]int64
	for i := range traffic {
		proxy.Break(nil)
		if got := o.cut(`{"strip":["hardware"]}`); got != want {
			t.Errorf("after that a piece has %d bytes, want %d", len(got), len(want))
		}
		_, traffic[i] = proxy.Traffic()
	}
	if traffic[0] != traffic[1] {
		t.Errorf("while a piece was cut after that, %d bytes were read, and %d for the same once more", traffic[0], traffic[1])
	}
}
