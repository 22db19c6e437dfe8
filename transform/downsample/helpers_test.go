package downsample

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tracekit/internal/spill"
	"tracekit/internal/testkit/recorded"
	"tracekit/internal/testkit/reference"
	"tracekit/trace"
	"tracekit/transform/pipeline"
)

func create() (*spill.File, error) { return spill.Create("") }

// try runs with few records in memory.
func try(data []byte, o Options, held int) ([]byte, pipeline.Report, error) {
	s, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
	if err != nil {
		return nil, pipeline.Report{}, err
	}
	defer s.Close()
	o.Spill = create
	var out bytes.Buffer
	rep, err := runHolding(context.Background(), s, trace.NewWriter(&out), o, held)
	return out.Bytes(), rep, err
}

func runOn(t testing.TB, data []byte, o Options) []byte {
	t.Helper()
	out, _, err := try(data, o, 7+len(data)/500)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func parsed(t testing.TB, data []byte) *reference.Trace {
	t.Helper()
	p, err := reference.Parse(data)
	if err != nil {
		t.Fatalf("%v\n%.2000s", err, data)
	}
	return p
}

func ns(t int64) *trace.Time { return (*trace.Time)(&t) }

// eachRandom calls f for random traces.
func eachRandom(t *testing.T, n int, f func(t *testing.T, rng *rand.Rand, data []byte)) {
	for seed := range uint64(n+1) / 2 {
		rng := rand.New(rand.NewPCG(seed, 7))
		data := reference.Random(rng, 5+rng.IntN(120))
		ok := t.Run(fmt.Sprint(seed), func(t *testing.T) { f(t, rng, data) })
		if !ok {
			return
		}
	}
}

// eachReal calls f for small real traces.
func eachReal(t *testing.T, f func(t *testing.T, data []byte)) {
	files, _ := filepath.Glob("../../testdata/*.json.gz")
	if len(files) == 0 {
		t.Fatal("no traces")
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) { f(t, recorded.Text(t, name)) })
	}
}

// plain is a slice as the plainest code sees it.
type plain struct {
	track      reference.Track
	start, end int64
	name, cat  string
	events     []int // one, or a begin and its end
	sums       *sumsJSON
}

func (p *plain) dur() int64 {
	if p.end == openEnd {
		return openEnd
	}
	return p.end - p.start
}

// sumsJSON is what the args of a merged slice tell.
type sumsJSON struct {
	Count int64                     `json:"tracekit.count"`
	Busy  json.Number               `json:"tracekit.busy"`
	Min   json.Number               `json:"tracekit.min"`
	Max   json.Number               `json:"tracekit.max"`
	Names map[string][2]json.Number `json:"tracekit.names"`
	More  map[string][2]json.Number `json:"tracekit.more"` // by category
	Rest  map[string][2]json.Number `json:"tracekit.rest"`
}

// mergedArgs is how the args of a merged slice begin.
const mergedArgs = `{"tracekit.count": `

const openEnd = 1<<63 - 1

// slicesOf finds the slices on tracks; what is not closed has no end.
func slicesOf(t testing.TB, p *reference.Trace) []plain {
	var all []plain
	type mark struct {
		i   int
		end bool
	}
	marks := map[reference.Track][]mark{}
	for i := range p.Events {
		e := &p.Events[i]
		switch {
		case !e.HasTS:
		case e.Phase == "X":
			s := plain{track: e.Track, start: e.TS, end: e.TS + e.Span, name: text(e, "name"), cat: text(e, "cat"), events: []int{i}}
			if len(e.Args) > 1 && e.Args[0].Name == "tracekit.count" && e.Args[1].Name == "tracekit.busy" {
				s.sums = &sumsJSON{}
				d := json.NewDecoder(bytes.NewReader([]byte(member(e, "args"))))
				d.UseNumber()
				if err := d.Decode(s.sums); err != nil {
					t.Fatal(err, e.Raw)
				}
			}
			all = append(all, s)
		case e.Phase == "B" || e.Phase == "E":
			marks[e.Track] = append(marks[e.Track], mark{i, e.Phase == "E"})
		}
	}
	for track, l := range marks {
		slices.SortStableFunc(l, func(a, b mark) int {
			c := cmp.Compare(p.Events[a.i].TS, p.Events[b.i].TS)
			if c == 0 && a.end != b.end {
				if a.end {
					return -1
				}
				return 1
			}
			return c
		})
		var open []int
		add := func(b int, end int64, events ...int) {
			e := &p.Events[b]
			all = append(all, plain{track: track, start: e.TS, end: end, name: text(e, "name"), cat: text(e, "cat"), events: events})
		}
		for _, m := range l {
			if !m.end {
				open = append(open, m.i)
				continue
			}
			end := &p.Events[m.i]
			same := func(b int, key string) bool {
				return text(end, key) == "" || text(end, key) == text(&p.Events[b], key)
			}
			for n := len(open) - 1; n >= 0; n-- {
				if b := open[n]; same(b, "name") && same(b, "cat") {
					add(b, end.TS, b, m.i)
					open = slices.Delete(open, n, n+1)
					break
				}
			}
		}
		for _, b := range open {
			add(b, openEnd, b)
		}
	}
	slices.SortStableFunc(all, func(a, b plain) int {
		return cmp.Or(cmp.Compare(a.track.Pid, b.track.Pid), cmp.Compare(a.track.Tid, b.track.Tid),
			cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end), cmp.Compare(a.events[0], b.events[0]))
	})
	return all
}

// member is the text of a member as it stands, the last of that name.
func member(e *reference.Event, name string) string {
	found := ""
	for _, m := range e.Members {
		if m.Name == name {
			found = m.Text
		}
	}
	return found
}

// text is what a string member says.
func text(e *reference.Event, name string) string {
	var s string
	if v := member(e, name); json.Unmarshal([]byte(v), &s) != nil {
		return v
	}
	return s
}

// figures are what a picture is made of.
type figures struct {
	Count, Busy map[string]int64 // by track, and by track and name
	Outermost   map[string]int64 // time of the slices that lie in no other, by track
	First, Last map[string]int64 // by track
	Across      map[string]bool  // tracks with slices that do not nest
}

// measure adds up slices, with what the args of merged ones tell.
func measure(t testing.TB, all []plain) figures {
	f := figures{map[string]int64{}, map[string]int64{}, map[string]int64{}, map[string]int64{}, map[string]int64{}, map[string]bool{}}
	nanos := func(n json.Number) int64 {
		v, ok := reference.Nanos(string(n))
		if !ok {
			t.Fatalf("%q is no time", n)
		}
		return v
	}
	add := func(key string, count, busy int64) {
		f.Count[key] += count
		f.Busy[key] += busy
	}
	expand := func(track string, s *sumsJSON) {
		count, busy := int64(0), int64(0)
		each := func(of map[string][2]json.Number, f func(name string, count, busy int64)) {
			for n, v := range of {
				c, err := strconv.ParseInt(string(v[0]), 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				f(n, c, nanos(v[1]))
			}
		}
		each(s.Names, func(n string, c, b int64) {
			add(track+" "+n, c, b)
			count, busy = count+c, busy+b
		})
		each(s.More, func(_ string, c, b int64) { count, busy = count+c, busy+b })
		each(s.Rest, func(n string, c, b int64) { add(track+" "+n, c, b) })
		add(track, count, busy)
		if count != s.Count || busy != nanos(s.Busy) {
			t.Fatalf("names add up to %d and %d ns, not to %d and %s µs", count, busy, s.Count, s.Busy)
		}
	}
	var around plainNest
	for _, s := range all {
		track := s.track.Pid + "/" + s.track.Tid
		depth, nests := around.enter(s)
		if !nests {
			f.Across[track] = true
		}
		if s.end == openEnd {
			continue
		}
		busy := s.dur()
		if s.sums != nil {
			expand(track, s.sums)
			busy = nanos(s.sums.Busy)
		} else {
			add(track, 1, busy)
			add(track+" "+s.name, 1, busy)
		}
		if depth == 0 {
			f.Outermost[track] += busy
		}
		if first, ok := f.First[track]; !ok || s.start < first {
			f.First[track] = s.start
		}
		if last, ok := f.Last[track]; !ok || s.end > last {
			f.Last[track] = s.end
		}
	}
	return f
}

// plainNest is the slices that are open, as a viewer nests them.
type plainNest []plain

// enter tells how many slices lie around s, and whether it nests. One that begins in
// another and ends behind it does not.
func (n *plainNest) enter(s plain) (depth int, nests bool) {
	open := (*n)[:0]
	for _, o := range *n {
		if o.track == s.track && (o.end > s.start || o.start == s.start) {
			open = append(open, o)
			if o.end >= s.end {
				depth++
			}
		}
	}
	*n = open
	if nests = depth == len(open); nests {
		*n = append(open, s)
	}
	return depth, nests
}

// withoutNames leaves out what there is by name.
func (f figures) withoutNames() figures {
	for _, m := range []map[string]int64{f.Count, f.Busy} {
		maps.DeleteFunc(m, func(key string, _ int64) bool { return strings.Contains(key, " ") })
	}
	return f
}

func sameFigures(t testing.TB, got, want figures) {
	t.Helper()
	for track := range want.Across { // what they become may lie in another
		delete(got.Outermost, track)
		delete(want.Outermost, track)
	}
	for _, c := range []struct {
		what      string
		got, want map[string]int64
	}{
		{"count", got.Count, want.Count}, {"busy", got.Busy, want.Busy}, {"outermost", got.Outermost, want.Outermost},
		{"first", got.First, want.First}, {"last", got.Last, want.Last},
	} {
		for k, v := range c.want {
			if c.got[k] != v {
				t.Fatalf("%s of %q: got %d, want %d", c.what, k, c.got[k], v)
			}
		}
		if len(c.got) != len(c.want) {
			t.Fatalf("%s: got %d keys, want %d", c.what, len(c.got), len(c.want))
		}
	}
}
