package split

import (
	"fmt"
	"slices"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/trace"
	"tracekit/transform/slice"
)

// Pieces of a length lie side by side and hold everything. Where times count from
// the epoch they are cut at times that a viewer reads exactly.
func TestPiecesOfALength(t *testing.T) {
	const epoch = 1_712_000_000_000_000_000
	for _, c := range []struct {
		length, from, to trace.Time
		cuts             []trace.Time
	}{
		{1500, 1, 5000, []trace.Time{1501, 3001, 4501}},
		{1500, epoch + 1, epoch + 5000, []trace.Time{epoch + 1000, epoch + 3000, epoch + 4000}},
		{300, epoch + 700, epoch + 2001, []trace.Time{epoch + 1000}},
		{1000, 0, 1001, []trace.Time{1000}},
		{1 << 62, 0, 1 << 62, nil},
	} {
		var want []slice.Window
		from := c.from
		for _, at := range append(slices.Clone(c.cuts), c.to) {
			want = append(want, slice.Window{From: from, To: at})
			from = at
		}
		cmptest.Same(t, fmt.Sprintf("%d in [%d,%d)", c.length, c.from, c.to), want, every(c.length, slice.Window{From: c.from, To: c.to}))
	}
}
