package trace

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tracekit/internal/gzip/gzwrite"
)

// uneven is a trace with all that may stand between events and in their place.
func uneven(rng *rand.Rand, events int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"traceEvents":[`)
	between := []string{",", ",", ",", ",\n  ", ",\n  ", " , ", "\n,", ", ,", " ", ",,", "," + strings.Repeat(" ", maxLead), "," + strings.Repeat(" ", maxLead+1)}
	usual := between[rng.IntN(5)]
	for n := range events {
		switch {
		case n == 0:
		case rng.IntN(300) == 0:
			b.WriteString(between[rng.IntN(len(between))])
		default:
			b.WriteString(usual)
		}
		switch rng.IntN(200) {
		case 0:
			fmt.Fprintf(&b, `{"ph":"X","name":"%s","pid":1,"tid":1,"ts":%d,"dur":1}`, strings.Repeat("long ", rng.IntN(8000)), n)
		case 1:
			fmt.Fprintf(&b, `{"ph":"X","name":"sanitized","x":NaN,"pid":1,"tid":1,"ts":%d,"dur":1}`, n)
		case 2:
			b.WriteString(`{}`)
		case 3:
			b.WriteString(`{"ph":"X","name":broken}`)
		case 4, 5, 6, 7, 8, 9:
			fmt.Fprintf(&b, `{"ph":"%c","name":"flow","pid":1,"tid":1,"ts":%d,"id":%d}`, "sf"[n%2], n, n/2)
		default:
			fmt.Fprintf(&b, `{"ph":"X","name":"op %d","pid":1,"tid":1,"ts":%d,"dur":1,"args":{"of":[{"name":"},{"}]}}`, n%70, n)
		}
	}
	b.WriteString("\n ],\"more\":1}")
	return b.Bytes()
}

// What is known to stay is written as if it was looked at once more: the same text, packed
// the same way, and what is made after it stands as it does.
func TestVerbatimRunsWriteWhatAReadingWould(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 8))
	rounds := 24
	if testing.Short() {
		rounds = 8
	}
	for round := range rounds {
		text := uneven(rng, []int{50, 3000, 15_000, 60_000}[round%4])
		packed := gzipped(text)
		s, err := NewSource(bytes.NewReader(packed), int64(len(packed)), SourceOptions{Record: true})
		if err != nil {
			t.Fatal(err)
		}
		v, err := s.Survey(nil)
		if err != nil {
			t.Fatal(err)
		}
		odds := []int{1, 2, 20, 1000}[rng.IntN(4)] // that an event may go
		keep := func(flow int) bool { return odds == 1000 || flow%odds > 0 }
		keeps := func(e *Event) bool { return odds == 1000 || int(e.TS/1000)*7919%odds > 0 }
		certain := func(e *Event) bool { return keeps(e) && len(e.Raw())%11 > 0 }
		var known VerbatimRuns
		write := func(known VerbatimRuns) (out string, events int64, verbatim int) {
			r, err := s.ReadAgain(v.Blocks, slices.Clone(known))
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			flow := 0
			var b bytes.Buffer
			z := gzwrite.NewWriter(&b, gzwrite.Options{})
			w := NewPackedWriter(z)
			if err := EachPart(context.Background(), r, func(p *Part) error {
				if p.Text != nil {
					return w.Text(p.Text)
				}
				w.Follow(p)
				if p.Verbatim != nil {
					verbatim += p.Count
					flow += p.Flows
					return w.WriteVerbatim(p)
				}
				for i := range p.Events {
					e := &p.Events[i]
					if e.IsFlow() {
						flow++
					}
					switch {
					case e.IsFlow() && keep(flow-1) || !e.IsFlow() && keeps(e):
						w.Event(e)
					case !e.IsFlow():
						w.Object([]byte(`{"made":2}`)) // with the white space of what is before
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
			return b.String() + r.Damage.String(), w.Events, verbatim
		}
		r, err := s.ReadBlocks(v.Blocks)
		if err != nil {
			t.Fatal(err)
		}
		sure, flows := 0, 0
		if err := EachPart(context.Background(), r, func(p *Part) error {
			for i := range p.Events {
				switch e := &p.Events[i]; {
				case e.IsFlow():
					known.add(e, flows)
					flows++
				case certain(e):
					known.add(e, -1)
					sure++
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		r.Close()
		want, events, none := write(nil)
		got, same, verbatim := write(known.decide(keep))
		if got != want || events != same || none > 0 {
			t.Fatalf("round %d: %d bytes and %d events, of which %d verbatim; %d and %d if all are looked at", round, len(got), same, verbatim, len(want), events)
		}
		// What begins behind more than a comma is looked at once more, and what goes on
		// together with a flow that is dropped.
		if sure > 100 && odds != 2 && verbatim < sure/2 {
			t.Errorf("round %d: of %d events that are kept for certain %d were taken as they are", round, sure, verbatim)
		}
		s.Close()
	}
}

func TestVerbatimRunsAreSmall(t *testing.T) {
	var known VerbatimRuns
	e := Event{text: make([]byte, 100)}
	for n := range int64(3 * maxVerbatimRuns) { // each by itself
		e.at = 1 + 200*n
		known.add(&e, -1)
	}
	if len(known) != maxVerbatimRuns {
		t.Errorf("%d runs", len(known))
	}
	known = nil
	for n := range 1000 { // all in a row, a third of them flows
		e.at = 1 + 101*int64(n)
		flow := -1
		if n%3 == 0 {
			flow = 7 + n/3
		}
		known.add(&e, flow)
	}
	all := len(known)
	known = known.decide(func(flow int) bool { return flow != 7+150 })
	events, flows := 0, 0
	for _, s := range known {
		if s.size > maxVerbatimRun {
			t.Errorf("one of %d bytes", s.size)
		}
		if s.from/101 <= 450 && s.end()/101 > 450 {
			t.Errorf("one has a flow that is dropped: %+v", s)
		}
		events += int(s.events)
		flows += int(s.flows)
	}
	if all > 10 || len(known) != all-1 || events < 800 || flows < events/3-all || flows > events/3+all {
		t.Errorf("%d runs, then %d of %d events, %d of them flows", all, len(known), events, flows)
	}
	e.text, e.at = make([]byte, maxVerbatimRun), 1
	known = nil
	if known.add(&e, -1); len(known) > 0 {
		t.Error("a large event is in a run")
	}
}
