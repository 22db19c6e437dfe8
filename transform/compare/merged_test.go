package compare

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"tracekit/trace"
	"tracekit/transform/downsample"
)

// A trace without its short slices is named, whoever left them out.
func TestMissingShortSlicesAreNamed(t *testing.T) {
	text, _, _ := made{seed: 1, steps: 20}.write()
	const head = `{"traceEvents":[`
	kept := []string{head}
	for _, line := range strings.SplitAfter(strings.TrimPrefix(string(text), head), ",\n") {
		if !strings.Contains(line, `"cat":"cpu_op"`) && !strings.Contains(line, `"cat":"cuda_runtime"`) {
			kept = append(kept, line)
		}
	}
	for _, f := range []struct {
		before, after string
		want          int
	}{
		{string(text), strings.Join(kept, ""), 1}, {strings.Join(kept, ""), string(text), 1}, {string(text), string(text), 0}, {string(text), "[]", 0},
	} {
		r := pair(t, []byte(f.before), []byte(f.after))
		got := slices.DeleteFunc(r.Notes, func(n string) bool { return !strings.HasPrefix(n, "short slices are missing: those of ") })
		if len(got) != f.want {
			t.Errorf("notes %q, want %d", got, f.want)
		}
	}
}

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
	if want := "downsampled differently: every slice before, merged slices after"; !slices.Contains(r.Notes, want) {
		t.Errorf("notes %q, want %q among them", r.Notes, want)
	}
	if notes := pair(t, thinned.Bytes(), thinned.Bytes()).Notes; len(notes) == 0 || !strings.HasPrefix(notes[0], "downsampled, before and after: ") {
		t.Errorf("notes of a pair of downsampled traces: %q", notes)
	}
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
