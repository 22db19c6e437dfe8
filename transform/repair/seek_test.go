package repair

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"tracekit/trace"
	"tracekit/transform/check"
)

// What a seeker remembers is what one that remembers nothing finds.
func TestSeeker(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	bits := []string{`"`, `\`, `{`, `}`, `,`, `:`, ` `, "\n", `"ph"`, `"name":`, `"a":`, `},{"ph":`, `x`}
	for range 2000 {
		var text strings.Builder
		for range 1 + rng.IntN(80) {
			text.WriteString(bits[rng.IntN(len(bits))])
		}
		b, final := []byte(text.String()), rng.IntN(2) == 0
		var s seeker
		s.on(b)
		for range 30 {
			p, where := rng.IntN(len(b)), place(rng.IntN(int(places)))
			var fresh seeker
			fresh.on(b)
			at, sure := s.closing(p, where, final)
			if want, wantSure := fresh.closing(p, where, final); at != want || sure != wantSure {
				t.Fatalf("behind %d of %q, place %d, the next end is %d (sure %v), want %d (%v)", p, b, where, at, sure, want, wantSure)
			}
			for name, ask := range map[string]func(s *seeker) int{
				"escaped": func(s *seeker) int { return s.escaped(p, where, final) },
				"member":  func(s *seeker) int { return s.member(p) },
				"event":   func(s *seeker) int { return s.event(p) },
			} {
				if at, want := ask(&s), ask(&fresh); at != want {
					t.Fatalf("behind %d of %q, place %d, the next %s is %d, want %d", p, b, where, name, at, want)
				}
			}
			if s.inner(p, len(b)) != fresh.inner(p, len(b)) {
				t.Fatalf("behind %d of %q: a quote is and is not", p, b)
			}
		}
	}
}

// Twice the text in which every string is in doubt is at most a bit more than twice the
// work.
func TestDoubtIsLinear(t *testing.T) {
	for name, piece := range map[string]string{
		"quotes in names":      `{"ph":"X","name":"a "b" c","ts":1,"dur":1,"pid":1,"tid":1},` + "\n",
		"no last quote":        `{"ph":"X","name":"a,"ts":1,"dur":1,"pid":1,"tid":1},` + "\n",
		"no end of the event":  `{"ph":"X","name":"a` + "\n",
		"no comma, no bracket": `{"ph":"X","name":"a" b` + "\n",
		"quotes alone":         `{"ph":"X""""""""""""""" `,
	} {
		work := func(n int) int64 {
			text := `[{"ph":"X","name":"ok","ts":1,"dur":1,"pid":1,"tid":1},` + strings.Repeat(piece, n)
			h := newRewriter(nil, check.NewJudge(temp), forgetful{}, 0)
			if _, err := read(context.Background(), h, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }); err != nil {
				t.Fatal(err)
			}
			return h.seek.lookedAt
		}
		if once, twice := work(2000), work(4000); float64(twice) > 2.3*float64(once) {
			t.Errorf("%s: %d steps, and %d for twice the text", name, once, twice)
		}
	}
}

// Twice as many objects one in the other, each of which might be an event, are at most a
// bit more than twice the work, and the work for each is not that of all a value may hold.
func TestDepthIsLinear(t *testing.T) {
	for _, c := range []struct{ name, lead, open, shut string }{
		{"events as phases", "[", `{"ph":`, ""},
		{"events as phases, closed", "[", `{"ph":`, "}"},
		{"events as phases, no array", "", `{"ph":`, ""},
		{"events in an object", `{"traceEvents":[`, `{"ph":`, ""},
		{"events in args", "[", `{"ph":"X","args":{"name":`, ""},
		{"events in args, closed", "[", `{"ph":"X","args":{"name":`, "}}"},
		{"events in args, no array", "", `{"ph":"X","args":{"name":{`, ""},
		{"objects in args", "[", `{"ph":"X","args":{"name":{`, ""},
		{"events in arrays in args", "[", `{"ph":"X","args":[{"name":`, ""},
		{"events in arrays, closed", "[", `{"ph":[`, "]}"},
		{"events in args, quotes in names", "[", `{"ph":"X","name":"a" b","args":{"name":`, ""},
		{"events in args, quotes in names, closed", "[", `{"ph":"X","name":"a" b","args":{"name":`, "}}"},
	} {
		work := func(n int) int64 {
			text := c.lead + strings.Repeat(c.open, n)
			if c.shut != "" {
				text += "1" + strings.Repeat(c.shut, n) + "]"
			}
			h := newRewriter(nil, check.NewJudge(temp), forgetful{}, 0)
			_, err := read(context.Background(), h, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil })
			if err != nil && !errors.Is(err, trace.ErrNoEvents) {
				t.Fatal(c.name, err)
			}
			return h.values + h.seek.lookedAt + h.judged/int64(len(c.open)+len(c.shut))
		}
		const n = 8000
		once, twice := work(n), work(2*n)
		if float64(twice) > 2.3*float64(once) || twice-once > 50*n {
			t.Errorf("%s: %d steps, and %d for twice as many", c.name, once, twice)
		}
	}
}

// forgetful is a sink that keeps nothing.
type forgetful struct{}

func (forgetful) head([]byte) error                { return nil }
func (forgetful) event(_, _ []byte, _ int64) error { return nil }
func (forgetful) reject([]byte) error              { return nil }
