package strip

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/trace"
)

// point is an event of the traces here: a slice, or a point of a flow.
type point struct {
	Ph   string  `json:"ph"`
	Name string  `json:"name"`
	Cat  string  `json:"cat"`
	Pid  int     `json:"pid"`
	Tid  int     `json:"tid"`
	TS   float64 `json:"ts"`
	Dur  float64 `json:"dur,omitempty"`
	ID   int     `json:"id"`
	BP   string  `json:"bp,omitempty"`
	N    int     `json:"n"`
}

// boundTo is the slice that a flow event is drawn to, -1 for none, looked for among all.
func boundTo(all []point, f point) int {
	best := -1
	for i, s := range all {
		if s.Ph != "X" || s.Tid != f.Tid {
			continue
		}
		if next := f.Ph == "f" && f.BP != "e"; next {
			if s.TS >= f.TS && (best < 0 || s.TS < all[best].TS || s.TS == all[best].TS && s.Dur > all[best].Dur) {
				best = i
			}
		} else if s.TS <= f.TS && (best < 0 || s.TS > all[best].TS || s.TS == all[best].TS && s.Dur <= all[best].Dur) {
			best = i
		}
	}
	return best
}

// withoutCat is what is left without the slices of a category, by what flows are drawn to.
func withoutCat(all []point, cat string) (left []int) {
	gone := make([]bool, len(all))
	flows := map[int][]point{}
	for _, p := range all {
		if p.Ph == "X" {
			gone[p.N] = p.Cat == cat
			continue
		}
		if at := boundTo(all, p); at >= 0 {
			gone[p.N] = all[at].Cat == cat
		}
		flows[p.ID] = append(flows[p.ID], p)
	}
	for _, flow := range flows {
		slices.SortStableFunc(flow, func(a, b point) int { return int(2 * (a.TS - b.TS)) })
		for len(flow) > 0 {
			end := 1
			for ended := flow[0].Ph == "f"; end < len(flow) && !(ended && flow[end].Ph == "s"); end++ {
				ended = ended || flow[end].Ph == "f"
			}
			one := flow[:end]
			flow = flow[end:]
			start := slices.IndexFunc(one, func(p point) bool { return p.Ph == "s" })
			if start < 0 {
				continue
			}
			one = one[start:]
			some := slices.ContainsFunc(one, func(p point) bool { return gone[p.N] })
			ends := slices.ContainsFunc(one, func(p point) bool { return p.Ph != "s" && !gone[p.N] })
			for _, p := range one {
				gone[p.N] = gone[p.N] || some && (gone[one[0].N] || !ends)
			}
		}
	}
	for _, p := range all {
		if !gone[p.N] {
			left = append(left, p.N)
		}
	}
	return left
}

// once is what one reading leaves.
func once(data []byte, o Options) ([]byte, error) {
	s, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	r, err := s.Read()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var out bytes.Buffer
	_, err = Run(context.Background(), r, trace.NewWriter(&out), o)
	return out.Bytes(), err
}

func always() bool { return true }

// TestFlowsAreDroppedWithTheirSlices judges what is left of flows by the plain search above.
func TestFlowsAreDroppedWithTheirSlices(t *testing.T) {
	for seed := range uint64(400) {
		rnd := rand.New(rand.NewPCG(seed, 80))
		var all []point
		for tid := 1; tid <= 3; tid++ {
			for at, n := float64(rnd.IntN(20)), 1+rnd.IntN(4); n > 0; n-- {
				dur := float64(2 + rnd.IntN(38))
				all = append(all, point{Ph: "X", Name: "a", Cat: string("cde"[rnd.IntN(3)]), Pid: 1, Tid: tid, TS: at, Dur: dur})
				if dur > 6 && rnd.IntN(2) == 0 {
					all = append(all, point{Ph: "X", Name: "in", Cat: string("cde"[rnd.IntN(3)]), Pid: 1, Tid: tid, TS: at + 2, Dur: dur - 4})
				}
				at += dur + float64(1+rnd.IntN(19))
			}
		}
		for range 1 + rnd.IntN(7) {
			p := point{Ph: string("sstff"[rnd.IntN(5)]), Name: "fl", Cat: "z", Pid: 1, Tid: 1 + rnd.IntN(3), TS: float64(rnd.IntN(150)) + 0.5, ID: rnd.IntN(3)}
			if p.Ph == "f" && rnd.IntN(2) == 0 {
				p.BP = "e"
			}
			all = append(all, p)
		}
		if rnd.IntN(2) == 0 {
			rnd.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
		}
		for i := range all {
			all[i].N = i
		}
		data, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		out, _ := stripped(t, data, Options{Cats: []string{"d"}, Restarts: always})
		if once, err := once(data, Options{Cats: []string{"d"}, Restarts: func() bool { return false }}); err == nil && !bytes.Equal(once, out) || err != nil && !Relearns(err) {
			t.Fatalf("seed %d: where the output can't begin again it is another one, or fails: %v", seed, err)
		}
		var left []point
		if string(out) == `{"traceEvents":[]}` { // as an empty trace has to be
			out = []byte("[]")
		}
		if err := json.Unmarshal(out, &left); err != nil {
			t.Fatal(err)
		}
		var got []int
		for _, p := range left {
			got = append(got, p.N)
		}
		if diff := cmptest.Diff(withoutCat(all, "d"), got); diff != "" {
			t.Fatalf("seed %d: %s\n%s", seed, diff, data)
		}
	}
}

// TestFlowsToDroppedSamplesAreDropped asserts that flows to the device of samples leave nothing behind.
func TestFlowsToDroppedSamplesAreDropped(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		left int // flow events
	}{
		{"01-ascend-trace_view", Options{Hardware: true}, 0},
		{"16-torch-legacy", Options{Hardware: true}, 0},
		{"91-nsys-api-flows", Options{Hardware: true}, 0},
		{"44-gaudi-enqueue-flows-lag", Options{Hardware: true}, 0},
		{"72-otel-request-spans", Options{Hardware: true}, 4},
		{"80-flow-end-next-slice", Options{Cats: []string{"d"}}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			data, err := os.ReadFile(fmt.Sprintf("../../testdata/cases/%s.json", c.name))
			if err != nil {
				t.Fatal(err)
			}
			c.o.Restarts = always
			out, _ := stripped(t, data, c.o)
			n := 0
			for _, e := range parse(t, out).Events {
				if ph := text(e.Members, "ph"); ph == "s" || ph == "t" || ph == "f" {
					n++
				}
			}
			if n != c.left {
				t.Errorf("%d flow events left, want %d", n, c.left)
			}
		})
	}
}
