package trace

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"tracekit/internal/testkit/recorded"
	"tracekit/internal/testkit/reference"
)

// samples are stretches of events of recorded traces, and others.
func samples(t testing.TB) (all []string) {
	t.Helper()
	names, err := filepath.Glob("../testdata/*.json.gz")
	if err != nil || len(names) == 0 {
		t.Fatalf("no recorded traces: %v", err)
	}
	for _, name := range names {
		text := string(recorded.Text(t, name))
		_, text, _ = strings.Cut(text, `"traceEvents"`)
		_, text, _ = strings.Cut(text, "[")
		events := reference.ReadDamaged(text, false).Events
		for from := 0; from+30 < len(events) && from < 3000; from += 500 {
			all = append(all, strings.Join(events[from:from+30], ",\n  "))
		}
	}
	all = append(all, strings.Join(awkward, ", "))
	return append(all, `{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":7,"args":{"E-Inf"Ev Idx": 25}},`+"\n"+`{"ph":"X","name":"g","ts":10,"dur":80,"args":{"i":68}},
{"id2":{"local":1},"ph":"i","ts":1},{"of":[{"ph":"i"},{"ph":"X","args":{"a":[{"ph":"i"},{"b":"},{"}]}}],"ph":"i","ts":2}`)
}

// found is what a reading found.
type found struct {
	events []string
	damage Damage
}

// compare tells how two readings differ.
func (f *found) compare(o *found) string {
	for i := range max(len(f.events), len(o.events)) {
		if i >= len(f.events) || i >= len(o.events) || f.events[i] != o.events[i] {
			return fmt.Sprintf("%d and %d events, from event %d on\n%.300q\nand\n%.300q", len(f.events), len(o.events), i, f.events[min(i, len(f.events)):], o.events[min(i, len(o.events)):])
		}
	}
	if f.damage != o.damage {
		return fmt.Sprintf("damage %s\nand %s", f.damage.String(), o.damage.String())
	}
	return ""
}

// drain reads what r has, and how much of it in each block of events.
func drain(r *Reader) (f found, err error) {
	defer r.Close()
	for {
		b, err := r.Next()
		if err == io.EOF {
			f.damage = r.Damage
			return f, nil
		}
		if err != nil {
			return f, err
		}
		for i := range b.Parts {
			for k := range b.Parts[i].Events {
				f.events = append(f.events, string(b.Parts[i].Events[k].Raw()))
			}
		}
	}
}

// surveyed reads text once, and keeps the blocks.
func surveyed(text string, room *ring) (f found, s *Source, v *Survey, err error) {
	if s, err = NewSource(strings.NewReader(text), int64(len(text)), SourceOptions{}); err != nil {
		return f, nil, nil, err
	}
	s.ring.blocks = room.blocks
	v, err = s.Survey(func(e *Event) error {
		f.events = append(f.events, string(e.Raw()))
		return nil
	})
	if err == nil {
		f.damage = v.Damage
	}
	return f, s, v, err
}

// pieces is a text that comes in small blocks.
type pieces struct {
	text []byte
	size int
	off  int64
}

func (p *pieces) fill(b *block) {
	n := copy(b.buf[b.lo:b.lo+p.size], p.text[p.off:])
	b.off, b.hi = p.off, b.lo+n
	if p.off += int64(n); p.off == int64(len(p.text)) {
		b.err = io.EOF
	}
}

func (*pieces) Close() error { return nil }

// surveyInBlocks surveys a text that comes in small blocks.
func surveyInBlocks(text string, size int, room *ring) (f found, v *Survey, err error) {
	r := newReader(&pieces{text: []byte(text), size: size}, reading{}, &interner{}, room)
	defer r.Close()
	v = &Survey{Extent: Extent{Zero: MaxTime, Last: MinTime}}
	for {
		b, err := r.Next()
		if err == io.EOF {
			v.finish()
			v.Bytes, v.Damage, f.damage = r.Bytes, r.Damage, r.Damage
			return f, v, nil
		}
		if err != nil {
			return f, nil, err
		}
		for i := range b.Parts {
			v.add(&b.Parts[i])
			for k := range b.Parts[i].Events {
				f.events = append(f.events, string(b.Parts[i].Events[k].Raw()))
			}
		}
	}
}

// readTheSame fails unless text is read the same by all ways, in the blocks of room, and returns
// what is in it.
func readTheSame(t *testing.T, rng *rand.Rand, text string, room *ring) (want found, ok bool) {
	t.Helper()
	fail := func(how string, got *found, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v, of\n%s", how, err, text)
		}
		if d := want.compare(got); d != "" {
			t.Fatalf("%s: %s, of\n%s", how, d, text)
		}
	}
	want, s, v, err := surveyed(text, room)
	if err != nil {
		return want, false
	}
	defer func() { room.blocks = s.ring.blocks }()
	size := 1 + rng.IntN(1+rng.IntN(3000))
	got, small, err := surveyInBlocks(text, size, &s.ring)
	fail(fmt.Sprintf("in blocks of %d", size), &got, err)

	for _, v := range []*Survey{v, small} {
		r, err := s.ReadBlocks(v.Blocks)
		if err != nil {
			t.Fatal(err)
		}
		got, err := drain(r)
		got.damage = want.damage
		fail("a second time", &got, err)
	}
	x, err := ParseIndex((&Index{Survey: *small, sums: sumsOf([]byte(text))}).Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	for i := range x.Survey.Blocks {
		b := x.Survey.Blocks[i : i+1]
		if b[0].Text != nil {
			continue
		}
		r, err := s.ReadBlocks(b)
		if err != nil {
			t.Fatal(err)
		}
		got, err := drain(r)
		one := found{events: want.events[at:min(len(want.events), at+b[0].Events)], damage: got.damage}
		if d := one.compare(&got); err != nil || d != "" {
			t.Fatalf("block %d by an index, %v: %s, of\n%s", i, err, d, text)
		}
		at += b[0].Events
	}
	return want, true
}

var (
	rounds = flag.Int("rounds", 6000, "how many damaged texts are read, a ninth with -short")
	seed   = flag.Uint64("seed", 21, "what these follow from")
)

// The law of damage: whatever happened to a text, all ways to read it find the same
// events and count the same that are lost, and a reader that is as naive as can be does.
func TestDamageIsReadTheSame(t *testing.T) {
	all := samples(t)
	rounds := *rounds
	if testing.Short() {
		rounds /= 9
	}
	checked, room := 0, new(ring)
	for round := range rounds {
		rng := rand.New(rand.NewPCG(*seed, uint64(round)))
		body := reference.Damage(rng, all[rng.IntN(len(all))])
		frame := [][2]string{{`{"schemaVersion":1,"traceEvents":[`, `],"traceName":"x"}`}, {`[`, `]`}, {`{"traceEvents":[`, "]}\n"}}[rng.IntN(3)]
		text := frame[0] + body + frame[1]
		got, ok := readTheSame(t, rng, text, room)
		if !ok {
			continue
		}
		checked++
		judgeDamage(t, round, text, text[len(frame[0]):], &got)
	}
	if checked < rounds*9/10 {
		t.Errorf("%d of %d texts could be read", checked, rounds)
	}
}

// judgeDamage holds what was found against what the naive reader finds.
func judgeDamage(t *testing.T, round int, text, body string, got *found) {
	t.Helper()
	want := reference.ReadDamaged(body, text[0] == '[')
	lost := got.damage.finds[BrokenEvent]
	timeless := got.damage.finds[BadTime].Count
	repaired := got.damage.finds[BadNumber].Count + got.damage.finds[BadEscape].Count + got.damage.finds[BadArgs].Count + got.damage.finds[BadMember].Count
	if int(lost.Count) != want.Broken || int(lost.Bytes) != want.Lost || len(got.events)+int(timeless) < len(want.Events) {
		t.Fatalf("round %d: %d events and %d timeless, %d lost in %d bytes; naively %d, %d lost in %d bytes, of\n%s", round, len(got.events), timeless, lost.Count, lost.Bytes, len(want.Events), want.Broken, want.Lost, text)
	}
	if timeless == 0 && repaired == 0 {
		naive := found{events: want.Events, damage: got.damage}
		if d := naive.compare(got); d != "" {
			t.Fatalf("round %d: naively %s, of\n%s", round, d, text)
		}
	}
}

// Damage that once ended an array before its end, or differed between readers.
func TestDamageThatLookedLikeTheEndOfAnArray(t *testing.T) {
	for name, body := range map[string]string{
		"NUL behind a bracket in a broken event": `{"ph":"i","ts":1,"args":{"a":[": [""]}},{"ph":"i","ts":2,"args":{"b":[1]` + "\x00" + `c":2}},{"ph":"i","ts":3}]`,
		"NUL behind white space":                 `{"ph":"i","ts":1,"args":{"a":}},{"ph":"i","ts":2,"args":{"b":[1] ` + "\n\x00" + `]}},{"ph":"i","ts":3}]`,
	} {
		for _, frame := range [][2]string{{`{"traceEvents":[`, "}"}, {"[", ""}} {
			t.Run(name+" in "+frame[0], func(t *testing.T) {
				text := frame[0] + body + frame[1]
				got, ok := readTheSame(t, rand.New(rand.NewPCG(1, 1)), text, new(ring))
				if !ok {
					t.Fatal("it can't be read")
				}
				judgeDamage(t, 0, text, text[len(frame[0]):], &got)
				if last := got.events[len(got.events)-1]; last != `{"ph":"i","ts":3}` {
					t.Errorf("the last event is %s", last)
				}
			})
		}
	}
	text := `[{},{},{"ph":"i","ts":1}]`
	if got, _ := readTheSame(t, rand.New(rand.NewPCG(1, 1)), text, new(ring)); len(got.events) != 1 || got.damage.finds[BadMember].Count != 2 {
		t.Errorf("of %s: %d events, damage %s", text, len(got.events), got.damage.String())
	}
}
