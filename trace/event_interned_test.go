package trace

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"tracekit/internal/testkit/recorded"
	"tracekit/internal/testkit/reference"
)

// TestInternedEventsAreEqual: what has the same number has the same phase, category, pid
// and tid, in one reading and in those after it.
func TestInternedEventsAreEqual(t *testing.T) {
	files, err := filepath.Glob("../testdata/*.json.gz")
	if err != nil || len(files) == 0 {
		t.Fatalf("no real traces: %v", err)
	}
	texts := map[string][]byte{}
	for _, name := range files {
		texts[name] = recorded.Text(t, name)
	}
	for seed := range uint64(100) {
		texts[fmt.Sprint("seed ", seed)] = reference.Random(rand.New(rand.NewPCG(seed, 4)), 200)
	}
	marked := 0
	for name, text := range texts {
		s, err := NewSource(bytes.NewReader(text), int64(len(text)), SourceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		seen := map[uint32]string{}
		look := func(p *Part) error {
			for i := range p.Events {
				e := &p.Events[i]
				is := fmt.Sprintf("%c %q %s %s", e.Phase, e.Cat(), e.Pid(), e.Tid())
				if e.Interned == 0 {
					continue
				}
				if was, ok := seen[e.Interned]; ok && was != is {
					t.Errorf("%s: %s has the number of %s", name, is, was)
				}
				seen[e.Interned] = is
				marked++
			}
			return nil
		}
		survey, err := s.SurveyParts(look)
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.ReadBlocks(survey.Blocks)
		if err != nil {
			t.Fatal(err)
		}
		if err := EachPart(t.Context(), r, look); err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
	if marked < 10_000 {
		t.Errorf("%d events have a number", marked)
	}
}
