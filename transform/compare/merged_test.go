package compare

import (
	"bytes"
	"math"
	"testing"

	"tracekit/trace"
	"tracekit/transform/downsample"
)

// Merged slices count as what they stand for: kernels as often and as long, and the time of the
// host's is not lost.
func TestMergedSlicesAreComparedAsWhatTheyStandFor(t *testing.T) {
	text, _, _ := made{seed: 1, steps: 60}.write()
	s, err := trace.NewSource(bytes.NewReader(text), int64(len(text)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var thinned bytes.Buffer
	resolution := trace.Time(300_000) // longer than most kernels and all operators
	rep, err := downsample.Run(t.Context(), s, trace.NewWriter(&thinned), downsample.Options{Resolution: &resolution})
	if err != nil || rep.EventsOut > rep.EventsIn*4/5 {
		t.Fatalf("%d of %d events are left: %v", rep.EventsOut, rep.EventsIn, err)
	}
	r := pair(t, text, thinned.Bytes())
	if len(r.Kernels) < 3 {
		t.Fatalf("%d kernels", len(r.Kernels))
	}
	for _, k := range r.Kernels {
		if k.EventsAfter != k.EventsBefore || math.Abs(k.Change.Change) > 1e-6*k.Before {
			t.Errorf("%s: %d of %v ns became %d of %v ns", k.Name, k.EventsBefore, k.Before, k.EventsAfter, k.After)
		}
	}
	// Operators that were merged together count as the one of which there is most.
	before, after := 0.0, 0.0
	for _, o := range r.Operators {
		before, after = before+o.Before, after+o.After
		if o.After > 0 && o.Name != "aten::mm" {
			t.Errorf("%s: %v ns", o.Name, o.After)
		}
	}
	if math.Abs(before-after) > 1e-6*before {
		t.Errorf("operators: %v ns became %v ns", before, after)
	}
}
