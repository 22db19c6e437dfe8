package report

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tracekit/trace"
	"tracekit/transform/window"
)

// reportOf measures events, from a time on in ns.
func reportOf(t *testing.T, from int, events []string) *Report {
	t.Helper()
	text := []byte(`{"traceEvents":[` + strings.Join(events, ",\n") + `]}`)
	s, err := trace.NewSource(bytes.NewReader(text), int64(len(text)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	bound, err := window.Parse(fmt.Sprintf("%dns", from))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(context.Background(), s, Options{Range: &window.Range{From: bound}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What is measured of a slice does not depend on whether it is written as one event or as a
// begin and an end, and not on where these stand in the file.
func TestBeginsAndEndsAreMeasuredAsSlicesAre(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 5))
		var complete, pairs []string
		name := func(cat string) string {
			return fmt.Sprintf(`"cat":"%s","name":"f%d","pid":%d,"tid":%d`, cat, rng.IntN(4), map[string]int{"python_function": 1, "kernel": 0}[cat], 7)
		}
		var nest func(cat string, from, to, depth int)
		nest = func(cat string, from, to, depth int) {
			for at := from + rng.IntN(9); at < to && depth < 5; {
				end := min(to, at+1+rng.IntN(120))
				what := name(cat)
				complete = append(complete, fmt.Sprintf(`{"ph":"X",%s,"ts":%d,"dur":%d}`, what, at, end-at))
				pairs = append(pairs, fmt.Sprintf(`{"ph":"B",%s,"ts":%d}`, what, at))
				nest(cat, at+1, end-1, depth+1)
				pairs = append(pairs, fmt.Sprintf(`{"ph":"E",%s,"ts":%d}`, what, end))
				at = end + 1 + rng.IntN(9)
			}
		}
		nest("python_function", 0, 900, 0)
		nest("kernel", 0, 900, 4)
		complete = append(complete, `{"ph":"i","pid":1,"tid":1,"ts":0,"name":"zero"}`)
		pairs = append(pairs, `{"ph":"i","pid":1,"tid":1,"ts":0,"name":"zero"}`)
		from := []int{0, 100_000}[seed%2]
		want := reportOf(t, from, complete)
		for _, order := range []string{"in order", "in any order"} {
			if order != "in order" {
				rng.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
			}
			got := reportOf(t, from, pairs)
			for _, c := range []struct {
				what      string
				got, want any
			}{{"python", got.Python, want.Python}, {"devices", got.Devices, want.Devices}, {"kernels", got.Kernels, want.Kernels}} {
				if !reflect.DeepEqual(c.got, c.want) {
					t.Fatalf("seed %d, %s, %s:\ngot  %+v\nwant %+v", seed, order, c.what, c.got, c.want)
				}
			}
		}
	}
}

func TestEndsCloseBeginsOfTheirName(t *testing.T) {
	frame := func(ph, name string, ts int) string {
		return fmt.Sprintf(`{"ph":"%s","cat":"python_function","name":"%s","pid":1,"tid":7,"ts":%d}`, ph, name, ts)
	}
	for _, c := range []struct {
		name, want string
		events     []string
	}{
		{"an inner one that has no end", "a 8000", []string{frame("B", "a", 1), frame("B", "b", 3), frame("E", "a", 9)}},
		{"an end without a name", "a 8000, b 2000", []string{frame("B", "a", 1), frame("B", "b", 3), frame("E", "", 5), frame("E", "", 9)}},
		{"an end without a begin", "a 8000", []string{frame("E", "b", 0), frame("B", "a", 1), frame("E", "a", 9)}},
		{"that abut, the begin first", "a 8000", []string{frame("B", "a", 1), frame("B", "a", 5), frame("E", "a", 5), frame("E", "a", 9)}},
		{"of no length", "a 0", []string{frame("B", "a", 1), frame("E", "a", 1)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, f := range reportOf(t, 0, c.events).Python {
				got = append(got, fmt.Sprintf("%s %d", f.Function, f.Total))
			}
			slices.Sort(got)
			if text := strings.Join(got, ", "); text != c.want {
				t.Errorf("got %q, want %q", text, c.want)
			}
		})
	}
}
