package flows

import (
	"math/rand/v2"
	"slices"
	"testing"

	"tracekit/trace"
)

// The first point at or behind a time is found wherever the search begins.
func TestFirstPointOfALine(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for range 300 {
		f := &Kept{Points: make([]Point, rng.IntN(200))}
		l := &line{}
		for i := range f.Points {
			f.Points[i].ts = trace.Time(rng.IntN(150))
			l.points = append(l.points, int32(i))
		}
		slices.SortFunc(l.points, func(a, b int32) int { return int(f.Points[a].ts - f.Points[b].ts) })
		for range 300 {
			at := trace.Time(rng.IntN(160) - 5)
			want := slices.IndexFunc(l.points, func(i int32) bool { return f.Points[i].ts >= at })
			if want < 0 {
				want = len(l.points)
			}
			if l.near = rng.IntN(len(l.points) + 1); f.first(l, at) != want {
				t.Fatalf("from place %d of %d, the first at %d is %d, want %d", l.near, len(l.points), at, f.first(l, at), want)
			}
		}
	}
}
