package merge

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/ranks"
)

// Perfetto shows all members on the clock of the one whose name comes first, and drops what is before
// the zero of that: no rank has such events.
func TestNothingIsBeforeTheClockOfAnArchive(t *testing.T) {
	const day = 86_400_000_000_000
	for _, x := range []struct {
		name  string
		bases []int64
		first string
	}{
		{"all behind it", []int64{ranks.Start - 2*day, ranks.Start - 3*day}, "rank-0.json"},
		{"one before it", []int64{ranks.Start + day, ranks.Start - day}, "0-rank-1.json"},
		{"the first of all", []int64{ranks.Start - day, ranks.Start + day}, "rank-0.json"},
	} {
		run := ranks.Config{Ranks: 2, PerHost: 1, Steps: 2, Layers: 2, Args: ranks.Seq, Bases: x.bases}
		inputs, sources := inputsOf(&run)
		p, err := Learn(context.Background(), inputs, options(t, false))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if _, err := p.WriteArchive(context.Background(), NewTar(&out)); err != nil {
			t.Fatal(err)
		}
		members := read(t, "tar", out.Bytes())
		var m manifest
		if err := json.Unmarshal(members[manifestName], &m); err != nil {
			t.Fatal(err)
		}
		first, offsets := m.Manifest.Files[0].Path, map[string]int64{}
		for i, f := range m.Manifest.Files {
			first = min(first, f.Path)
			if f.Clocks != nil {
				offsets[f.Path] = f.Clocks.Offset
			}
			if !bytes.Equal(members[f.Path], sources[i]) {
				t.Errorf("%s: %s is another", x.name, f.Path)
			}
		}
		cmptest.Same(t, x.name, x.first, first)
		for i, f := range m.Manifest.Files {
			begins := ranks.Start - run.Base(i) // as the trace has it
			if shown := begins + offsets[f.Path] - offsets[first]; shown < 0 && begins >= 0 {
				t.Errorf("%s: %s is %d ns before the clock of %s", x.name, f.Path, -shown, first)
			}
		}
	}
}
