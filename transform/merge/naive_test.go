package merge

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/ranks"
)

// naive merges as docs/merge.md says, with everything in memory and nothing of the code under
// test: the events of ranks in order, without metadata, and what each process is called.
type naive struct {
	events []map[string]any
	names  map[string]string // by pid
	labels map[string]string
}

func naively(t *testing.T, sources [][]byte, base int64) *naive {
	n := &naive{names: map[string]string{}, labels: map[string]string{}}
	var docs []*document
	largestID, largestPid := new(big.Int), int64(0)
	for _, text := range sources {
		d := parse(t, text)
		docs = append(docs, d)
		for _, e := range d.Events {
			for _, id := range idsOf(e) {
				if v := id.value(); v != nil && v.BitLen() <= 40 && v.Cmp(largestID) > 0 {
					largestID = v
				}
			}
			if pid, err := strconv.ParseInt(fmt.Sprint(e["pid"]), 10, 64); err == nil {
				largestPid = max(largestPid, pid)
			}
		}
	}
	power := func(v *big.Int) *big.Int {
		p := big.NewInt(1000)
		for p.Cmp(v) <= 0 {
			p.Mul(p, big.NewInt(10))
		}
		return p
	}
	idStep, pidStep := power(largestID), power(big.NewInt(largestPid)).Int64()
	taken := map[string]bool{}
	for rank, d := range docs {
		label := fmt.Sprintf("rank %d", rank)
		pids := map[string]any{}
		for _, e := range d.Events {
			was := fmt.Sprintf("%T %v", e["pid"], e["pid"])
			if _, known := pids[was]; known {
				continue
			}
			switch pid := e["pid"].(type) {
			case string:
				pids[was] = strings.TrimSuffix(label+": "+pid, ": ")
			case json.Number:
				now := pid
				if taken[string(pid)] {
					v, _ := pid.Int64()
					now = json.Number(strconv.FormatInt(int64(rank)*pidStep+v, 10))
				}
				taken[string(now)] = true
				pids[was] = now
			}
		}
		for _, e := range d.Events {
			n.put(t, e, label, pids[fmt.Sprintf("%T %v", e["pid"], e["pid"])], new(big.Int).Mul(idStep, big.NewInt(int64(rank))), d.base-base)
		}
	}
	return n
}

func (n *naive) put(t *testing.T, e map[string]any, label string, pid any, ids *big.Int, shift int64) {
	was := e["pid"]
	e["pid"] = pid
	if fmt.Sprint(e["tid"]) == "0" && e["ph"] != "M" && e["ph"] != "C" && pid != was && fmt.Sprint(was) != "0" {
		e["tid"] = was
	}
	if e["ph"] == "M" {
		args := e["args"].(map[string]any)
		switch e["name"] {
		case "process_name":
			n.names[fmt.Sprint(pid)] = label + ": " + args["name"].(string)
		case "process_labels":
			n.labels[fmt.Sprint(pid)] = label + ": " + args["labels"].(string)
		}
		return
	}
	if shift != 0 {
		ns := nanoseconds(t, e["ts"]) + shift
		e["ts"] = json.Number(fmt.Sprintf("%d.%03d", ns/1000, ns%1000))
	}
	if ids.Sign() != 0 {
		for _, id := range idsOf(e) {
			id.shift(ids, label)
		}
	}
	n.events = append(n.events, e)
}

// anID is a member that holds an id.
type anID struct {
	in   map[string]any
	key  string
	kind string
	none bool // 0 is none
}

// idsOf are the ids of an event.
func idsOf(e map[string]any) (all []anID) {
	switch e["ph"] {
	case "s", "t", "f":
		all = append(all, anID{e, "id", "flow", false})
	case "b", "n", "e":
		all = append(all, anID{e, "id", "async", false})
	}
	if e["bind_id"] != nil {
		all = append(all, anID{e, "bind_id", "flow", false})
	}
	if args, is := e["args"].(map[string]any); is && e["ph"] != "C" {
		for _, key := range []string{"correlation", "External id", "Python id", "Python parent id", "Python module id"} {
			if args[key] != nil {
				kind := map[bool]string{true: "Python frame", false: key}[strings.HasPrefix(key, "Python ") && key != "Python module id"]
				all = append(all, anID{args, key, kind, !strings.HasPrefix(key, "Python")})
			}
		}
	}
	return slices.DeleteFunc(all, func(id anID) bool { return id.none && fmt.Sprint(id.in[id.key]) == "0" })
}

// value is the number that the id is, nil if it is none.
func (id anID) value() *big.Int {
	v := new(big.Int)
	var ok bool
	switch x := id.in[id.key].(type) {
	case json.Number:
		_, ok = v.SetString(string(x), 10)
	case string:
		if digits, is := strings.CutPrefix(x, "0x"); is {
			_, ok = v.SetString(digits, 16)
		}
	}
	if !ok {
		return nil
	}
	return v
}

func (id anID) shift(by *big.Int, label string) {
	v := id.value()
	switch id.in[id.key].(type) {
	case json.Number:
		id.in[id.key] = json.Number(v.Add(v, by).String())
	case string:
		if v == nil {
			id.in[id.key] = label + ": " + id.in[id.key].(string)
		} else {
			id.in[id.key] = "0x" + v.Add(v, by).Text(16)
		}
	}
}

func withoutMetadata(events []map[string]any) (all []map[string]any) {
	for _, e := range events {
		if e["ph"] != "M" {
			all = append(all, e)
		}
	}
	return all
}

func TestMergesAsANaiveMergerDoes(t *testing.T) {
	for _, c := range []struct {
		name string
		run  ranks.Config
	}{
		{"one host", ranks.Config{Ranks: 4, PerHost: 4}},
		{"a host each", ranks.Config{Ranks: 3, PerHost: 1}},
		{"other bases", ranks.Config{Ranks: 3, PerHost: 2, Bases: []int64{1_775_078_550_000_000_000, 1_767_189_312_000_000_000}}},
		{"a base and the epoch", ranks.Config{Ranks: 2, PerHost: 1, Bases: []int64{1_775_078_550_000_000_000, 0}}},
		{"epoch", ranks.Config{Ranks: 2, PerHost: 1, Bases: []int64{0}}},
		{"one", ranks.Config{Ranks: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.run.Steps, c.run.Layers = 4, 3
			inputs, sources := inputsOf(&c.run)
			_, got := merged(t, inputs, options(t, false))
			want := naively(t, sources, got.base)
			cmptest.Same(t, "events", want.events, withoutMetadata(got.Events))
			names, labels := map[string]string{}, map[string]string{}
			for _, e := range got.Events {
				args, _ := e["args"].(map[string]any)
				switch e["name"] {
				case "process_name":
					names[fmt.Sprint(e["pid"])] = args["name"].(string)
				case "process_labels":
					labels[fmt.Sprint(e["pid"])] = args["labels"].(string)
				}
			}
			cmptest.Same(t, "names", want.names, names)
			cmptest.Same(t, "labels", want.labels, labels)
		})
	}
}

func TestNothingIsSharedByTwoRanks(t *testing.T) {
	run := ranks.Config{Ranks: 5, PerHost: 2, Steps: 6, Layers: 3, Args: ranks.Seq, Offsets: []float64{0, 1e6, -1e6}}
	inputs, sources := inputsOf(&run)
	_, d := merged(t, inputs, options(t, true))
	owner, joins := map[string]int{}, map[string][]string{}
	kept := map[string]int{}
	order := map[int][]int64{}
	ofPid := map[string]int{}
	for _, e := range d.Events {
		rank, key, _, ok := truth(e)
		if !ok {
			continue
		}
		kept[key]++
		ofPid[fmt.Sprint(e["pid"])] = rank
		shared := []string{"pid " + fmt.Sprint(e["pid"])}
		for _, id := range idsOf(e) {
			of := fmt.Sprintf("%s %v", id.kind, id.in[id.key])
			shared = append(shared, of)
			joins[of] = append(joins[of], key)
		}
		for _, s := range shared {
			if by, known := owner[s]; known && by != rank {
				t.Fatalf("%s is of ranks %d and %d", s, by, rank)
			}
			owner[s] = rank
		}
	}
	// What ids join is the same as before.
	before := map[string]int{}
	for _, text := range sources {
		joined := map[string][]string{}
		for _, e := range parse(t, text).Events {
			_, key, _, ok := truth(e)
			if !ok {
				continue
			}
			before[key]++
			for _, id := range idsOf(e) {
				of := fmt.Sprintf("%s %v", id.kind, id.in[id.key])
				joined[of] = append(joined[of], key)
			}
		}
		for _, keys := range joined {
			joins[fmt.Sprint(keys)] = append(joins[fmt.Sprint(keys)], "before")
		}
	}
	for of, keys := range joins {
		if strings.HasPrefix(of, "[") {
			continue
		}
		if joins[fmt.Sprint(keys)] == nil {
			t.Fatalf("%s joins %v, which nothing did before", of, keys)
		}
	}
	cmptest.Same(t, "events that are kept", before, kept)
	for _, e := range d.Events {
		if e["name"] == "process_sort_index" {
			rank, known := ofPid[fmt.Sprint(e["pid"])]
			if !known {
				continue
			}
			n, _ := e["args"].(map[string]any)["sort_index"].(json.Number).Int64()
			order[rank] = append(order[rank], n)
		}
	}
	for rank := 1; rank < run.Ranks; rank++ {
		if slices.Max(order[rank-1]) >= slices.Min(order[rank]) {
			t.Errorf("rank %d stands at %v, and rank %d at %v", rank-1, order[rank-1], rank, order[rank])
		}
	}
	if len(order) != run.Ranks {
		t.Errorf("order of %d ranks", len(order))
	}
}
