package trace

import (
	"fmt"
	"strings"
	"testing"
)

// A store gives up flow events before all, and then all.
func TestStoreInLittleRoom(t *testing.T) {
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
		for r := s.Read(); ; {
			b, err := r.Next()
			if err != nil {
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

// A store gives up early if it can be told that it won't hold all.
func TestStoreThatExpectsMore(t *testing.T) {
	e := Event{text: make([]byte, 10_000)}
	for _, c := range []struct {
		room  int
		all   int64
		holds bool
	}{
		{10 << 20, 0, true}, // not known
		{10 << 20, 7 << 20, true},
		{10 << 20, 100 << 20, false},
		{60 << 20, 100 << 20, false},
		{85 << 20, 100 << 20, true},
		{10 << 20, 12 << 20, true}, // it may yet fit
	} {
		s := NewStore(c.room)
		for n := range int64(700) {
			s.Event(&e)
			s.Expect((n+1)*10_000, c.all)
		}
		if s.Full() == c.holds {
			t.Errorf("%+v: full: %v", c, s.Full())
		}
	}
}
