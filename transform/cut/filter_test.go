package cut

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"tracekit/filter"
	"tracekit/internal/reference"
	"tracekit/internal/spill"
	"tracekit/trace"
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

func filterBytes(t *testing.T, data []byte, o FilterOptions, by way, kept int) []byte {
	t.Helper()
	var so trace.SourceOptions
	if by.one {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	}
	size := int64(len(data))
	if by.pipe {
		size = -1
		so.Spool = func() (*spill.File, error) { return spill.Create(t.TempDir()) }
	}
	s, err := trace.NewSource(bytes.NewReader(data), size, so)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	o.Spill = func() (*spill.File, error) { return spill.Create(t.TempDir()) }
	var out bytes.Buffer
	if _, err := filterKeeping(context.Background(), s, trace.NewWriter(&out), o, kept); err != nil {
		t.Fatalf("%s: %v", by.name, err)
	}
	return out.Bytes()
}

func judgeFilter(t *testing.T, data []byte, parsed *reference.Trace, source string, meets reference.Condition, kin Kin, what string) []byte {
	t.Helper()
	x, err := filter.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	outs := reference.Filter(parsed, meets, reference.Kin{
		Parents: kin.Parents, Children: kin.Children, Device: kin.Device, Flows: kin.Flows, IsDevice: devicesIn(t, data),
	})
	o := FilterOptions{Expr: x, Kin: kin}
	first := filterBytes(t, data, o, ways[0], keptBytes)
	if err := reference.Compare(first, outs); err != nil {
		t.Fatalf("%s, %s %+v: %v", what, source, kin, err)
	}
	// With room for all but the flow events, about.
	if got := filterBytes(t, data, o, ways[0], len(data)); !bytes.Equal(first, got) {
		t.Fatalf("%s, %s: in little memory the output differs", what, source)
	}
	by := otherWay(len(data))
	if got := filterBytes(t, data, o, by, 0); !bytes.Equal(first, got) { // with nothing held in memory
		t.Fatalf("%s, %s: by %s the output differs", what, source, by.name)
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
			kin := Kin{Parents: rng.IntN(3) == 0, Children: rng.IntN(3) == 0, Device: rng.IntN(3) == 0, Flows: rng.IntN(3) == 0}
			judgeFilter(t, data, parsed, c.source, c.meets, kin, fmt.Sprint("seed ", seed))
		}
	}
}

// Without begins and ends, and slices that speak of arrows, what stays is written
// on the last pass, whatever the order in which slices and arrows come.
func TestFilterInOnePass(t *testing.T) {
	arrows := 0
	for seed := range uint64(150) {
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
		case 1: // arrows before slices
			slices.SortStableFunc(events, func(a, b string) int { return b2i(!isArrow(a)) - b2i(!isArrow(b)) })
		case 2:
			rng.Shuffle(len(events), func(i, k int) { events[i], events[k] = events[k], events[i] })
		}
		data := []byte(`{"a":[1],"traceEvents": [` + strings.Join(events, ",\n") + `],"b":2}`)
		if parsed, err = reference.Parse(data); err != nil {
			t.Fatal(err)
		}
		c := conditions[rng.IntN(len(conditions))]
		kin := Kin{Parents: rng.IntN(6) == 0, Children: rng.IntN(6) == 0, Device: rng.IntN(4) == 0, Flows: rng.IntN(6) == 0}
		arrows += b2i(isArrow(string(judgeFilter(t, data, parsed, c.source, c.meets, kin, fmt.Sprint("seed ", seed)))))
	}
	if arrows < 10 {
		t.Errorf("arrows stay in %d traces only", arrows)
	}
}

var arrow = regexp.MustCompile(`"ph"\s*:\s*"[stf]"`)

func isArrow(text string) bool { return arrow.MatchString(text) }

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
		}, Kin{}, fmt.Sprint("seed ", seed))
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
		out := string(filterBytes(t, []byte(named), FilterOptions{Expr: x}, ways[0], keptBytes))
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

func TestBindsEnclosing(t *testing.T) {
	for text, want := range map[string]bool{
		`"bp":"e"`:                           true,
		`"bp" :\n "e","more":1`:              true,
		`"bp":"n"`:                           false,
		`"more":"e"`:                         false,
		`"name":"bp","bp":"e"`:               true,
		`"name":"bp","bp":"x"`:               false,
		`"bp":"x","args":{"bp":"e"}`:         false,
		`"args":{"bp":"x"},"bp":"e"`:         true,
		`"args":{"bp":"e"}`:                  false,
		`"bp":"x","bp":"e"`:                  true,
		`"name":"\\"bp\\":\\"e\\"","bp":"x"`: false,
	} {
		text = strings.NewReplacer(`\n`, "\n", `\\`, `\`).Replace(text)
		parsed := false
		data := []byte(`[{"ph":"f","ts":1,"pid":1,"tid":1,"id":1,` + text + `}]`)
		eachOf(t, data, func(e *trace.Event) {
			parsed = true
			if got := bindsEnclosing(e); got != want {
				t.Errorf("%s: %v", text, got)
			}
		})
		if !parsed {
			t.Errorf("%s is not read", text)
		}
	}
}

func eachOf(t *testing.T, data []byte, f func(e *trace.Event)) {
	t.Helper()
	s, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.SurveyParts(func(p *trace.Part) error {
		for i := range p.Events {
			f(&p.Events[i])
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
