package requests

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"tracekit/internal/testkit/recorded"
	"tracekit/trace"
	"tracekit/transform/steps"
)

// What follows from the batches of vLLM on Gaudi is which requests its scheduler admitted, and
// when; chunks of a prompt, and what had begun before the capture, are known for that.
func TestInferredAreTheRequestsOfTheScheduler(t *testing.T) {
	type iteration struct {
		At      trace.Time
		Prefill map[string]int
		Decode  []string
	}
	var truth map[string]struct {
		Begin, End trace.Time
		Requests   []struct {
			ID          string
			First, Last trace.Time
		}
		Iterations []iteration
	}
	if err := json.Unmarshal(recorded.Text(t, "../../testdata/gaudi/truth.json.gz"), &truth); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"driver", "driver-second", "compiles", "async", "padding", "idle"} {
		t.Run(file, func(t *testing.T) {
			f := steps.NewFinder(steps.Options{})
			survey(t, recorded.Text(t, "../../testdata/gaudi/"+file+".json.gz"), 0, f.Learn)
			run, err := f.Run()
			if err != nil {
				t.Fatal(err)
			}
			found, err := Infer(run)
			if err != nil {
				t.Fatal(err)
			}
			truth := truth[file+".json.gz"]
			var want, got []string
			n := 0
			stepOf := map[int]int{} // by iteration of the capture, dummies apart
			for i := range run.Steps {
				if !run.Steps[i].Dummy {
					stepOf[n] = i
					n++
				}
			}
			n = 0
			seen := map[string]bool{}
			for _, it := range truth.Iterations {
				in := it.At >= truth.Begin && it.At < truth.End
				for id := range it.Prefill {
					if in && !seen[id] {
						want = append(want, fmt.Sprintf("admitted in %d", stepOf[n]))
					}
					seen[id] = true
				}
				if in {
					n++
				}
			}
			for _, r := range truth.Requests {
				if r.First < truth.Begin && (r.Last == 0 || r.Last > truth.Begin) {
					want = append(want, "begun before")
				}
			}
			for _, r := range found {
				if r.Begun {
					got = append(got, "begun before")
				} else {
					got = append(got, fmt.Sprintf("admitted in %d", r.FirstStep))
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("\ngot  %q\nwant %q", got, want)
			}
		})
	}
}
