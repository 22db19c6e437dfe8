package repair

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// reported is a file of testdata/cases, in the shape of what somebody met.
func reported(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../testdata/cases", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// shape is an event as far as these tests look at it.
type shape struct {
	Ph, Cat, Name string
	Pid, Tid      any
	TS, Dur       float64
	ID            any
	Args          map[string]any
}

func shapesOf(t *testing.T, text []byte) (all []shape) {
	t.Helper()
	var doc struct{ TraceEvents []shape }
	if err := json.Unmarshal(text, &doc.TraceEvents); err == nil {
		return doc.TraceEvents
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatalf("%v in %.300s", err, text)
	}
	return doc.TraceEvents
}

// Quotes and Windows paths in names: each name is what it was meant to be, and no member
// is made up.
func TestReportedNames(t *testing.T) {
	for _, file := range []string{"21-kineto-quotes-sparse", "60-windows-backslashes"} {
		t.Run(file, func(t *testing.T) {
			out, _, _, err := repairText(t, reported(t, file+".json"), Options{})
			if err != nil {
				t.Fatal(err)
			}
			var want, got []string
			if err := json.Unmarshal(reported(t, file+".names.json"), &want); err != nil {
				t.Fatal(err)
			}
			for _, e := range shapesOf(t, out) {
				if e.Cat == "python_function" {
					got = append(got, e.Name)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("names, wanted and got:\n%s", diff)
			}
			var doc struct{ TraceEvents []map[string]any }
			if err := json.Unmarshal(out, &doc); err != nil {
				t.Fatal(err)
			}
			for _, e := range doc.TraceEvents {
				for key := range e {
					if !strings.Contains(" ph cat name pid tid ts dur args ", " "+key+" ") {
						t.Errorf("a member %q was made up: %v", key, e)
					}
				}
			}
		})
	}
}

// Threads whose tids are equal in 32 bits are three, each with its name.
func TestReportedThreads(t *testing.T) {
	out, _, _, err := repairText(t, reported(t, "73-pthread-tids.json"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	names, of := map[any]any{}, map[string]map[any]bool{}
	for _, e := range shapesOf(t, out) {
		if e.Ph == "M" {
			names[e.Tid] = e.Args["name"]
			continue
		}
		kind, _, _ := strings.Cut(e.Name, "_")
		if of[kind] == nil {
			of[kind] = map[any]bool{}
		}
		of[kind][names[e.Tid]] = true
		if tid, _ := e.Tid.(float64); tid >= 1<<32 {
			t.Errorf("tid %v does not fit into 32 bits", e.Tid)
		}
	}
	want := map[string]map[any]bool{"main": {"MainThread": true}, "work": {"Worker": true}, "io": {"IO": true}}
	if diff := cmp.Diff(want, of); diff != "" {
		t.Errorf("threads by what runs on them, wanted and got:\n%s", diff)
	}
	if r := checkText(t, out); !r.Clean {
		t.Errorf("check finds %v", r.Findings)
	}
}

// The names at ts -1 are kept, and shown.
func TestReportedMetadata(t *testing.T) {
	out, set, _, err := repairText(t, reported(t, "74-metadata-negative-ts.json"), Options{})
	if err != nil || len(set) > 0 {
		t.Fatal(err, string(set))
	}
	if r := checkText(t, out); !r.Clean || r.Slices != 2 {
		t.Errorf("check finds %v", r.Findings)
	}
	var names []any
	for _, e := range shapesOf(t, out) {
		if e.Ph == "M" {
			names = append(names, e.Args["name"])
		}
	}
	if diff := cmp.Diff([]any{"CTA view", "warp 3"}, names); diff != "" {
		t.Error(diff)
	}
}

// Flows of two ranks that have one id are told apart, and no start is left out.
func TestReportedRanks(t *testing.T) {
	for _, file := range []string{"03-sglang-merged.json", "04-merged-ids-collide.json"} {
		t.Run(file, func(t *testing.T) {
			in := reported(t, file)
			out, set, _, err := repairText(t, in, Options{})
			if err != nil || len(set) > 0 {
				t.Fatal(err, string(set))
			}
			ranks := map[any]map[string]bool{}
			starts, ends := 0, 0
			for _, e := range shapesOf(t, out) {
				switch e.Ph {
				case "s":
					starts++
				case "f":
					ends++
				default:
					continue
				}
				if ranks[e.ID] == nil {
					ranks[e.ID] = map[string]bool{}
				}
				ranks[e.ID][e.Pid.(string)[:6]] = true
			}
			for id, of := range ranks {
				if len(of) != 1 {
					t.Errorf("flow %v is of ranks %v", id, of)
				}
			}
			was := 0
			for _, e := range shapesOf(t, in) {
				if e.Ph == "s" {
					was++
				}
			}
			if r := checkText(t, out); starts != was || !r.Clean || r.Flows != int64(ends) {
				t.Errorf("%d starts of %d, %d ends, %d flows; check finds %v", starts, was, ends, r.Flows, r.Findings)
			}
		})
	}
}
