package launches

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tracekit/filter"
	"tracekit/trace"
	"tracekit/transform/pipeline"
)

// at is an event of a file of two ranks.
type at struct {
	ts   int
	text string
}

// sharedDevice is a rank, whose work is on pid 0: calls of 4 kernels each 100 µs, the kernels by so
// much later; ids begin at first, External ids at external, if they are not 0.
func sharedDevice(rank, start, lag, first, external, stream int) (events []at) {
	const event = `{"ph":"X","cat":"%s","name":"of %d","pid":%d,"tid":%d,"ts":%d,"dur":5,"args":{%s}}`
	var work []at
	for i := range 8 {
		ids := fmt.Sprintf(`"correlation":%d`, first+i)
		if external > 0 {
			ids += fmt.Sprintf(`,"External id":%d`, external+i)
		}
		ts := start + 100*i
		events = append(events, at{ts, fmt.Sprintf(event, "cuda_runtime", rank, 100+rank, 1, ts, ids)})
		work = append(work, at{ts + lag, fmt.Sprintf(event, "kernel", rank, 0, stream, ts+lag, ids)})
	}
	return append(events, work...)
}

func byTime(events []at) []at {
	return slices.SortedStableFunc(slices.Values(events), func(a, b at) int { return a.ts - b.ts })
}

// Where two ranks with the same ids have their work on one device, each kernel is joined to the call
// of its own rank, as far as anything tells, and to none of another.
func TestRanksThatShareADevice(t *testing.T) {
	one := sharedDevice(0, 1000, 250, 10, 0, 7)
	shuffled := append(slices.Clone(one), sharedDevice(1, 1037, 250, 10, 0, 7)...)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	for name, c := range map[string]struct {
		events []at
		joined int // kernels
	}{
		"one file behind the other":         {append(slices.Clone(one), sharedDevice(1, 1037, 250, 10, 0, 7)...), 16},
		"each by time":                      {append(byTime(one), byTime(sharedDevice(1, 1037, 250, 10, 0, 7))...), 16},
		"one after the other":               {byTime(append(slices.Clone(one), sharedDevice(1, 9000, 250, 10, 0, 7)...)), 16},
		"External ids of their own":         {byTime(append(sharedDevice(0, 1000, 250, 10, 50, 7), sharedDevice(1, 1037, 250, 10, 90, 7)...)), 16},
		"work before the other rank's call": {byTime(append(slices.Clone(one), sharedDevice(1, 1300, 250, 10, 0, 7)...)), 16},
		"ids of one alone":                  {byTime(append(slices.Clone(one), sharedDevice(1, 1037, 250, 14, 0, 7)...)), 16},
		"nothing tells":                     {byTime(append(slices.Clone(one), sharedDevice(1, 1037, 250, 10, 0, 7)...)), 0},
		"nothing tells, by order":           {shuffled, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var text []string
			for _, e := range c.events {
				text = append(text, e.text)
			}
			judged := judgeRank(t, `{"traceEvents":[`+strings.Join(text, ",\n")+`]}`, "100")
			joined := 0
			for _, k := range judged {
				switch {
				case !k.known:
				case k.stays != (k.name == "of 0"):
					t.Errorf("a kernel %s is joined to another rank's call", k.name)
				default:
					joined++
				}
			}
			if joined != c.joined || len(judged) != 16 {
				t.Errorf("%d of %d kernels are joined, want %d", joined, len(judged), c.joined)
			}
		})
	}
}

// Kernels of which nothing tells the rank are joined where all calls that may have launched them say the same.
func TestSharedDeviceWhereAllCallsAgree(t *testing.T) {
	var text []string
	for _, e := range byTime(append(sharedDevice(0, 1000, 250, 10, 0, 7), sharedDevice(1, 1037, 250, 10, 0, 7)...)) {
		text = append(text, e.text)
	}
	for _, k := range judgeRank(t, `{"traceEvents":[`+strings.Join(text, ",\n")+`]}`, "100", "101") {
		if !k.known || !k.stays {
			t.Errorf("a kernel %s: known %v, stays %v", k.name, k.known, k.stays)
		}
	}
}

// Graphs launch many kernels by one call: that is no sign of a second rank.
func TestGraphsAreNoSecondRank(t *testing.T) {
	var c Collisions
	for i := range 10 {
		id := fmt.Appendf(nil, "%d", i+1)
		c.Call(1, id, 10)
		c.Call(2, id, 12)
		c.Work(0, id, 20)
		c.Work(0, id, 21)
	}
	if devices := c.shared(); devices != nil {
		t.Errorf("devices %v", devices)
	}
}

type judgement struct {
	name         string
	stays, known bool
}

// judgeRank judges all kernels of a text where the calls of some pids are kept.
func judgeRank(t *testing.T, text string, pids ...string) (all []judgement) {
	t.Helper()
	s, err := trace.NewSource(strings.NewReader(text), int64(len(text)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	l := New(filter.Given{})
	v, err := s.SurveyParts(func(p *trace.Part) error { l.Learn(p); return nil })
	if err != nil {
		t.Fatal(err)
	}
	read := pipeline.BlocksOf(s, v.Blocks)
	if err := l.Gather(context.Background(), read, func(track int, _, _ trace.Time) bool {
		return slices.Contains(pids, l.Tracks.Processes[l.Tracks.All[track].Process])
	}); err != nil {
		t.Fatal(err)
	}
	if err := pipeline.EachEvent(context.Background(), read, func(e *trace.Event) {
		if string(e.Cat()) == "kernel" {
			stays, known := l.Judge(e)
			all = append(all, judgement{string(e.Name()), stays, known})
		}
	}); err != nil {
		t.Fatal(err)
	}
	return all
}
