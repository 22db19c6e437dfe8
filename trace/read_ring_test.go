package trace

import (
	"strings"
	"testing"
)

// One reading of a Source goes on with the blocks of the one before, which view
// nothing any more.
func TestReadingsShareTheirBlocks(t *testing.T) {
	text := `{"traceEvents":[` + strings.Repeat(`{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":1},`, 100_000) + `{}]}`
	s, err := NewSource(strings.NewReader(text), int64(len(text)), SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	v, err := s.Survey(nil)
	if err != nil {
		t.Fatal(err)
	}
	mine := map[*byte]bool{}
	for _, b := range s.ring.blocks {
		mine[&b.buf[0]] = true
	}
	if n := len(mine); n == 0 || n > ringSize {
		t.Fatalf("%d blocks are left behind", n)
	}
	for range 3 {
		r, err := s.ReadBlocks(v.Blocks)
		if err != nil {
			t.Fatal(err)
		}
		events := 0
		if err := EachPart(t.Context(), r, func(p *Part) error { events += len(p.Events); return nil }); err != nil || events != 100_001 {
			t.Fatalf("%d events, error %v", events, err)
		}
		r.Close()
		if len(s.ring.blocks) > ringSize {
			t.Errorf("%d blocks", len(s.ring.blocks))
		}
		shared := 0
		for _, b := range s.ring.blocks {
			if mine[&b.buf[0]] {
				shared++
			}
			for i := range b.batch.events {
				if b.batch.events[i].text != nil {
					t.Fatal("an event in a block that waits has text")
				}
			}
		}
		if shared < len(mine) {
			t.Errorf("%d of %d blocks are the same", shared, len(mine))
		}
	}
}
