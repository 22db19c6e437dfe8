package inflate

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"tracekit/internal/testkit/cmptest"
)

func FuzzGzip(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		sameAsJudge(t, data)
		want, wantErr := decode(narrow(data), Window, 4<<10)
		for _, hist := range []int{0, 300} {
			// The first size is for the careful loop alone, the second for both.
			got, err := decode(narrow(data), hist, outMargin-1+hist)
			if !bytes.Equal(got, want) || (err == nil) != (wantErr == nil) {
				t.Errorf("history %d: %d bytes, error %v; want %d, error %v", hist, len(got), err, len(want), wantErr)
			}
		}
	})
}

func FuzzDeflateRoundTrip(f *testing.F) {
	names := slices.Sorted(maps.Keys(packers))
	f.Fuzz(func(t *testing.T, data []byte, packer, flushes uint8, hist, size uint16, repeat uint8) {
		want := bytes.Repeat(data, 1+int(repeat))
		packed := pack(names[int(packer)%len(names)], want, int(flushes)%9)
		r := NewReader(bytes.NewReader(packed))
		var points []Checkpoint
		r.Checkpoints(1+int64(size), func(cp Checkpoint) { points = append(points, cp) })
		// A Fill takes time for its window, however little it decodes.
		got, err := decode(r, int(hist)%(Window+1), max(1+int(size), len(want)/500))
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes, error %v; want %d", len(got), err, len(want))
		}
		last := points[len(points)-1]
		resume(t, packed, want, last)

		r = NewReader(bytes.NewReader(packed))
		var sparse []Checkpoint
		r.SparseCheckpoints(2*Window+int64(size), func(cp Checkpoint) { sparse = append(sparse, cp) })
		if got, err := decode(r, Window, 100_000); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes, error %v; want %d", len(got), err, len(want))
		}
		resume(t, packed, want, sparse[len(sparse)-1])

		_, some := recorded(t, narrow(packed), max(1+int(size), len(want)/500))
		_, all := recorded(t, NewReader(bytes.NewReader(packed)), 1<<20)
		cmptest.Same(t, "the list of places", placesOn(all), placesOn(some))
	})
}
