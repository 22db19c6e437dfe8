package filter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tracekit/filter"
	"tracekit/internal/spill"
	"tracekit/internal/testkit/reference"
	"tracekit/internal/testkit/streams"
	"tracekit/trace"
	"tracekit/transform/internal/keep"
)

// conditions are expressions and what they mean, in plain words of Go.
var conditions = []struct {
	source string
	meets  reference.Condition
}{
	{`cat == "kernel"`, func(e *reference.Event, _ int64, _ bool, _ int) bool { return text(e, "cat") == "kernel" }},
	{`dur >= 2us`, func(_ *reference.Event, dur int64, has bool, _ int) bool { return has && dur >= 2000 }},
	{`dur < 3us || ph == "C"`, func(e *reference.Event, dur int64, has bool, _ int) bool { return has && dur < 3000 || e.Phase == "C" }},
	{`ph == "X" || ph in ("B", "b")`, func(e *reference.Event, _ int64, _ bool, _ int) bool {
		return e.Phase == "X" || e.Phase == "B" || e.Phase == "b"
	}},
	{`name == "aten::mm"`, func(e *reference.Event, _ int64, _ bool, _ int) bool { return text(e, "name") == "aten::mm" }},
	{`cat != "python_function"`, func(e *reference.Event, _ int64, _ bool, _ int) bool { return text(e, "cat") != "python_function" }},
	{`(ts || !ts) && (end < 1s || !(end < 1s)) && cat == "cpu_op"`, func(e *reference.Event, _ int64, _ bool, _ int) bool { return text(e, "cat") == "cpu_op" }}, // needs the trace's zero
	{`cat == "nonesuch"`, func(*reference.Event, int64, bool, int) bool { return false }},
	{`cat contains "cuda" || cat == "cpu_op"`, func(e *reference.Event, _ int64, _ bool, _ int) bool {
		return strings.Contains(text(e, "cat"), "cuda") || text(e, "cat") == "cpu_op"
	}},
}

func text(e *reference.Event, key string) string {
	for i := len(e.Members) - 1; i >= 0; i-- {
		if e.Members[i].Name == key {
			return trace.Unquote([]byte(e.Members[i].Text))
		}
	}
	return ""
}

func filterBytes(t *testing.T, data []byte, o Options, by streams.Way, kept int) []byte {
	t.Helper()
	var out bytes.Buffer
	by.Open(t, data, func(s *trace.Source, temp func() (*spill.File, error)) {
		o.Spill = temp
		if _, err := filterKeeping(context.Background(), s, trace.NewWriter(&out), o, kept); err != nil {
			t.Fatalf("%s: %v", by.Name, err)
		}
	})
	return out.Bytes()
}

func judgeFilter(t *testing.T, data []byte, parsed *reference.Trace, source string, meets reference.Condition, related Related, what string) []byte {
	t.Helper()
	x, err := filter.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	outs := reference.Filter(parsed, meets, reference.Related{
		Parents: related.Parents, Children: related.Children, Device: related.Device, Flows: related.Flows, IsDevice: streams.DevicesIn(t, data),
	})
	o := Options{Expr: x, Related: related}
	first := filterBytes(t, data, o, streams.Ways[0], keep.KeptBytes)
	if err := reference.Compare(first, outs); err != nil {
		t.Fatalf("%s, %s %+v: %v", what, source, related, err)
	}
	// With room for all but the flow events, about.
	if got := filterBytes(t, data, o, streams.Ways[0], len(data)); !bytes.Equal(first, got) {
		t.Fatalf("%s, %s: in little memory the output differs", what, source)
	}
	by := streams.OtherWay(len(data))
	if got := filterBytes(t, data, o, by, 0); !bytes.Equal(first, got) { // with nothing held in memory
		t.Fatalf("%s, %s: by %s the output differs", what, source, by.Name)
	}
	return first
}

func TestFilterAgreesWithReference(t *testing.T) {
	n := uint64(60)
	if testing.Short() {
		n = 20
	}
	for seed := range n {
		rng := rand.New(rand.NewPCG(seed, 5))
		data := reference.Random(rng, 5+int(seed%60))
		parsed, err := reference.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			c := conditions[rng.IntN(len(conditions))]
			related := Related{Parents: rng.IntN(3) == 0, Children: rng.IntN(3) == 0, Device: rng.IntN(3) == 0, Flows: rng.IntN(3) == 0}
			judgeFilter(t, data, parsed, c.source, c.meets, related, fmt.Sprint("seed ", seed))
		}
	}
}

// Without begins and ends, and slices that speak of flows, what is kept is written
// on the last pass, whatever the order in which slices and flows come.
func TestFilterInOnePass(t *testing.T) {
	heldFlows := 0
	for seed := range uint64(250) {
		rng := rand.New(rand.NewPCG(seed, 7))
		parsed, err := reference.Parse(reference.Random(rng, 5+int(seed%90)))
		if err != nil {
			t.Fatal(err)
		}
		var events []string
		for _, e := range parsed.Events {
			if !strings.Contains("B E b e", e.Phase) && !strings.Contains(e.Raw, "bind_id") {
				events = append(events, e.Raw)
			}
		}
		switch seed % 3 {
		case 1: // flows before slices
			isOther := func(event string) bool { return !isFlowText(event) }
			events = append(slices.DeleteFunc(slices.Clone(events), isOther), slices.DeleteFunc(events, isFlowText)...)
		case 2:
			rng.Shuffle(len(events), func(i, k int) { events[i], events[k] = events[k], events[i] })
		}
		data := []byte(`{"a":[1],"traceEvents": [` + strings.Join(events, ",\n") + `],"b":2}`)
		if parsed, err = reference.Parse(data); err != nil {
			t.Fatal(err)
		}
		c := conditions[rng.IntN(len(conditions))]
		related := Related{Parents: rng.IntN(6) == 0, Children: rng.IntN(6) == 0, Device: rng.IntN(4) == 0, Flows: rng.IntN(6) == 0}
		if isFlowText(string(judgeFilter(t, data, parsed, c.source, c.meets, related, fmt.Sprint("seed ", seed)))) {
			heldFlows++
		}
	}
	if heldFlows < 8 {
		t.Errorf("flows are kept in %d traces only", heldFlows)
	}
}

var flowEvent = regexp.MustCompile(`"ph"\s*:\s*"[stf]"`)

func isFlowText(text string) bool { return flowEvent.MatchString(text) }

func TestFilterByDepthAndNames(t *testing.T) {
	judged := 0
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 6))
		data := reference.Random(rng, 5+int(seed%40))
		parsed, err := reference.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		if len(reference.Overlaps(parsed)) > 0 {
			continue // what is around what is no question of depth then
		}
		judged++
		k := rng.IntN(3)
		judgeFilter(t, data, parsed, fmt.Sprintf("depth >= %d", k), func(_ *reference.Event, _ int64, _ bool, depth int) bool {
			return depth >= 0 && depth >= k
		}, Related{}, fmt.Sprint("seed ", seed))
	}
	if judged < 8 {
		t.Fatalf("only %d traces were judged", judged)
	}
	const named = `{"traceEvents":[
{"ph":"X","name":"a","pid":1,"tid":2,"ts":1,"dur":1},{"ph":"X","name":"b","pid":1,"tid":3,"ts":1,"dur":1},
{"ph":"X","name":"c","pid":7,"tid":0,"ts":1,"dur":1},
{"ph":"M","name":"process_name","pid":1,"args":{"name":"host"}},{"ph":"M","name":"process_name","pid":7,"tid":0,"args":{"name":"vLLM \"x\""}},
{"ph":"M","name":"thread_name","pid":1,"tid":3,"args":{"name":"worker"}}]}`
	for source, want := range map[string][]string{
		`process == "host" && thread == "worker"`: {`"b"`, `"host"`, `"worker"`},
		`process contains "vLLM \"x"`:             {`"c"`, `vLLM`},
		`thread == ""`:                            {`"a"`, `"c"`, `"host"`, `vLLM`},
	} {
		x, err := filter.Parse(source)
		if err != nil {
			t.Fatal(err)
		}
		out := string(filterBytes(t, []byte(named), Options{Expr: x}, streams.Ways[0], keep.KeptBytes))
		if n := strings.Count(out, `"ph"`); n != len(want) {
			t.Errorf("%s: %d events, want %d:\n%s", source, n, len(want), out)
		}
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%s: %s is missing in\n%s", source, w, out)
			}
		}
	}
}

// counting counts what is read.
type counting struct {
	io.Reader
	n int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}

// A disk for temporary data that is full ends the reading, and not what comes behind it.
func TestFullDiskEndsAtOnce(t *testing.T) {
	var text bytes.Buffer
	text.WriteString(`{"traceEvents":[`)
	for i := range 300_000 {
		fmt.Fprintf(&text, `{"ph":"X","name":"a","pid":1,"tid":%d,"ts":%d,"dur":%d},`, i%1000, i*7, i*7919%10_007)
	}
	text.WriteString(`{"ph":"i","name":"end","pid":1,"tid":1,"ts":1}]}`)
	whole := text.Len()
	for expr, related := range map[string]Related{"dur > 1us": {}, `name == "b"`: {Flows: true}} {
		x, err := filter.Parse(expr)
		if err != nil {
			t.Fatal(err)
		}
		in := &counting{Reader: bytes.NewReader(text.Bytes())}
		s, err := trace.NewSource(in, -1, trace.SourceOptions{Spool: spill.In(t.TempDir())})
		if err != nil {
			t.Fatal(err)
		}
		o := Options{Expr: x, Related: related, Spill: func() (*spill.File, error) { return nil, spill.ErrNoRoom }}
		if _, err := filterKeeping(context.Background(), s, trace.NewWriter(io.Discard), o, 0); !errors.Is(err, spill.ErrNoRoom) || in.n > whole*3/4 {
			t.Errorf("%s: %v after %d of %d bytes", expr, err, in.n, whole)
		}
		s.Close()
	}
}
