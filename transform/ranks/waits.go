package ranks

import (
	"cmp"
	"slices"

	"tracekit/filter/producer"
	"tracekit/trace"
)

// Collective is what collectives of one group, kind and size have in common. Rates are in GB/s, as
// nccl-tests define them.
type Collective struct {
	Group string `json:"group"`
	Ranks string `json:"ranks"` // of the group, as the traces list them
	Size  int    `json:"size"`  // how many ranks the group has
	Kind  string `json:"kind"`
	Type  string `json:"type"`
	Bytes *int64 `json:"bytes,omitempty"` // nil if the traces do not tell

	Calls int64      `json:"calls"`    // of all ranks
	Total trace.Time `json:"total_ns"` // of them, waiting included
	// Met counts the collectives that two ranks or more have recorded, and Whole those that all
	// of the group have. Wait and Time are of those that are met and that all ranks leave together.
	Met   int64      `json:"met"`
	Whole int64      `json:"whole"`
	Wait  trace.Time `json:"wait_ns"`
	// Time is that from when the last rank came: quantiles are those of a sketch.
	Time    *Sketched `json:"time,omitempty"`
	AlgBW   *float64  `json:"algbw,omitempty"`
	BusBW   *float64  `json:"busbw,omitempty"`
	Members []Waiter  `json:"members"` // in order of the ranks

	time    sketch
	whole   trace.Time    // sum of the times
	seen    map[int]int64 // how many were recorded by so many ranks
	members map[int32]*Waiter
}

// Sketched sums durations up, in ns. Count and Total are exact, and quantiles off by [SketchError] at
// most.
type Sketched struct {
	Count int64      `json:"count"`
	Total trace.Time `json:"total_ns"`
	Mean  trace.Time `json:"mean_ns"`
	P50   trace.Time `json:"p50_ns"`
	P99   trace.Time `json:"p99_ns"`
}

// Waiter is what a rank has to do with collectives of a kind.
type Waiter struct {
	Rank  string     `json:"rank"`
	Calls int64      `json:"calls"`
	Total trace.Time `json:"total_ns"`
	Wait  trace.Time `json:"wait_ns"`
	Last  int64      `json:"last"`    // how often it came last
	Late  trace.Time `json:"late_ns"` // how long at least half of the others waited for it then
}

// waits gather what collectives tell.
type waits struct {
	matcher *matcher
	rows    map[kind]*Collective
	steps   *matched
	met     bool // it is known of any how long ranks waited
	room    []trace.Time
}

// take takes what members have seen of one collective.
func (w *waits) addCollective(all []sight) {
	k := w.matcher.kinds[all[0].kind]
	for i := range all[1:] {
		k.Bytes = max(k.Bytes, w.matcher.kinds[all[i+1].kind].Bytes)
	}
	k.Shape = 0
	row := w.rows[k]
	if row == nil {
		row = &Collective{Group: k.Group, Ranks: k.Ranks, Size: k.Size, Kind: k.Kind, Type: k.Type, time: newSketch(), seen: map[int]int64{}, members: map[int32]*Waiter{}}
		if k.Bytes >= 0 {
			row.Bytes = &k.Bytes
		}
		w.rows[k] = row
	}
	seen := 0
	for i := range all {
		m := row.member(all[i].member)
		m.Calls++
		m.Total += all[i].length()
		row.Calls++
		row.Total += all[i].length()
		if i == 0 || all[i].member != all[i-1].member {
			seen++
		}
	}
	if seen < 2 || seen < len(all) {
		return
	}
	row.Met++
	row.seen[seen]++
	if all[0].op.LeavesTogether() {
		w.wait(row, all)
	}
}

func (c *Collective) member(n int32) *Waiter {
	m := c.members[n]
	if m == nil {
		m = &Waiter{}
		c.members[n] = m
	}
	return m
}

// wait finds who waits for whom: all leave at once, so that who comes last is in for the shortest
// time, whatever the clocks show.
func (w *waits) wait(row *Collective, all []sight) {
	w.met = true
	last := 0
	for i := range all {
		if all[i].length() < all[last].length() {
			last = i
		}
	}
	least := all[last].length()
	w.room = w.room[:0]
	for i := range all {
		wait := all[i].length() - least
		row.member(all[i].member).Wait += wait
		row.Wait += wait
		w.steps.wait(all[i].member, all[i].start, wait)
		if i != last {
			w.room = append(w.room, wait)
		}
	}
	late := lowerMedian(w.room)
	if late > 0 {
		m := row.member(all[last].member)
		m.Last++
		m.Late += late
		w.steps.late(all[last].member, all[last].start, late)
	}
	row.time.add(least, 1)
	row.whole += least
}

// lowerMedian reorders all, of which there are some.
func lowerMedian(all []trace.Time) trace.Time {
	slices.Sort(all)
	return all[(len(all)-1)/2]
}

// finish lists the rows, those with most time first.
func (w *waits) finish(labels []string) []Collective {
	list := []Collective{}
	for _, row := range w.rows {
		row.Members = []Waiter{}
		for i := range labels {
			if m := row.members[int32(i)]; m != nil {
				m.Rank = labels[i]
				row.Members = append(row.Members, *m)
			}
		}
		if row.Size == 0 && row.Met > 0 {
			row.Size = len(row.Members)
		}
		row.Whole = row.seen[row.Size]
		if n := row.time.TotalCount(); n > 0 {
			row.Time = &Sketched{n, row.whole, mean(row.whole, n), row.time.quantile(50), row.time.quantile(99)}
			row.rates()
		}
		list = append(list, *row)
	}
	bytes := func(c *Collective) int64 {
		if c.Bytes == nil {
			return -1
		}
		return *c.Bytes
	}
	slices.SortFunc(list, func(a, b Collective) int {
		return cmp.Or(cmp.Compare(b.Total, a.Total), cmp.Compare(a.Group, b.Group), cmp.Compare(a.Ranks, b.Ranks), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Type, b.Type), cmp.Compare(bytes(&a), bytes(&b)), cmp.Compare(a.Size, b.Size))
	})
	return list
}

// rates are the algorithm and bus bandwidth, by what nccl-tests' doc/PERFORMANCE.md multiplies with.
func (c *Collective) rates() {
	if c.Bytes == nil || c.whole == 0 || c.Size < 2 {
		return
	}
	alg := float64(*c.Bytes) * float64(c.time.TotalCount()) / float64(c.whole)
	bus := alg
	n := float64(c.Size)
	switch op, _ := producer.CollectiveNamed(c.Kind); op {
	case producer.AllReduce:
		bus *= 2 * (n - 1) / n
	case producer.ReduceScatter, producer.AllGather, producer.AllToAll:
		bus *= (n - 1) / n
	default:
		return // a barrier moves nothing
	}
	c.AlgBW, c.BusBW = &alg, &bus
}

func mean(total trace.Time, n int64) trace.Time { return (total + trace.Time(n)/2) / trace.Time(n) }
