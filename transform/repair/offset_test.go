package repair

import (
	"encoding/json"
	"math/big"
	"testing"
)

// wallTimes are the times of events since 1970, in ns, by exact arithmetic.
func wallTimes(t *testing.T, text []byte) (all []string) {
	t.Helper()
	var doc struct {
		BaseTimeNanoseconds json.Number
		TraceEvents         []struct {
			Ph string
			TS json.Number
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	rat := func(n json.Number) *big.Rat {
		r := new(big.Rat)
		if n != "" {
			r.SetString(n.String())
		}
		return r
	}
	for _, e := range doc.TraceEvents {
		if e.Ph != "M" {
			ns := new(big.Rat).Mul(rat(e.TS), big.NewRat(1000, 1))
			all = append(all, ns.Add(ns, rat(doc.BaseTimeNanoseconds)).RatString())
		}
	}
	return all
}

// Times since 1970 that a viewer rounds are counted from a base. Nothing is moved to a
// lane, and everything happens when it did.
func TestReportedRounding(t *testing.T) {
	in := reported(t, "56-kineto-epoch-ns-abutting.json")
	if r := checkText(t, in); r.Clean {
		t.Fatal("nothing overlaps in the input")
	}
	out, set, r, err := repairText(t, in, Options{})
	if err != nil || len(set) > 0 {
		t.Fatal(err, string(set))
	}
	if len(r.Counts) != 1 || r.Counts[0].Kind != Rebase {
		t.Errorf("repairs: %v", r.Counts)
	}
	if r := checkText(t, out); !r.Clean || r.Loads != true {
		t.Errorf("check finds %v", r.Findings)
	}
	before, after := wallTimes(t, in), wallTimes(t, out)
	for i := range before {
		if before[i] != after[i] {
			t.Fatalf("event %d was at %s ns, and is at %s", i, before[i], after[i])
		}
	}
}

// Times before zero are moved, all by as much.
func TestReportedTimesBeforeZero(t *testing.T) {
	in := reported(t, "22-bazel-negative-ts.json")
	out, set, _, err := repairText(t, in, Options{})
	if err != nil || len(set) > 0 {
		t.Fatal(err, string(set))
	}
	if r := checkText(t, out); !r.Clean || r.Slices != 5 {
		t.Errorf("%d slices; check finds %v", r.Slices, r.Findings)
	}
	was, is := shapesOf(t, in), shapesOf(t, out)
	for i := range was {
		if was[i].Ph != "M" && is[i].TS != was[i].TS+613000 {
			t.Errorf("event %d was at %v, and is at %v", i, was[i].TS, is[i].TS)
		}
	}
}
