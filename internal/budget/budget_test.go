package budget

import (
	"context"
	"errors"
	"testing"
)

func TestBudget(t *testing.T) {
	for _, c := range []struct {
		name           string
		limit          int64
		threads, names int
		want           string
	}{
		{"enough", 1000, 400, 600, ""},
		{"too little", 1000, 401, 600, "the state kept for the trace exceeds the limit of 1.0 kB; most of it is names"},
		{"other things", 1000, 1200, 600, "the state kept for the trace exceeds the limit of 1.0 kB; most of it is threads"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, b := With(t.Context(), c.limit)
			Register(ctx, func(s *Sum) { s.Add("threads", c.threads) })
			Register(ctx, func(s *Sum) { s.Add("names", c.names) })
			err := Check(ctx)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			if ended := ctx.Err() != nil; ended != (c.want != "") || ended && (b.Exceeded() == nil || context.Cause(ctx) != b.Exceeded()) {
				t.Errorf("the context has ended: %v, for %v", ended, context.Cause(ctx))
			}
		})
	}
}

func TestWithoutABudget(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	Register(ctx, func(s *Sum) { s.Add("threads", 1<<60) })
	for range 3 {
		if err := Check(ctx); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	if err := Check(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the context's", err)
	}
}

// Work that goes on side by side looks at what it holds itself, and all of it together is
// bounded.
func TestWorkBesideOthersIsBoundedInSum(t *testing.T) {
	ctx, b := With(t.Context(), 1000)
	Register(ctx, func(s *Sum) { s.Add("threads", 400) })
	if err := Check(ctx); err != nil {
		t.Fatal(err)
	}
	for range 10 { // one after the other, they have room
		own, done := Apart(ctx)
		Register(own, func(s *Sum) { s.Add("names", 500) })
		if err := Check(own); err != nil {
			t.Fatal(err)
		}
		done()
	}
	results := make(chan error)
	for range 8 {
		go func() {
			own, done := Apart(ctx)
			defer done()
			held := 0
			Register(own, func(s *Sum) { s.Add("names", held) })
			var err error
			for err == nil { // 100 each are too much for all
				held = min(held+1, 100)
				err = Check(own)
			}
			results <- err
		}()
	}
	for range 8 {
		var e *Error
		if err := <-results; !errors.As(err, &e) || e.What != "names" {
			t.Errorf("%v, want that names are too many", err)
		}
	}
	if ctx.Err() == nil || b.Exceeded() == nil {
		t.Errorf("the run goes on: %v, %v", ctx.Err(), b.Exceeded())
	}
}
