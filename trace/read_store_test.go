package trace

import (
	"fmt"
	"strings"
	"testing"
)

// A store gives up flow events before all, and then all.
func TestStoreOfFewBytes(t *testing.T) {
	var text strings.Builder
	for i := range 50 {
		fmt.Fprintf(&text, `{"ph":"X","name":"slice","pid":1,"tid":1,"ts":%d,"dur":1},`, i)
		fmt.Fprintf(&text, `{"ph":"s","name":"flow","pid":1,"tid":1,"ts":%d,"id":1},`, i)
	}
	data := `{"traceEvents":[` + strings.TrimSuffix(text.String(), ",") + `]}`
	for _, c := range []struct {
		room, slices, flows int
		spares              bool
	}{
		{1 << 20, 50, 50, true},
		{50 * 200, 50, 0, true},
		{50 * 100, 0, 0, true},
		{1 << 20, 50, 50, false},
		{50 * 200, 0, 0, false},
	} {
		s := NewStore(c.room)
		if c.spares {
			s.GiveUpFlows()
		}
		src, err := NewSource(strings.NewReader(data), int64(len(data)), SourceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := src.SurveyParts(func(p *Part) error {
			if p.Text != nil {
				s.Text(p.Text)
			}
			for i := range p.Events {
				s.Event(&p.Events[i])
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		src.Close()
		slices, flows, at := 0, 0, Time(-1)
		r, err := s.Read(nil)
		for err == nil {
			b, end := r.Next()
			if end != nil {
				break
			}
			for _, p := range b.Parts {
				for i := range p.Events {
					if p.Events[i].TS < at {
						t.Fatalf("%+v: out of order", c)
					}
					at = p.Events[i].TS
					if p.Events[i].IsFlow() {
						flows++
					} else {
						slices++
					}
				}
			}
		}
		if slices != c.slices || flows != c.flows || s.Full() != (slices == 0) || s.Thin() != (c.spares && flows == 0) {
			t.Errorf("%+v: %d slices and %d flow events are held; full %v, thin %v", c, slices, flows, s.Full(), s.Thin())
		}
	}
}

// A store gives up what it won't hold, early if it can be told that, and what is kept for
// the most part if that is more than a sixteenth of its room.
func TestStoreThatForesees(t *testing.T) {
	e := Event{text: make([]byte, 10_000)}
	for _, c := range []struct {
		room  int
		all   int64 // bytes of text
		each  int64 // bytes of text for each event that may be kept
		holds bool
	}{
		{10 << 20, 600_000, 10_000, true},
		{10 << 20, 1 << 20, 10_000, false},
		{10 << 20, 7 << 20, 10_000, false},
		{40 << 20, 2 << 20, 10_000, true},
		{40 << 20, 3 << 20, 10_000, false},
		{10 << 20, 7 << 20, 30_000, true},
		{10 << 20, 20 << 20, 30_000, true},
		{10 << 20, 40 << 20, 30_000, false},
		{10 << 20, 400 << 20, 30_000, false},
		{40 << 20, 100 << 20, 30_000, true},
	} {
		s := NewStore(c.room)
		const from = 1 << 30
		s.Foresee([]Block{{Off: from, End: from + c.all}})
		for off := int64(0); off < c.all; off += 10 * c.each {
			s.Follow(&Part{Off: from + off})
			for n := off; n < min(off+10*c.each, c.all); n += c.each {
				s.Event(&e)
			}
		}
		if r := s.runs[s.at]; r.lost == c.holds || r.lost != (s.size == 0) || s.Full() {
			t.Errorf("%+v: lost %v, %d bytes are held, full %v", c, r.lost, s.size, s.Full())
		}
	}
}

// What one run takes another has not, and with what a run is given up goes how it was
// packed.
func TestStoreSharesItsRoom(t *testing.T) {
	e := Event{text: make([]byte, 10_000)}
	for _, first := range []int{0, 500, 900} {
		s := NewStore(10 << 20)
		s.Foresee([]Block{{Off: 0, End: 40 << 20}, {Off: 50 << 20, End: 65 << 20}})
		s.Follow(&Part{Off: 0})
		for range first {
			s.Event(&e)
		}
		s.Follow(&Part{Off: 50 << 20, from: &Reader{compressed: []compressedText{{from: 50 << 20, to: 51 << 20}}}})
		if len(s.compressed) != 1 {
			t.Fatalf("%d ranges", len(s.compressed))
		}
		for off := int64(0); off < 4<<20; off += 30_000 {
			s.Event(&e)
			s.Follow(&Part{Off: 50<<20 + off})
		}
		if lost := s.runs[2].lost; lost != (first == 900) || lost != (len(s.compressed) == 0) || s.runs[1].lost {
			t.Errorf("after %d events: lost %v, %d ranges", first, lost, len(s.compressed))
		}
	}
}

// What is held and what is read again come together in the order of the trace, text
// of the document where it was.
func TestStoreGivesAllInOrder(t *testing.T) {
	var text strings.Builder
	for n := range 200_000 {
		fmt.Fprintf(&text, `{"ph":"X","name":"slice number %d","pid":1,"tid":1,"ts":%d,"dur":1},`, n, n)
	}
	data := `{"traceEvents":[` + strings.TrimSuffix(text.String(), ",") + `],"more":1}`
	src, err := NewSource(strings.NewReader(data), int64(len(data)), SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	v, err := src.Survey(nil)
	if err != nil || len(v.Blocks) < 8 {
		t.Fatalf("%d blocks, error %v", len(v.Blocks), err)
	}
	// There are gaps. Of some stretches all stays, of others little.
	var chosen []Block
	for i, b := range v.Blocks {
		if b.Text != nil || i%9 > 1 {
			chosen = append(chosen, b)
		}
	}
	keeps := func(ts Time) bool { return ts/1000/50_000%2 == 1 || ts/1000%100 == 0 }
	for _, room := range []int{0, 1 << 20, 4 << 20, 256 << 20} {
		s := NewStore(room)
		s.Foresee(chosen)
		r, err := src.ReadBlocks(chosen)
		if err != nil {
			t.Fatal(err)
		}
		want := gather(t, r, func(p *Part) { s.Follow(p); s.Text(p.Text) }, func(e *Event) bool {
			if keeps(e.TS) {
				s.Event(e)
			}
			return keeps(e.TS)
		})
		lost, held := 0, 0
		for _, r := range s.runs {
			if r.lost {
				lost++
			} else if r.size > 0 {
				held++
			}
		}
		if mixed := room == 1<<20 || room == 4<<20; (lost > 0) != (room < 64<<20) || (held > 0) != (room > 0) || mixed != (lost > 0 && held > 0) {
			t.Errorf("room for %d: %d runs are held, %d are not", room, held, lost)
		}
		for range 2 {
			again, err := s.Read(src.ReadBlocks)
			if err != nil {
				t.Fatal(err)
			}
			got := gather(t, again, func(*Part) {}, func(e *Event) bool { return keeps(e.TS) })
			if got != want {
				t.Errorf("room for %d: %d bytes instead of %d", room, len(got), len(want))
			}
		}
	}
}

// gather writes the text of a stream, and of its events those that are kept.
func gather(t *testing.T, r Stream, part func(p *Part), keeps func(e *Event) bool) string {
	t.Helper()
	defer r.Close()
	var all strings.Builder
	if err := EachPart(t.Context(), r, func(p *Part) error {
		part(p)
		all.Write(p.Text)
		for i := range p.Events {
			if e := &p.Events[i]; keeps(e) {
				all.Write(e.Raw())
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all.String()
}
