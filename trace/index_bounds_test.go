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

// A block's time bounds miss no event of its block, and is nearer to what there is than the
// block's bounds.
func TestTimeBounds(t *testing.T) {
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
				others = others || !isOutlier(b, e)
			}
			if any && !b.Overlaps(from, to) || others && !b.OthersOverlap(from, to) || b.OthersOverlap(from, to) && !b.Overlaps(from, to) {
				t.Fatalf("block %d has something in %d to %d (%v, without outliers %v), but says %v, %v", i, from, to, any, others, b.Overlaps(from, to), b.OthersOverlap(from, to))
			}
			if b.Text == nil {
				bound += truthInt(b.Start < to && b.Max >= from)
				drawn += truthInt(b.OthersOverlap(from, to))
				meant += truthInt(others)
			}
		}
	}
	if drawn < meant || 2*(drawn-meant) > bound-meant {
		t.Errorf("ranges meet %d blocks by their bounds, %d by their time bounds, %d in truth", bound, drawn, meant)
	}
}

func isOutlier(b *Block, e *Event) bool {
	for a := range b.Outliers() {
		if string(a.Raw()) == string(e.Raw()) {
			return true
		}
	}
	return false
}

func truthInt(b bool) int { return int(truth(b)) }

// Outliers are in an index as they were in the trace.
func TestTimeBoundsAreKept(t *testing.T) {
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
	outliers := 0
	for i := range x.Survey.Blocks {
		var a, b []string
		for e := range x.Survey.Blocks[i].Outliers() {
			a = append(a, fmt.Sprintf("%s%s %d %d %s", e.Lead(), e.Raw(), e.TS, e.Dur, e.Name()))
		}
		for e := range y.Survey.Blocks[i].Outliers() {
			b = append(b, fmt.Sprintf("%s%s %d %d %s", e.Lead(), e.Raw(), e.TS, e.Dur, e.Name()))
		}
		outliers += len(a)
		if strings.Join(a, "|") != strings.Join(b, "|") {
			t.Errorf("block %d: outliers are %q, and from the index %q", i, a, b)
		}
	}
	if outliers < 5 {
		t.Errorf("%d events are outliers", outliers)
	}
}

// Time bounds take little memory, however many outliers there are.
func TestTimeBoundsAreSmall(t *testing.T) {
	event := func(name string, dur Time) Event {
		var e Event
		text := fmt.Appendf(nil, `{"ph":"X","name":"%s","pid":1,"tid":1,"ts":1,"dur":%d}`, name, dur)
		if _, st := scanEvent(text, 0, 0, maxNesting, &e); st != scanned {
			t.Fatal(st)
		}
		return e
	}
	few := []Event{event("brief", 1), event("long"+strings.Repeat(" ", maxOutliers/2), 1000), event("brief", 1)}
	b := Block{Max: 1000_000}
	if o := new(timeBounds); o.set(&b, append(few, few[1])) {
		t.Errorf("%d bytes of a block are outliers", len(o.outliers))
	}
	var v Survey
	drawn, size := 0, 0
	for range 3 * maxAllOutliers / maxOutliers {
		b.timeBounds = nil
		v.bound(&b, few)
		for e := range b.Outliers() {
			drawn++
			size += e.Size()
		}
	}
	if drawn < maxAllOutliers/maxOutliers || size > maxAllOutliers {
		t.Errorf("%d bytes of %d blocks are outliers", size, drawn)
	}
}

// A block has time bounds where they say more than Start and Max.
func TestWhichBlocksHaveTimeBounds(t *testing.T) {
	events := func(starts ...Time) (all []Event) {
		for _, ts := range starts {
			all = append(all, Event{Phase: 'i', Has: HasTS, TS: ts})
		}
		return all
	}
	b := &Block{Max: 1000}
	o := new(timeBounds)
	if !o.set(b, events(0, 3, 1, 990, 1000)) || len(o.spans) != 2 {
		t.Errorf("of two stretches: %+v", o)
	}
	even := make([]Time, 1000)
	for i := range even {
		even[i] = Time(i)
	}
	if o.set(b, events(even...)) {
		t.Errorf("of one: %+v", o)
	}
	var apart []Time
	for n := range Time(20) {
		apart = append(apart, 50*n)
	}
	if o.set(b, events(apart...)); len(o.spans) > maxSpans {
		t.Errorf("of many: %+v", o)
	}
	if o.set(b, nil) {
		t.Errorf("of nothing: %+v", o)
	}
	some := &timeBounds{spans: []stretch{{1, 2}}}
	v := Survey{Blocks: []Block{{Max: 50, timeBounds: some}, {Max: 100, timeBounds: some}}}
	v.times.Add(1, 999)
	v.finish()
	if v.Blocks[0].timeBounds != nil || v.Blocks[1].timeBounds == nil {
		t.Errorf("of blocks that span little and much: %+v", v.Blocks)
	}
}

func TestUnsoundTimeBounds(t *testing.T) {
	ok := `{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":90}`
	for _, c := range []struct {
		spans    []stretch
		outliers string
		sound    bool
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
		x := Index{Survey: Survey{Extent: Extent{Last: 9}, Bytes: 9, Blocks: []Block{{End: 9, Max: 9, timeBounds: &timeBounds{c.spans, []byte(c.outliers)}}}}, sums: sumsOf(make([]byte, 9))}
		if _, err := ParseIndex(x.Append(nil)); (err == nil) != c.sound || err != nil && !errors.Is(err, ErrIndex) {
			t.Errorf("%v, %q: error %v", c.spans, c.outliers, err)
		}
	}
}
