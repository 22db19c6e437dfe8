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
		{"too little", 1000, 401, 600, "what has to be remembered of the trace takes more than the 1.0 kB that it may: most of it is names"},
		{"other things", 1000, 1200, 600, "what has to be remembered of the trace takes more than the 1.0 kB that it may: most of it is threads"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, b := With(t.Context(), c.limit)
			Held(ctx, func(s *Sum) { s.Add("threads", c.threads) })
			Held(ctx, func(s *Sum) { s.Add("names", c.names) })
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
	Held(ctx, func(s *Sum) { s.Add("threads", 1<<60) })
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

// Work that goes on side by side checks what it holds itself, and one that exceeds the
// limit ends all.
func TestApart(t *testing.T) {
	ctx, b := With(t.Context(), 1000)
	Held(ctx, func(s *Sum) { s.Add("threads", 400) })
	results := make(chan error)
	for n := range 8 {
		go func() {
			own := Apart(ctx)
			held := 0
			Held(own, func(s *Sum) { s.Add("names", held) })
			var err error
			for err == nil && held < 500 {
				held++
				err = Check(own)
			}
			if n == 7 {
				held = 2000
				for err == nil {
					err = Check(own)
				}
			}
			results <- err
		}()
	}
	for range 8 {
		var e *Error
		if err := <-results; err != nil && !errors.As(err, &e) && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if ctx.Err() == nil || b.Exceeded() == nil {
		t.Errorf("the run goes on: %v, %v", ctx.Err(), b.Exceeded())
	}
}
