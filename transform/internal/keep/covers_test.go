package keep

import (
	"slices"
	"testing"

	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/internal/flows"
)

// Slices of a device and others on the same track cover it each for themselves.
func TestCoversDistinguishDevices(t *testing.T) {
	type cover struct {
		track      int
		start, end trace.Time
		is         flows.Is
	}
	c := covers{log: spill.NewPacked(0, nil)}
	const host, device = flows.Kept, flows.Kept | flows.Device
	added := []cover{{0, 0, 10, host}, {0, 5, 20, device}, {0, 6, 8, device}, {0, 7, 30, host}, {2, 5, 6, device}, {2, 6, 9, device}}
	for _, a := range added {
		c.add(a.track, a.start, a.end, a.is, true)
	}
	var all []cover
	if err := c.eachSlice(func(track int, start, end trace.Time, is flows.Is, near bool) {
		if !near {
			t.Errorf("a slice of track %d at %d is not near", track, start)
		}
		all = append(all, cover{track, start, end, is})
	}); err != nil {
		t.Fatal(err)
	}
	covered := func(list []cover, track int, at trace.Time, is flows.Is) bool {
		return slices.ContainsFunc(list, func(c cover) bool {
			return c.track == track && c.is == is && c.start <= at && at <= c.end
		})
	}
	for track := range 3 {
		for at := trace.Time(-1); at < 35; at++ {
			for _, is := range []flows.Is{host, device} {
				if got, want := covered(all, track, at, is), covered(added, track, at, is); got != want {
					t.Errorf("track %d at %d, as %d: %v, not %v", track, at, is, got, want)
				}
			}
		}
	}
}
