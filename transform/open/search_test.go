package open

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tracekit/filter"
	"tracekit/internal/testkit/cmptest"
	"tracekit/trace"
	"tracekit/transform/page"
	"tracekit/transform/requests"
)

// A search finds every event whose name holds the text, whatever its case, in the range.
func TestSearch(t *testing.T) {
	var text []string
	for i := range 3000 {
		name := [...]string{"aten::mm", "Memcpy HtoD", "memCPY \\u0041", "<b>x</b>"}[i%4]
		text = append(text, fmt.Sprintf(`{"ph":"X","cat":"k","name":"%s","pid":1,"tid":%d,"ts":%d,"dur":%d}`, name, i%3, i*10, i%7))
	}
	text = append(text, `{"ph":"M","name":"thread_name","pid":1,"tid":2,"args":{"name":"memcpy engine"}}`)
	data := []byte("[" + strings.Join(text, ",\n") + "]")
	s := searchable(t, data, false)
	for _, c := range []struct {
		query string
		count int64
	}{
		{"q=memcpy", 1500}, {"q=memcpy+a", 750}, {"q=%3Cb%3E", 750}, {"q=nothing", 0},
		{"q=memcpy&from=10000000&to=20000000", 500}, {"q=aten&from=0&to=1", 1},
	} {
		got := found(t, s, c.query)
		var inBins, onThreads int64
		for _, n := range got.Bins {
			inBins += n
		}
		for _, h := range got.Threads {
			onThreads += h.Count
		}
		if d := cmptest.Diff([3]int64{c.count, c.count, c.count}, [3]int64{got.Count, inBins, onThreads}); d != "" || got.Done != got.Of {
			t.Errorf("%s: in all, in bins, on threads (- want, + got)\n%s", c.query, d)
		}
		if want := min(int(c.count), mostHits); len(got.Hits) != want {
			t.Errorf("%s: %d hits are listed, want %d", c.query, len(got.Hits), want)
		}
		for _, th := range got.Threads {
			if !strings.HasPrefix(th.Name, "tid ") && th.Name != "memcpy engine" {
				t.Errorf("%s: a thread is called %q", c.query, th.Name)
			}
		}
	}
	for _, query := range []string{"", "q=", "q=" + strings.Repeat("x", 501)} {
		if w := asked(s, "GET", "/api/search?"+query, "", TokenHeader, s.Token()); w.Code != 400 {
			t.Errorf("%.20q is answered with %d", query, w.Code)
		}
	}
}

// searchable is a server of a trace, with names that were gathered in the reading or not.
func searchable(t *testing.T, data []byte, gathered bool) *Server {
	t.Helper()
	open := func() (*trace.Source, *trace.Survey, func(), error) {
		source, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
		if err != nil {
			return nil, nil, nil, err
		}
		v, err := source.Survey(nil)
		return source, v, func() {}, err
	}
	s := served(t, func(o *Options) { o.Source = open })
	if !gathered {
		return s
	}
	finder, err := requests.NewFinder(requests.Options{})
	if err != nil {
		t.Fatal(err)
	}
	g := Gather{Collector: page.NewCollector(finder, filter.Given{}), Reading: s.Reading, Finish: func(*page.Data) {}}
	g.GatherNames()
	source, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	v, err := source.SurveyParts(func(p *trace.Part) error { return g.Part(t.Context(), p) })
	if err == nil {
		err = g.End(v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// found is the last of what a search says.
func found(t *testing.T, s *Server, query string) (last searching) {
	t.Helper()
	all := strings.Split(strings.TrimSpace(asked(s, "GET", "/api/search?"+query, "", TokenHeader, s.Token()).Body.String()), "\n")
	if err := json.Unmarshal([]byte(all[len(all)-1]), &last); err != nil {
		t.Fatalf("%s: %v: %.200s", query, err, all)
	}
	return last
}

// What is gathered in the reading gives what a search of all events does, in whatever order
// the events stand.
func TestGatheredNamesGiveTheSame(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 6 {
		var text []string
		n := []int{3, 300, 20_000}[round%3]
		for range n {
			name := fmt.Sprintf("%s %d", [...]string{"aten::mm", "Memcpy", "r\\u00e9"}[rng.IntN(3)], rng.IntN([]int{5, 50}[round%2]))
			if rng.IntN(4) == 0 { // of many shapes, each with many names
				name = fmt.Sprintf("handle 0x%x", rng.IntN(5000))
			}
			ts := rng.Int64N(1 << (10 + 5*rng.IntN(5)))
			switch ph := [...]string{"X", "X", "i", "B", "E", "C", "s"}[rng.IntN(7)]; ph {
			case "X":
				text = append(text, fmt.Sprintf(`{"ph":"X","name":"%s","pid":%d,"tid":%d,"ts":%d,"dur":%d}`, name, rng.IntN(2), rng.IntN(4), ts, rng.IntN(900)))
			default:
				text = append(text, fmt.Sprintf(`{"ph":"%s","name":"%s","pid":1,"tid":%d,"ts":%d,"id":1,"args":{"a":1}}`, ph, name, rng.IntN(4), ts))
			}
		}
		text = append(text, `{"ph":"M","name":"thread_name","pid":1,"tid":2,"args":{"name":"late"}}`)
		data := []byte("[" + strings.Join(text, ",\n") + "]")
		slow, quick := searchable(t, data, false), searchable(t, data, true)
		for _, query := range []string{"q=mm", "q=MEMCPY+7", "q=%C3%A9+49", "q=7", "q=0xa", "q=handle", "q=b2", "q=nothing", "q=m+1", "q=mm&from=1000000&to=700000000", "q=memcpy+7&from=5000000"} {
			want := found(t, slow, query)
			got := found(t, quick, query)
			for i := range want.Bins {
				if (want.Bins[i] > 0) && got.Bins[i] == 0 {
					t.Fatalf("round %d, %s: bin %d has none", round, query, i)
				}
			}
			sortThreads(want.Threads, want.Hits)
			sortThreads(got.Threads, got.Hits)
			cmptest.Same(t, fmt.Sprintf("round %d, %s: threads", round, query), want.Threads, got.Threads)
			cmptest.Same(t, fmt.Sprintf("round %d, %s: hits", round, query), want.Hits, got.Hits)
			if got.Count != want.Count || got.Listing {
				t.Errorf("round %d, %s: %d hits, want %d, listing %v", round, query, got.Count, want.Count, got.Listing)
			}
		}
	}
}

// sortThreads orders threads by name where their order is by chance, and gives hits the place
// of theirs.
func sortThreads(threads []hitThread, hits []hit) {
	key := func(t *hitThread) string { return t.Process + "/" + t.Name }
	of := make([]string, len(threads))
	for i := range threads {
		of[i] = key(&threads[i])
		threads[i].Longest.Thread, threads[i].Longest.Name = 0, "" // of several, any
	}
	slices.SortFunc(threads, func(a, b hitThread) int { return cmp.Compare(key(&a), key(&b)) })
	for i := range hits {
		hits[i].Thread = slices.IndexFunc(threads, func(t hitThread) bool { return key(&t) == of[hits[i].Thread] })
	}
}

// Beyond some names nothing is known of any, and a search reads.
func TestManyNamesAreNotGathered(t *testing.T) {
	long := strings.Repeat("x", 1<<16)
	var text []string
	for i := range 140 {
		text = append(text, fmt.Sprintf(`{"ph":"X","name":"%s","pid":1,"tid":1,"ts":%d,"dur":1}`, long+strings.Repeat("y", i), i))
	}
	s := searchable(t, []byte("["+strings.Join(text, ",\n")+"]"), true)
	if _, _, _, ok := s.occurrences().Find("x"); ok {
		t.Fatal("all of them are gathered")
	}
	if got := found(t, s, "q=x"+strings.Repeat("y", 139)); got.Count != 1 {
		t.Errorf("%d are found", got.Count)
	}
}
