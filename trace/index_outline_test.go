package trace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// threads is a trace whose events stand thread by thread, of which some have calls
// around them that last as long as the trace.
func threads(rng *rand.Rand, size int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"traceEvents":[`)
	for tid := 0; b.Len() < size; tid++ {
		for n := range rng.IntN(4) {
			fmt.Fprintf(&b, "\n {\"ph\":\"X\",\"name\":\"outer %d\",\"pid\":1,\"tid\":%d,\"ts\":%d,\"dur\":%d},", n, tid, n, 1_000_000-2*n)
		}
		few := 20_000 + rng.IntN(30_000)
		for n := range few {
			fmt.Fprintf(&b, "\n {\"ph\":\"%c\",\"name\":\"op\",\"pid\":1,\"tid\":%d,\"ts\":%d,\"dur\":5,\"id\":1},", "XXXXis"[rng.IntN(6)], tid, 10+n*(999_900/few))
		}
	}
	b.WriteString("\n {}]}")
	return b.Bytes()
}

// An outline misses no event of its block, and is nearer to what there is than the
// block's bounds.
func TestOutlines(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 1))
	text := threads(rng, 12<<20)
	s, _ := openSample(t, text)
	byBlock := [][]Event{}
	v, err := s.SurveyParts(func(p *Part) error {
		var all []Event
		for i := range p.Events {
			all = append(all, p.Events[i].Clone())
		}
		byBlock = append(byBlock, all)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	bound, drawn, meant := 0, 0, 0 // how many blocks ranges meet
	for range 300 {
		from := Time(rng.IntN(990_000) * 1000)
		to := from + Time(rng.IntN(20_000)*1000)
		for i := range v.Blocks {
			b := &v.Blocks[i]
			others, any := false, false
			for k := range byBlock[i] {
				e := &byBlock[i][k]
				if !e.hasPlace() || e.TS >= to || e.End() < from {
					continue
				}
				any = true
				others = others || !isAside(b, e)
			}
			if any && !b.Overlaps(from, to) || others && !b.OthersOverlap(from, to) || b.OthersOverlap(from, to) && !b.Overlaps(from, to) {
				t.Fatalf("block %d has something in %d to %d (%v, without those aside %v), but says %v, %v", i, from, to, any, others, b.Overlaps(from, to), b.OthersOverlap(from, to))
			}
			if b.Text == nil {
				bound += truthInt(b.Start < to && b.Max >= from)
				drawn += truthInt(b.OthersOverlap(from, to))
				meant += truthInt(others)
			}
		}
	}
	if drawn < meant || 2*(drawn-meant) > bound-meant {
		t.Errorf("ranges meet %d blocks by their bounds, %d by their outlines, %d in truth", bound, drawn, meant)
	}
}

func isAside(b *Block, e *Event) bool {
	for a := range b.Aside() {
		if string(a.Raw()) == string(e.Raw()) {
			return true
		}
	}
	return false
}

func truthInt(b bool) int { return int(truth(b)) }

// What lies aside is an index's as it was the trace's.
func TestOutlinesAreKept(t *testing.T) {
	text := threads(rand.New(rand.NewPCG(6, 2)), 12<<20)
	s, id := openSample(t, gzipped(text))
	x, err := s.Index(context.Background(), id, nil)
	if err != nil {
		t.Fatal(err)
	}
	y, err := ParseIndex(x.Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	asides := 0
	for i := range x.Survey.Blocks {
		var a, b []string
		for e := range x.Survey.Blocks[i].Aside() {
			a = append(a, fmt.Sprintf("%s%s %d %d %s", e.Lead(), e.Raw(), e.TS, e.Dur, e.Name()))
		}
		for e := range y.Survey.Blocks[i].Aside() {
			b = append(b, fmt.Sprintf("%s%s %d %d %s", e.Lead(), e.Raw(), e.TS, e.Dur, e.Name()))
		}
		asides += len(a)
		if strings.Join(a, "|") != strings.Join(b, "|") {
			t.Errorf("block %d: aside are %q, and from the index %q", i, a, b)
		}
	}
	if asides < 5 {
		t.Errorf("%d events lie aside", asides)
	}
}

// Outlines take little memory, however much lies aside.
func TestOutlinesAreSmall(t *testing.T) {
	event := func(name string, dur Time) Event {
		var e Event
		text := fmt.Appendf(nil, `{"ph":"X","name":"%s","pid":1,"tid":1,"ts":1,"dur":%d}`, name, dur)
		if _, st := scanEvent(text, 0, 0, maxNesting, &e); st != scanned {
			t.Fatal(st)
		}
		return e
	}
	few := []Event{event("brief", 1), event("long"+strings.Repeat(" ", mostAside/2), 1000), event("brief", 1)}
	b := Block{Max: 1000_000}
	if o := new(outline); o.draw(&b, append(few, few[1])) {
		t.Errorf("%d bytes of a block lie aside", len(o.aside))
	}
	var v Survey
	drawn, size := 0, 0
	for range 3 * mostAsideAll / mostAside {
		b.outline = nil
		v.draw(&b, few)
		for e := range b.Aside() {
			drawn++
			size += e.Size()
		}
	}
	if drawn < mostAsideAll/mostAside || size > mostAsideAll {
		t.Errorf("%d bytes of %d blocks lie aside", size, drawn)
	}
}

// An outline is drawn where it tells something.
func TestWhichOutlinesAreDrawn(t *testing.T) {
	events := func(starts ...Time) (all []Event) {
		for _, ts := range starts {
			all = append(all, Event{Phase: 'i', Has: HasTS, TS: ts})
		}
		return all
	}
	b := &Block{Max: 1000}
	o := new(outline)
	if !o.draw(b, events(0, 3, 1, 990, 1000)) || len(o.spans) != 2 {
		t.Errorf("of two stretches: %+v", o)
	}
	even := make([]Time, 1000)
	for i := range even {
		even[i] = Time(i)
	}
	if o.draw(b, events(even...)) {
		t.Errorf("of one: %+v", o)
	}
	var apart []Time
	for n := range Time(20) {
		apart = append(apart, 50*n)
	}
	if o.draw(b, events(apart...)); len(o.spans) > mostSpans {
		t.Errorf("of many: %+v", o)
	}
	if o.draw(b, nil) {
		t.Errorf("of nothing: %+v", o)
	}
	some := &outline{spans: []stretch{{1, 2}}}
	v := Survey{Blocks: []Block{{Max: 50, outline: some}, {Max: 100, outline: some}}}
	v.times.Add(1, 999)
	v.finish()
	if v.Blocks[0].outline != nil || v.Blocks[1].outline == nil {
		t.Errorf("of blocks that span little and much: %+v", v.Blocks)
	}
}

func TestUnsoundOutlines(t *testing.T) {
	ok := `{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":90}`
	for _, c := range []struct {
		spans []stretch
		aside string
		sound bool
	}{
		{[]stretch{{1, 2}}, "", true},
		{[]stretch{{1, 1}, {0, 5}}, "\n " + ok + ok, true},
		{[]stretch{{2, 1}}, "", false},
		{[]stretch{{1, 2}}, ok + ",", false},
		{[]stretch{{1, 2}}, ok[:20], false},
		{[]stretch{{1, 2}}, "  ", false},
		{[]stretch{{1, 2}}, `{"ph":"B","pid":1,"ts":1}`, false},
		{[]stretch{{1, 2}}, `{"ph":"X","pid":1,"ts":1,"dur":NaN}`, false},
	} {
		x := Index{Survey: Survey{Extent: Extent{Last: 9}, Bytes: 9, Blocks: []Block{{End: 9, Max: 9, outline: &outline{c.spans, []byte(c.aside)}}}}, sums: sumsOf(make([]byte, 9))}
		if _, err := ParseIndex(x.Append(nil)); (err == nil) != c.sound || err != nil && !errors.Is(err, ErrIndex) {
			t.Errorf("%v, %q: error %v", c.spans, c.aside, err)
		}
	}
}
