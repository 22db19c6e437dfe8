package info

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tracekit/filter"
	"tracekit/trace"
	"tracekit/transform/strip"
)

var update = flag.Bool("update", false, "write what is recognised into testdata/producers.txt")

const cases = "../../testdata/cases"

// samples are the traces in the shapes of producers, those that can be read.
func samples(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(cases + "/*.json")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d samples: %v", len(files), err)
	}
	all := map[string][]byte{}
	for _, f := range files {
		if name := strings.TrimSuffix(filepath.Base(f), ".json"); !strings.HasSuffix(name, ".names") {
			if all[name], err = os.ReadFile(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	return all
}

// recognised calls yield for each event but metadata, with what a Recognizer that has learnt
// from all of them says of it.
func recognised(t *testing.T, data []byte, yield func(e *trace.Event, side filter.Side, kinds filter.Kinds)) error {
	t.Helper()
	var r filter.Recognizer
	var events []trace.Event
	_, err := source(t, data).SurveyParts(func(p *trace.Part) error {
		if p.Text != nil {
			r.LearnDocument(p.Text)
		}
		for i := range p.Events {
			r.Learn(&p.Events[i])
			events = append(events, p.Events[i].Clone())
		}
		return nil
	})
	for i := range events {
		if e := &events[i]; !e.IsMeta() {
			yield(e, r.Side(e), r.Kinds(e))
		}
	}
	return err
}

// TestTruthOfSamples asserts what the samples say of their slices: d ran on a device, r calls
// the runtime, p is a frame of Python, h other work of the host.
func TestTruthOfSamples(t *testing.T) {
	judged := 0
	for name, data := range samples(t) {
		recognised(t, data, func(e *trace.Event, side filter.Side, kinds filter.Kinds) {
			var args struct{ Truth string }
			if json.Unmarshal(e.Args(), &args) != nil || args.Truth == "" {
				return
			}
			got := "h"
			switch {
			case side == filter.Device:
				got = "d"
			case kinds&filter.Python != 0:
				got = "p"
			case kinds&filter.Runtime != 0:
				got = "r"
			}
			if judged++; got != args.Truth {
				t.Errorf("%s: %s, want %s: %s", name, got, args.Truth, e.Raw())
			}
		})
	}
	if judged < 100 {
		t.Errorf("only %d events say what they are", judged)
	}
}

// TestProducersOfSamples holds what is recognised of each sample as text.
func TestProducersOfSamples(t *testing.T) {
	var b strings.Builder
	all := samples(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "== %s\n%s\n", name, recognisedText(t, all[name]))
	}
	const golden = "testdata/producers.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := differ(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); diff != "" {
		t.Errorf("go test ./transform/info -run Samples -update writes it anew:\n%s", diff)
	}
}

// recognisedText is what is recognised of a trace.
func recognisedText(t *testing.T, data []byte) string {
	t.Helper()
	groups := map[string]map[string]int{}
	hardware := 0
	err := recognised(t, data, func(e *trace.Event, side filter.Side, kinds filter.Kinds) {
		kind := "other"
		switch {
		case side == filter.Device:
			kind = "hardware"
			hardware++
		case kinds&filter.Python != 0:
			kind = "python"
		case kinds&filter.Runtime != 0:
			kind = "runtime"
		}
		if groups[kind] == nil {
			groups[kind] = map[string]int{}
		}
		groups[kind][fmt.Sprintf("%c %s on %s/%s", e.Phase, cmpOr(string(e.Cat()), "-"), e.Pid(), e.Tid())]++
	})
	if err != nil {
		return "no trace\n"
	}
	i := inspect(t, data, Options{})
	var b strings.Builder
	fmt.Fprintf(&b, "made by: %s\n", i.Producer)
	if i.Steps != nil {
		fmt.Fprintf(&b, "steps: %s\n", i.Steps.Markers)
	}
	for _, kind := range []string{"hardware", "runtime", "python", "other"} {
		var lines []string
		for what, n := range groups[kind] {
			lines = append(lines, fmt.Sprintf("  %s: %d\n", what, n))
		}
		slices.Sort(lines)
		if len(lines) > 0 {
			fmt.Fprintf(&b, "%s:\n%s", kind, strings.Join(lines, ""))
		}
	}
	return b.String()
}

// differ shows the lines that only one of two lists has.
func differ(want, got []string) string {
	count := map[string]int{}
	for _, l := range want {
		count[l]--
	}
	for _, l := range got {
		count[l]++
	}
	var b strings.Builder
	for _, l := range slices.Sorted(maps.Keys(count)) {
		if n := count[l]; n != 0 {
			fmt.Fprintf(&b, "%+d %.200s\n", n, l)
		}
	}
	return b.String()
}

func cmpOr(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// TestStripDropsWhatIsRecognised judges strip, which has one pass, by a Recognizer that knows
// all, for samples whose names stand where they do and behind all else.
func TestStripDropsWhatIsRecognised(t *testing.T) {
	for name, data := range samples(t) {
		for _, data := range [][]byte{data, namesLast(data)} {
			if data == nil {
				continue
			}
			var want []string
			if recognised(t, data, func(e *trace.Event, side filter.Side, _ filter.Kinds) {
				if nests := strings.ContainsRune("XBE", rune(e.Phase)); nests && side != filter.Device {
					want = append(want, string(e.Raw()))
				}
			}) != nil {
				continue
			}
			r, err := source(t, data).Read()
			if err != nil {
				continue
			}
			var out bytes.Buffer
			if _, err = strip.Run(t.Context(), r, trace.NewWriter(&out), strip.Options{Hardware: true}); err != nil {
				t.Fatal(err)
			}
			r.Close()
			var got []string
			recognised(t, out.Bytes(), func(e *trace.Event, _ filter.Side, _ filter.Kinds) {
				if strings.ContainsRune("XBE", rune(e.Phase)) {
					got = append(got, string(e.Raw()))
				}
			})
			slices.Sort(got)
			slices.Sort(want)
			if diff := differ(want, got); diff != "" {
				t.Errorf("%s: \n%s", name, diff)
			}
		}
	}
}

// namesLast is a trace with its metadata behind all else, nil if it is not plain JSON.
func namesLast(data []byte) []byte {
	var document struct {
		TraceEvents      []json.RawMessage `json:"traceEvents"`
		DeviceProperties json.RawMessage   `json:"deviceProperties,omitempty"`
	}
	if json.Unmarshal(data, &document) != nil && json.Unmarshal(data, &document.TraceEvents) != nil {
		return nil
	}
	isName := func(e json.RawMessage) int {
		var ph struct{ Ph string }
		json.Unmarshal(e, &ph)
		if ph.Ph == "M" {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(document.TraceEvents, func(a, b json.RawMessage) int { return isName(a) - isName(b) })
	text, err := json.Marshal(document)
	if err != nil {
		return nil
	}
	return text
}
