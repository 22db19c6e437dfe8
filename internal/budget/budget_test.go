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
