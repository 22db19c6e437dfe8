package merge

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tracekit/internal/spill"
	"tracekit/internal/testkit/ranks"
	"tracekit/trace"
)

// inputOf is a trace in memory.
func inputOf(name string, data []byte) Input {
	return Input{
		Name: name,
		With: func(_ bool, f func(s *trace.Source) error) error {
			s, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
			if err != nil {
				return err
			}
			defer s.Close()
			return f(s)
		},
	}
}

func inputsOf(c *ranks.Config) (inputs []Input, sources [][]byte) {
	for r := range c.Ranks {
		data := c.Trace(r)
		sources = append(sources, data)
		inputs = append(inputs, inputOf(fmt.Sprintf("rank-%d.json", r), data))
	}
	return inputs, sources
}

func options(t *testing.T, align bool) Options {
	return Options{Align: align, Spill: func() (*spill.File, error) { return spill.Create("") }}
}

// merged merges inputs, and reads the result as any reader of JSON would.
func merged(t *testing.T, inputs []Input, o Options) (*Plan, *document) {
	t.Helper()
	p, err := Learn(context.Background(), inputs, o)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	rep, err := p.Write(context.Background(), trace.NewWriter(&out))
	if err != nil {
		t.Fatal(err)
	}
	d := parse(t, out.Bytes())
	if int64(len(d.Events)) != rep.EventsOut {
		t.Errorf("%d events are written, and %d told of", len(d.Events), rep.EventsOut)
	}
	return p, d
}

// document is a trace as encoding/json reads it.
type document struct {
	members map[string]json.RawMessage
	base    int64
	Events  []map[string]any
}

func parse(t *testing.T, text []byte) *document {
	t.Helper()
	d := &document{}
	if err := json.Unmarshal(text, &d.members); err != nil {
		t.Fatalf("%v in\n%.2000s", err, text)
	}
	read := json.NewDecoder(bytes.NewReader(d.members["traceEvents"]))
	read.UseNumber()
	if err := read.Decode(&d.Events); err != nil {
		t.Fatal(err)
	}
	d.base, _ = strconv.ParseInt(string(d.members["baseTimeNanoseconds"]), 10, 64)
	return d
}

// truth is what an event says of itself: its rank, its number, when it began, in ns.
func truth(e map[string]any) (rank int, key string, at int64, ok bool) {
	text, ok := e["truth"].(string)
	if args, is := e["args"].(map[string]any); is && !ok {
		text, ok = args["truth"].(string)
	}
	if !ok {
		return 0, "", 0, false
	}
	parts := strings.Split(text, "/")
	rank, _ = strconv.Atoi(parts[0])
	at, _ = strconv.ParseInt(parts[2], 10, 64)
	return rank, text, at, true
}

// nanoseconds reads microseconds.
func nanoseconds(t *testing.T, v any) int64 {
	t.Helper()
	whole, decimals, _ := strings.Cut(fmt.Sprint(v), ".")
	n, err := strconv.ParseInt(whole+(decimals + "000")[:3], 10, 64)
	if err != nil {
		t.Fatalf("time %v: %v", v, err)
	}
	return n
}

// clockError is how far times of ranks are from what they would be on one clock, that of the
// first rank, in ns: the median over all events, and the largest of the medians of ranks.
func clockError(t *testing.T, d *document) (all, worst float64) {
	t.Helper()
	byRank := map[int][]float64{}
	for _, e := range d.Events {
		if rank, _, at, ok := truth(e); ok {
			byRank[rank] = append(byRank[rank], float64(d.base+nanoseconds(t, e["ts"])-at))
		}
	}
	reference := byRank[0]
	var errors []float64
	for rank, off := range byRank {
		if rank == 0 {
			continue
		}
		// The reference may drift itself: it is what clocks are brought to.
		var mine []float64
		for i, v := range off {
			mine = append(mine, math.Abs(v-reference[min(i*len(reference)/len(off), len(reference)-1)]))
		}
		slices.Sort(mine)
		errors = append(errors, mine...)
		worst = max(worst, mine[len(mine)/2])
	}
	slices.Sort(errors)
	return errors[len(errors)/2], worst
}
