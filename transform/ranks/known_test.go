package ranks

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/ranks"
	"tracekit/trace"
)

// truth is what the generator knows of a run, added up in the plainest way.
type truth struct {
	wait, late []float64 // ns, by rank
	last       []int
	stepLate   map[int]map[int]float64 // by step and rank
	time       float64                 // of all collectives from when the last came
	met        int
}

// truthOf adds up by when ranks came, on the clock that none of them has.
func truthOf(c *ranks.Config) truth {
	t := truth{wait: make([]float64, c.Ranks), late: make([]float64, c.Ranks), last: make([]int, c.Ranks), stepLate: map[int]map[int]float64{}}
	type key struct{ step, layer int }
	came := map[key]map[int]ranks.Collective{}
	for rank := range c.Ranks {
		_, all := c.Run(rank)
		for _, x := range all {
			k := key{x.Step, x.Layer}
			if came[k] == nil {
				came[k] = map[int]ranks.Collective{}
			}
			came[k][rank] = x
		}
	}
	for k, members := range came {
		if len(members) < 2 {
			continue
		}
		last := -1
		for rank, x := range members {
			if last < 0 || x.Start > members[last].Start {
				last = rank
			}
		}
		var waits []float64
		for rank, x := range members {
			wait := float64(members[last].Start - x.Start)
			t.wait[rank] += wait
			if rank != last {
				waits = append(waits, wait)
			}
		}
		slices.Sort(waits)
		late := waits[(len(waits)-1)/2]
		t.last[last]++
		t.late[last] += late
		t.time += float64(members[last].End - members[last].Start)
		t.met++
		if t.stepLate[k.step] == nil {
			t.stepLate[k.step] = map[int]float64{}
		}
		t.stepLate[k.step][last] += late
	}
	return t
}

// near fails unless got is within 1 % of want, or within 2 µs of it.
func near(t *testing.T, what string, want, got float64) {
	t.Helper()
	if math.Abs(got-want) > 0.01*math.Abs(want)+2000 {
		t.Errorf("%s is %.0f, not %.0f", what, got, want)
	}
}

// Who the others wait for, how long, and in which steps, is found and ranked first.
func TestStragglersAreFound(t *testing.T) {
	for _, x := range []struct {
		name string
		c    ranks.Config
	}{
		{"numbers", ranks.Config{Args: ranks.Seq, Hosts: true}},
		{"ids", ranks.Config{Args: ranks.CommsID}},
		{"order", ranks.Config{Args: ranks.Order}},
		{"order, begun later", ranks.Config{Args: ranks.Order, Late: 3}},
		{"names alone, one host", ranks.Config{Args: ranks.Names, PerHost: 6, Hosts: true, Late: 2}},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := x.c
			if c.PerHost == 0 {
				c.PerHost = 2
			}
			c.Ranks, c.Steps, c.Layers, c.Seed, c.Elements = 6, 30, 4, 11, 1<<20
			c.Offsets, c.Drifts = []float64{0, 3e6, -7e6}, []float64{0, 20, -10}
			if c.Hosts && c.PerHost == 6 {
				c.Offsets, c.Drifts = nil, nil
			}
			for step := 8; step < 28; step += 2 {
				c.Delays = append(c.Delays, ranks.Delay{Rank: 4, Step: step, Layer: 1, By: 900_000})
			}
			c.Delays = append(c.Delays, ranks.Delay{Rank: 1, Step: 21, Layer: 3, By: 2_000_000})
			want, r := truthOf(&c), resultOf(t, merged(t, run(t, &c)...))
			if r.LastBy != lastByCollectives {
				t.Fatalf("last by %s", r.LastBy)
			}
			if len(r.Stragglers) < 2 || r.Stragglers[0].Rank != "rank 4" || r.Stragglers[1].Rank != "rank 1" {
				t.Fatalf("%+v", r.Stragglers)
			}
			var wait, late, last = make([]float64, c.Ranks), make([]float64, c.Ranks), make([]int, c.Ranks)
			met, time := int64(0), trace.Time(0)
			for _, k := range r.Collectives {
				met += k.Met
				if k.Time != nil {
					time += k.Time.Total
				}
				for _, m := range k.Members {
					var n int
					fmt.Sscanf(m.Rank, "rank %d", &n)
					wait[n] += float64(m.Wait)
					late[n] += float64(m.Late)
					last[n] += int(m.Last)
				}
			}
			if int(met) != want.met {
				t.Errorf("%d collectives are met, not %d", met, want.met)
			}
			near(t, "the time of collectives", want.time, float64(time))
			for n := range c.Ranks {
				near(t, fmt.Sprintf("the wait of rank %d", n), want.wait[n], wait[n])
				near(t, fmt.Sprintf("for rank %d waiting", n), want.late[n], late[n])
				if d := last[n] - want.last[n]; d < -1 || d > 1 { // those that come at one time
					t.Errorf("rank %d comes last %d times, not %d", n, last[n], want.last[n])
				}
			}
			for _, s := range r.Steps {
				for _, d := range c.Delays {
					if int64(d.Step) == s.Step {
						if want := fmt.Sprintf("rank %d", d.Rank); s.Last != want {
							t.Errorf("in step %d %s is last, not %s", s.Step, s.Last, want)
						}
						near(t, "how late that is", want.stepLate[d.Step][d.Rank], float64(s.Late))
					}
				}
			}
		})
	}
}

// plainOverlap marks each ns in which a device communicates, and does something else.
func plainOverlap(t *testing.T, text []byte) (communication, exposed int) {
	var doc struct {
		TraceEvents []struct {
			Ph, Cat, Name string
			Ts, Dur       float64
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	first, moments := math.Inf(1), map[string][]bool{"comm": nil, "other": nil}
	for _, e := range doc.TraceEvents {
		if e.Ph == "X" {
			first = min(first, e.Ts)
		}
	}
	for _, e := range doc.TraceEvents {
		if e.Ph != "X" || e.Cat != "kernel" && e.Cat != "gpu_memset" {
			continue
		}
		is := "other"
		if strings.HasPrefix(e.Name, "nccl") {
			is = "comm"
		}
		from := int(math.Round((e.Ts - first) * 1000))
		for at := from; at < from+int(math.Round(e.Dur*1000)); at++ {
			for len(moments[is]) <= at {
				moments[is] = append(moments[is], make([]bool, 1<<20)...)
			}
			moments[is][at] = true
		}
	}
	for at, comm := range moments["comm"] {
		if comm {
			communication++
			if at >= len(moments["other"]) || !moments["other"][at] {
				exposed++
			}
		}
	}
	return communication, exposed
}

// What communication hides behind is that of the generator.
func TestOverlapIsThatOfTheRun(t *testing.T) {
	c := ranks.Config{Ranks: 3, PerHost: 1, Steps: 20, Layers: 4, Args: ranks.Seq, Overlap: 3_000, Seed: 2, Bases: []int64{ranks.Start - 1_000_000_000}}
	r := resultOf(t, merged(t, run(t, &c)...))
	for rank := range c.Ranks {
		text, all := c.Run(rank)
		total := 0.0
		for _, x := range all {
			total += float64(x.End - x.Start)
		}
		row := &r.Ranks[rank]
		communication, exposed := plainOverlap(t, text)
		cmptest.Same(t, "communication", trace.Time(communication), *row.Communication)
		cmptest.Same(t, "what is exposed", trace.Time(exposed), *row.Exposed)
		cmptest.Same(t, "what is hidden", *row.Communication-*row.Exposed, *row.Hidden)
		near(t, "the time of collectives", total, float64(communication))
		if least := trace.Time(len(all)) * trace.Time(c.Overlap); *row.Hidden < least {
			t.Errorf("%d ns are hidden, and %d at least are", *row.Hidden, least)
		}
	}
}

// Without collectives the last is who ends a step last, by clocks that are aligned, or else who takes longest.
func TestStragglersWithoutCollectives(t *testing.T) {
	for _, x := range []struct {
		name, by string
		perHost  int
	}{{"one clock", lastByEnds, 4}, {"clocks of their own", lastByDurations, 1}} {
		c := ranks.Config{Ranks: 4, PerHost: x.perHost, Hosts: true, Steps: 12, Layers: 2, Args: ranks.None, Offsets: []float64{0, 4e9}}
		var all []*Partial
		for rank := range c.Ranks {
			text := string(c.Trace(rank))
			if rank == 2 { // its fifth step takes 3 ms longer
				at := strings.Index(text, `"name": "ProfilerStep#5"`)
				dur := at + strings.Index(text[at:], `"dur": `) + len(`"dur": `)
				text = text[:dur] + "3" + text[dur:] // a digit before the three of its microseconds
			}
			m, _ := measured(t, fmt.Sprintf("rank-%d.json", rank), []byte(text))
			all = append(all, &Partial{Traces: []*Trace{m}})
		}
		r := resultOf(t, merged(t, all...))
		if r.LastBy != x.by || len(r.Stragglers) == 0 || r.Stragglers[0].Rank != "rank 2" || r.Stragglers[0].AtStep != 5 || r.Stragglers[0].Most != 3_000_000 {
			t.Errorf("%s: by %s, %+v", x.name, r.LastBy, r.Stragglers)
		}
	}
}

// Bandwidths are those of nccl-tests.
func TestBandwidths(t *testing.T) {
	c := ranks.Config{Ranks: 4, PerHost: 4, Hosts: true, Steps: 10, Layers: 4, Args: ranks.Seq, Elements: 1 << 20, Seed: 2}
	want := truthOf(&c)
	r := resultOf(t, merged(t, run(t, &c)...))
	if len(r.Collectives) != 2 {
		t.Fatalf("%+v", r.Collectives)
	}
	for _, k := range r.Collectives {
		n := 4.0
		size, factor := float64(2<<20), 2*(n-1)/n
		if k.Kind == "all_gather" {
			size, factor = 4096*2, (n-1)/n
		}
		if *k.Bytes != int64(size) {
			t.Errorf("%s of %d bytes, not %g", k.Kind, *k.Bytes, size)
		}
		alg := size * float64(k.Met) / float64(k.Time.Total)
		if math.Abs(*k.AlgBW-alg) > 1e-9 || math.Abs(*k.BusBW-alg*factor) > 1e-9 {
			t.Errorf("%s: %g and %g GB/s, not %g and %g", k.Kind, *k.AlgBW, *k.BusBW, alg, alg*factor)
		}
	}
	near(t, "the time of all", want.time, float64(r.Collectives[0].Time.Total+r.Collectives[1].Time.Total))
}
