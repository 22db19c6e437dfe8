package open

import (
	"context"
	"testing"

	"tracekit/transform/page"
)

// Reading waits for the first page while that loads, but not before there is something to draw,
// and never again.
func TestReadingYieldsToThePage(t *testing.T) {
	s := served(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.yield(ctx)
	asked(s, "GET", "/", "")
	s.yield(ctx) // nothing was read
	if err := s.Show(&page.Data{Forecast: page.NewForecast()}); err != nil {
		t.Fatal(err)
	}
	before := make(chan bool)
	yielded := make(chan bool)
	go func() {
		close(before)
		s.yield(ctx)
		close(yielded)
	}()
	<-before
	asked(s, "GET", "/api/state?version=1", "", TokenHeader, s.Token())
	select {
	case <-s.drawn:
		t.Error("a page that has nothing yet is taken for one that has drawn")
	default:
	}
	asked(s, "GET", "/api/state?version=2", "", TokenHeader, s.Token())
	<-yielded
	asked(s, "GET", "/", "")
	cancel()
	s.yield(t.Context())
	select {
	case <-s.drawn:
	default:
		t.Error("reading waits for a page that loads later")
	}
}
