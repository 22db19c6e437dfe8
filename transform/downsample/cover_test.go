package downsample

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tracekit/filter"
	"tracekit/internal/testkit/cmptest"
	"tracekit/trace"
	"tracekit/transform/internal/merged"
)

// nested makes a trace of slices that nest, of few names and categories, as X or as B and E.
func nested(rng *rand.Rand, begun bool) []byte {
	var text []string
	add := func(format string, args ...any) { text = append(text, fmt.Sprintf(format, args...)) }
	var grow func(from, to, depth int)
	grow = func(from, to, depth int) {
		for from < to {
			start := from + rng.IntN(2)*rng.IntN(to-from)
			end := start + 1 + rng.IntN(min(to-start, 1+rng.IntN(60)))
			name, cat := fmt.Sprintf("%c", 'a'+rng.IntN(4)), fmt.Sprintf("cat %c", 'x'+rng.IntN(2))
			if begun {
				add(`{"ph":"B","name":"%s","cat":"%s","pid":1,"tid":1,"ts":%d}`, name, cat, start)
			} else {
				add(`{"ph":"X","name":"%s","cat":"%s","pid":1,"tid":1,"ts":%d,"dur":%d}`, name, cat, start, end-start)
			}
			if depth > 0 {
				grow(start, end, depth-1)
			}
			if begun {
				add(`{"ph":"E","name":"%s","cat":"%s","pid":1,"tid":1,"ts":%d}`, name, cat, end)
			}
			from = end + rng.IntN(4)
		}
	}
	grow(0, 150, 3)
	return []byte(`{"traceEvents":[` + strings.Join(text, ",") + `]}`)
}

// union is how much time spans cover, by the plainest code.
func union(all [][2]int64) (sum int64) {
	slices.SortFunc(all, func(a, b [2]int64) int { return cmp.Compare(a[0], b[0]) })
	end := int64(-1 << 62)
	for _, s := range all {
		sum += max(0, s[1]-max(s[0], end))
		end = max(end, s[1])
	}
	return sum
}

// covered is the time that slices cover by track, and by track and category; self that which
// no slice of its category in it takes, by track, category and name. Merged ones add what
// they say.
func covered(t *testing.T, data []byte) (cover, self map[string]int64, exact bool) {
	spans := map[string][][2]int64{}
	cover, self, exact = map[string]int64{}, map[string]int64{}, true
	runs := map[int]*merged.Slices{} // by number of the event
	n := 0
	each(t, data, func(e *trace.Event) {
		if s := new(merged.Reader).Read(e); s != nil {
			kept := *s
			for i := range kept.Names {
				kept.Names[i].Name, kept.Names[i].Cat = bytes.Clone(kept.Names[i].Name), bytes.Clone(kept.Names[i].Cat)
			}
			for i := range kept.Inside {
				kept.Inside[i] = bytes.Clone(kept.Inside[i])
			}
			runs[n] = &kept
		}
		n++
	})
	all := slicesOf(t, parsed(t, data))
	for i, s := range all {
		if s.end == openEnd {
			continue
		}
		track := s.track.Pid + "/" + s.track.Tid
		if m := runs[s.events[0]]; s.sums != nil && m != nil {
			exact = exact && m.IsExact()
			cover[track] += int64(m.Outer)
			for n := range m.All {
				cover[track+" "+string(n.Cat)] += int64(m.Covers(n))
				self[track+" "+string(n.Cat)] += int64(n.Self)
			}
			continue
		}
		span := [2]int64{s.start, s.end}
		spans[track] = append(spans[track], span)
		spans[track+" "+s.cat] = append(spans[track+" "+s.cat], span)
		var inside [][2]int64
		for _, o := range all[i+1:] {
			if o.sums == nil && o.track == s.track && o.cat == s.cat && o.start >= s.start && o.end <= s.end {
				inside = append(inside, [2]int64{o.start, o.end})
			}
		}
		self[track+" "+s.cat] += s.end - s.start - union(inside)
	}
	for key, all := range spans {
		cover[key] += union(all)
	}
	return cover, self, exact
}

// What a thread's slices cover, and those of a category on it, comes out of what merged
// slices say and what is kept, to the nanosecond.
func TestRunsSayWhatTheyCover(t *testing.T) {
	judged, estimates := 0, 0
	check := func(t *testing.T, data []byte, o Options) {
		t.Helper()
		out := runOn(t, data, o)
		want, _, _ := covered(t, data)
		got, _, exact := covered(t, out)
		if !exact {
			estimates++
			return
		}
		judged++
		for key, n := range want {
			if n == 0 {
				delete(want, key)
			}
		}
		for key, n := range got {
			if n == 0 {
				delete(got, key)
			}
		}
		if !cmptest.Same(t, "covered", want, got) {
			t.Logf("%+v\n%s\n%s", o, data, out)
			t.FailNow()
		}
	}
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 12))
		data := nested(rng, seed%2 == 1)
		check(t, data, Options{Resolution: ns(int64(1000 * (1 + rng.IntN(60))))})
		favoured, err := filter.Parse(`name == "a"`)
		if err != nil {
			t.Fatal(err)
		}
		check(t, data, Options{Resolution: ns(int64(1000 * (1 + rng.IntN(200)))), Favour: favoured})
	}
	eachReal(t, func(t *testing.T, data []byte) {
		for _, d := range []int64{2_000, 50_000, 1_000_000} {
			check(t, data, Options{Resolution: ns(d)})
		}
	})
	eachRandom(t, 100, func(t *testing.T, rng *rand.Rand, data []byte) {
		check(t, data, Options{Resolution: ns(randomDuration(rng))})
	})
	if judged < 500 {
		t.Errorf("only %d of %d say that they are exact", judged, judged+estimates)
	}
}
