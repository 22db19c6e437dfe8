package repair

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// flowEnds are where each flow begins and ends, as pid→pid, by the name of the slices there.
func flowEnds(t *testing.T, text []byte) (all []string) {
	t.Helper()
	from, to := map[string][]string{}, map[string][]string{}
	for _, e := range shapesOf(t, text) {
		id := fmt.Sprintf("%s %s %.0f", e.Cat, e.Name, e.ID)
		switch e.Ph {
		case "s":
			from[id] = append(from[id], fmt.Sprintf("%v@%v", e.Pid, e.TS))
		case "f":
			to[id] = append(to[id], fmt.Sprintf("%v@%v", e.Pid, e.TS))
		}
	}
	for id, starts := range from {
		all = append(all, fmt.Sprint(starts, to[id]))
	}
	slices.Sort(all)
	return all
}

// flowText is a trace of slices, each 10 long, with a flow event in the middle of each: of pid,
// ts, phase and id.
func flowText(t *testing.T, events ...[4]any) []byte {
	t.Helper()
	var all []map[string]any
	for _, e := range events {
		ts := e[1].(int)
		all = append(all, map[string]any{"ph": "X", "name": "x", "pid": e[0], "tid": 1, "ts": ts - 5, "dur": 10},
			map[string]any{"ph": e[2], "bp": "e", "cat": "c", "name": "n", "id": e[3], "pid": e[0], "tid": 1, "ts": ts})
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Flows whose ids collide become flows of their own, none is left out, and each start has the
// ends that are its own.
func TestFlowsWithOneID(t *testing.T) {
	for _, c := range []struct {
		name   string
		events [][4]any
		want   []string
	}{
		{"an id that comes again", [][4]any{{1, 100, "s", 5}, {2, 200, "f", 5}, {1, 300, "s", 5}, {2, 400, "f", 5}},
			[]string{"[1@100] [2@200]", "[1@300] [2@400]"}},
		{"of two kinds of processes, one behind the other", [][4]any{{1, 100, "s", 5}, {2, 200, "f", 5}, {3, 300, "s", 5}, {4, 400, "f", 5}},
			[]string{"[1@100] [2@200]", "[3@300] [4@400]"}},
		{"with several ends", [][4]any{{1, 100, "s", 5}, {2, 200, "f", 5}, {2, 210, "f", 5}, {1, 300, "s", 5}, {2, 400, "f", 5}},
			[]string{"[1@100] [2@200 2@210]", "[1@300] [2@400]"}},
		{"two ranks that share a device", [][4]any{{1, 100, "s", 5}, {2, 120, "s", 5}, {9, 200, "f", 5}, {9, 220, "f", 5}},
			[]string{"[1@100] [9@200]", "[2@120] [9@220]"}},
		{"within each process", [][4]any{{1, 100, "s", 5}, {2, 110, "s", 5}, {2, 200, "f", 5}, {1, 220, "f", 5}},
			[]string{"[1@100] [1@220]", "[2@110] [2@200]"}},
		{"ranks by name, of which one has no end", [][4]any{{"[TP0] 1", 100, "s", 5}, {"[TP1] 2", 110, "s", 5}, {"[TP1] 0", 200, "f", 5}, {"[TP1] 0", 220, "f", 5}},
			[]string{"[[TP0] 1@100] []", "[[TP1] 2@110] [[TP1] 0@200 [TP1] 0@220]"}},
		{"an end across processes stays", [][4]any{{1, 100, "s", 5}, {2, 200, "t", 5}, {3, 300, "f", 5}},
			[]string{"[1@100] [3@300]"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, set, _, err := repairText(t, flowText(t, c.events...), Options{})
			if err != nil || len(set) > 0 {
				t.Fatal(err, string(set))
			}
			if diff := cmp.Diff(c.want, flowEnds(t, out)); diff != "" {
				t.Error(diff)
			}
			if r := checkText(t, out); !r.Clean {
				t.Errorf("check finds %v", r.Findings)
			}
		})
	}
}

// Ranks whose pids name none are told apart by the times of their calls and their work,
// whichever device is whose and whatever the order of the file.
func TestFlowsOfRanksWithPlainPids(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, devices := range [][]int{{0, 1}, {1, 0}, {2, 0, 1}} {
		var events [][4]any
		var want []string
		for id := range 12 {
			for rank, device := range devices {
				at := 1000*id + 37*rank
				events = append(events, [4]any{100 + rank, at + 10, "s", id}, [4]any{device, at + 200, "f", id})
				want = append(want, fmt.Sprintf("[%d@%d] [%d@%d]", 100+rank, at+10, device, at+200))
			}
		}
		slices.Sort(want)
		rng.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		out, set, _, err := repairText(t, flowText(t, events...), Options{})
		if err != nil || len(set) > 0 {
			t.Fatal(err, string(set))
		}
		if diff := cmp.Diff(want, flowEnds(t, out)); diff != "" {
			t.Errorf("devices %v:\n%s", devices, diff)
		}
	}
}

// The flows of SGLang's OpenTelemetry and those of Kineto count from 0: each start of Kineto's
// keeps its kernel.
func TestReportedFlowsOfTwoProducers(t *testing.T) {
	in := reported(t, "11-sglang-otel-merged-into-torch.json")
	out, set, _, err := repairText(t, in, Options{})
	if err != nil || len(set) > 0 {
		t.Fatal(err, string(set))
	}
	if r := checkText(t, out); !r.Clean || r.Flows != 14 {
		t.Errorf("%d flows, want 14: %v", r.Flows, r.Findings)
	}
	for _, flow := range flowEnds(t, out) {
		var from, to int
		var start, end float64
		if n, err := fmt.Sscanf(flow, "[%d@%g] [%d@%g]", &from, &start, &to, &end); n != 4 {
			t.Errorf("%s: %v", flow, err)
		} else if wantTo := map[int]int{2999: 3000, 3001: 0}[from]; to != wantTo || end < start {
			t.Errorf("%s: want one to pid %d", flow, wantTo)
		}
	}
}

// Ids that viewers do not read become ids that they do, each flow's its own.
func TestFlowIDsThatNoViewerReads(t *testing.T) {
	flow := func(pid int, id string) string {
		return fmt.Sprintf(`{"ph":"X","name":"a","pid":%[1]d,"tid":1,"ts":1,"dur":5},{"ph":"X","name":"b","pid":%[1]d,"tid":2,"ts":11,"dur":5},
{"ph":"s","cat":"c","name":"n",%[2]s,"pid":%[1]d,"tid":1,"ts":2},{"ph":"f","bp":"e","cat":"c","name":"n",%[2]s,"pid":%[1]d,"tid":2,"ts":12}`, pid, id)
	}
	for _, c := range []struct {
		name, events string
		flows        int64
	}{
		{"id2 within each process", flow(1, `"id2":{"local":"0x1"}`) + "," + flow(2, `"id2":{"local":"0x1"}`), 2},
		{"id2 for all", flow(1, `"id2":{"global":7}`), 1},
		{"text", flow(1, `"id":"request-a"`) + "," + flow(2, `"id":"request-b"`), 2},
		{"a whole number with a point", flow(1, `"id":5.0`), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, set, _, err := repairText(t, []byte(`{"traceEvents":[`+c.events+`]}`), Options{})
			if err != nil || len(set) > 0 {
				t.Fatal(err, string(set))
			}
			if r := checkText(t, out); !r.Clean || r.Flows != c.flows {
				t.Errorf("%d flows, want %d: %v", r.Flows, c.flows, r.Findings)
			}
		})
	}
	out, set, _, err := repairText(t, reported(t, "19-proton-id2-flows.json"), Options{})
	if err != nil || len(set) > 0 {
		t.Fatal(err, string(set))
	}
	if r := checkText(t, out); !r.Clean || r.Flows != 8 {
		t.Errorf("%d flows of Proton, want 8: %v", r.Flows, r.Findings)
	}
}
