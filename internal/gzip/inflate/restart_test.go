package inflate

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tracekit/internal/gzip/verbatim"
)

// A Reader that is restarted, here and there, gives what a new one gives, and what it
// recorded before stays as it was for those who have the ranges.
func TestRestart(t *testing.T) {
	for name, packed := range someStreams() {
		rng := rand.New(rand.NewPCG(9, uint64(len(name)))) // the order of names is another each time
		want, err := decodeAll(packed)
		if err != nil {
			t.Fatal(err)
		}
		points := collect(t, packed, want, 90<<10, Window)
		for _, record := range []bool{false, true} {
			var z Reader
			if record {
				z.Record()
			}
			var had []had
			ranges := 0
			for range 60 {
				cp := points[rng.IntN(len(points))]
				if err := z.Restart(bytes.NewReader(packed), int64(len(packed)), cp); err != nil {
					t.Fatal(err)
				}
				n := min(1+rng.IntN(300<<10), len(want)-int(cp.Out))
				block := make([]byte, Window+n)
				if _, err := z.Fill(block, Window); err != nil {
					t.Fatalf("%s: from %d: %v", name, cp.Out, err)
				}
				if !bytes.Equal(block[Window:], want[cp.Out:int(cp.Out)+n]) {
					t.Fatalf("%s: from %d: other text", name, cp.Out)
				}
				ranges += len(z.Ranges())
				for _, one := range z.Ranges() {
					if !bytes.Equal(one.Bits, packed[one.Base:][:len(one.Bits)]) {
						t.Fatalf("%s: the one at %d is not the file", name, one.Base)
					}
				}
				if had = append(had, z.Ranges()); len(had) > 5 { // the oldest but one of some go
					drop := rng.IntN(len(had))
					verbatim.Drop(had[drop])
					had = slices.Delete(had, drop, drop+1)
				}
				for _, ranges := range had {
					for _, one := range ranges {
						if !bytes.Equal(one.Bits, packed[one.Base:][:len(one.Bits)]) {
							t.Fatalf("%s: the one at %d has changed", name, one.Base)
						}
					}
				}
			}
			if record != (ranges > 30) && !strings.HasSuffix(name, "0") {
				t.Errorf("%s: %d ranges", name, ranges)
			}
		}
	}
}

// had is what was recorded by one Fill.
type had = []*verbatim.Range

// What went wrong is no matter to what comes after.
func TestRestartAfterAnError(t *testing.T) {
	want := trace(200 << 10)
	packed := pack("std6", want, 3)
	broken := packed[:len(packed)/2]
	z := NewReader(bytes.NewReader(broken))
	if got, err := decode(z, Window, 50_000); err == nil {
		t.Fatalf("%d bytes of half a file, and no error", len(got))
	}
	if err := z.Restart(bytes.NewReader(packed), 10, Checkpoint{In: 11}); err == nil {
		t.Fatal("it begins behind the end")
	}
	if err := z.Restart(bytes.NewReader(packed), int64(len(packed)), Checkpoint{}); err != nil {
		t.Fatal(err)
	}
	if got, err := decode(z, Window, 50_000); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d bytes, error %v", len(got), err)
	}
}
