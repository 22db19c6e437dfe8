package tracegen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// event is an event as encoding/json sees it: the judge of what was written.
type event struct {
	Ph, Cat, Name string
	Pid, Tid      any
	ID            any
	Ts, Dur       json.Number
	Args          map[string]any
	raw           string
}

func (e *event) tally() string { return e.Ph + ":" + e.Cat }
func (e *event) track() string { return fmt.Sprint(e.Pid, "/", e.Tid) }

// generate is Text as a string.
func generate(t testing.TB, c Config) (string, Truth) {
	t.Helper()
	text, truth := Text(t, c)
	return string(text), truth
}

// parse reads a trace strictly. A server_events array is closed first.
func parse(t testing.TB, text string) []event {
	t.Helper()
	var raws []json.RawMessage
	var err error
	if inner, ok := strings.CutSuffix(text, ","); ok {
		err = json.Unmarshal([]byte(inner+"]"), &raws)
	} else {
		var doc struct{ TraceEvents []json.RawMessage }
		err = json.Unmarshal([]byte(text), &doc)
		raws = doc.TraceEvents
	}
	if err != nil {
		t.Fatalf("not JSON: %v", err)
	}
	events := make([]event, len(raws))
	for i, raw := range raws {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if err := d.Decode(&events[i]); err != nil {
			t.Fatalf("event %d: %v: %s", i, err, raw)
		}
		events[i].raw = string(raw)
	}
	return events
}

// units reads decimal microseconds as an integer with so many decimals.
func units(t testing.TB, n json.Number, decimals int) int64 {
	t.Helper()
	whole, frac, _ := strings.Cut(string(n), ".")
	frac = (frac + "00000000")[:decimals]
	v, err := strconv.ParseInt(whole+frac, 10, 64)
	if err != nil {
		t.Fatalf("time %q: %v", n, err)
	}
	return v
}

func ns(t testing.TB, n json.Number) int64 { return units(t, n, 3) }

// matrix is every combination of producer, layout, hardware and Python, but
// for SGLang, which differs from CUDA in names only.
func matrix(f func(Config)) {
	for _, p := range []Producer{Gaudi, CUDA, SGLang} {
		for _, l := range []Layout{Kineto, Dump, Indent2} {
			if p == SGLang && l != Kineto {
				continue
			}
			for i := range 4 {
				f(Config{Seed: 7, Producer: p, Layout: l, Steps: 4, Layers: 2, Hardware: i&1 > 0, Python: i&2 > 0})
			}
		}
	}
	f(Config{Seed: 7, Steps: 40, Array: true})
	f(Config{Seed: 7, Steps: 9, Producer: CUDA, Hardware: true, Epoch: true})
}

func (c Config) String() string {
	return fmt.Sprintf("%s/%s/hardware=%v/python=%v/array=%v/epoch=%v", c.Producer, c.Layout, c.Hardware, c.Python, c.Array, c.Epoch)
}

func isDevice(e *event) bool { return slices.Contains(deviceKinds, e.tally()) }

// checkNesting fails if slices of one thread overlap without one holding the other.
func checkNesting(t *testing.T, events []event, decimals int) {
	t.Helper()
	type slice struct {
		a, b int64
		e    *event
	}
	tracks := map[string][]slice{}
	for i := range events {
		if e := &events[i]; e.Ph == "X" {
			a := units(t, e.Ts, decimals)
			tracks[e.track()] = append(tracks[e.track()], slice{a, a + units(t, e.Dur, decimals), e})
		}
	}
	for name, s := range tracks {
		slices.SortStableFunc(s, func(x, y slice) int {
			if x.a != y.a {
				return int(min(max(x.a-y.a, -1), 1))
			}
			return int(min(max(y.b-x.b, -1), 1))
		})
		var open []slice
		for _, x := range s {
			if x.b < x.a {
				t.Fatalf("track %s: negative duration: %s", name, x.e.raw)
			}
			for len(open) > 0 && open[len(open)-1].b <= x.a {
				open = open[:len(open)-1]
			}
			if len(open) > 0 && x.b > open[len(open)-1].b {
				t.Fatalf("track %s: %s\nreaches out of %s", name, x.e.raw, open[len(open)-1].e.raw)
			}
			open = append(open, x)
		}
	}
}
