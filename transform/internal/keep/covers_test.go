package keep

import (
	"slices"
	"testing"

	"tracekit/internal/spill"
	"tracekit/trace"
)

// Slices of a device and others on the same track cover it each for themselves.
func TestCoversTellDevicesApart(t *testing.T) {
	type cover struct {
		track      int
		start, end trace.Time
		device     bool
	}
	c := covers{log: spill.NewPacked(0, nil)}
	added := []cover{{0, 0, 10, false}, {0, 5, 20, true}, {0, 6, 8, true}, {0, 7, 30, false}, {2, 5, 6, true}, {2, 6, 9, true}}
	for _, a := range added {
		c.add(a.track, a.start, a.end, a.device)
	}
	var all []cover
	if err := c.each(func(track int, start, end trace.Time, device bool) {
		all = append(all, cover{track, start, end, device})
	}); err != nil {
		t.Fatal(err)
	}
	covered := func(list []cover, track int, at trace.Time, device bool) bool {
		return slices.ContainsFunc(list, func(c cover) bool {
			return c.track == track && c.device == device && c.start <= at && at <= c.end
		})
	}
	for track := range 3 {
		for at := trace.Time(-1); at < 35; at++ {
			for _, device := range []bool{false, true} {
				if got, want := covered(all, track, at, device), covered(added, track, at, device); got != want {
					t.Errorf("track %d at %d, device %v: %v, not %v", track, at, device, got, want)
				}
			}
		}
	}
}
