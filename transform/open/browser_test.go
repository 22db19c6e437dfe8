package open

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"testing"

	"tracekit/internal/testkit/browser"
)

// TestViewersFetch lets a viewer on another origin fetch a piece by its address, from the one
// port that its content policy allows.
func TestViewersFetch(t *testing.T) {
	b := browser.Open(t)
	l, err := net.Listen("tcp", "127.0.0.1:"+ProcessorPort)
	if err != nil {
		t.Skipf("something else listens at port %s: %v", ProcessorPort, err)
	}
	page := browser.Viewer(t)
	s := served(t, func(o *Options) {
		if o.Viewer, err = ParseViewer(page.URL); err != nil {
			t.Fatal(err)
		}
	})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- Serve(ctx, l, s.Pieces()) }()
	made, err := s.Prepare(t.Context(), [][]string{{"slice", "--step", "3"}}, "a & b")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("slice --step 3\n"))
	for _, c := range []struct{ name, address, want string }{
		{"viewer", s.Fetching(made), hex.EncodeToString(sum[:])},
		{"another origin", browser.Viewer(t).URL + s.Fetching(made)[len(page.URL):], ""},
	} {
		b.Go(c.address, "typeof got !== 'undefined' && got !== null")
		var got struct{ Sum, Error string }
		if b.Eval("got", &got); got.Sum != c.want || c.want == "" && got.Error == "" {
			t.Errorf("%s at %s has got %+v, want %q", c.name, c.address, got, c.want)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
