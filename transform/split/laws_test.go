package split

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/reference"
	"tracekit/internal/testkit/tracegen"
	"tracekit/trace"
	"tracekit/transform/slice"
)

// A partition holds every event once, parts of one that was cut taken together,
// and gives back every track's busy time.
func TestPartitionsAddUp(t *testing.T) {
	for name, data := range traces(t) {
		if testing.Short() && name != "made cuda" && name != "mi250_two_steps.json.gz" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			whole := parse(t, data)
			zero, _ := reference.Zero(whole)
			end, _ := reference.End(whole)
			for _, o := range []Options{
				{By: Time, Time: trace.Time(end-zero)/5 + 1},
				{By: Time, Time: trace.Time(end-zero)/37 + 1, Device: slice.Launched},
				{By: Size, Size: max(int64(len(data)/4), 40_000)}, // room for what each piece carries
				{By: Events, Events: max(int64(len(whole.Events)/6), 60)},
				{By: Step, Device: slice.Launched},
				{By: Step, Every: 3},
				{By: Phase, Device: slice.Launched},
			} {
				if (o.By == Step || o.By == Phase) && !strings.HasPrefix(name, "made") {
					continue
				}
				m, dir := splitInto(t, data, o)
				addUp(t, fmt.Sprint("by ", o.By), whole, m, dir)
			}
		})
	}
}

func addUp(t *testing.T, what string, whole *reference.Trace, m *Manifest, dir *memory) {
	t.Helper()
	want, found := map[string]int{}, map[string]int{}
	for i := range whole.Events {
		want[identity(&whole.Events[i])]++
	}
	busy := map[reference.Track]int64{}
	for i := range m.Pieces {
		piece := parse(t, dir.files[m.Pieces[i].File])
		for track, ns := range reference.BusyByTrack(piece) {
			busy[track] += ns
		}
		for j := range piece.Events {
			if e := &piece.Events[j]; begins(e) && !carried(e, m.Pieces[i].Start) {
				found[identity(e)]++
			}
		}
		if n := reference.UnnamedTracks(whole, piece); len(n) > 0 {
			t.Errorf("%s: piece %d lost the names of %v", what, i, n)
		}
		if n := reference.NamesWithoutEvents(piece); len(n) > 0 {
			t.Errorf("%s: piece %d has %d names of nothing", what, i, len(n))
		}
	}
	cmptest.Same(t, what+": the busy time of all pieces", reference.BusyByTrack(whole), busy)
	delete(want, "")
	delete(found, "")
	wrong := 0
	for id, n := range want {
		if found[id] != n {
			if wrong++; wrong <= 3 {
				t.Errorf("%s: found %d times, not %d: %s", what, found[id], n, id)
			}
		}
		delete(found, id)
	}
	for id := range found {
		t.Errorf("%s: not of the trace: %s", what, id)
	}
	if len(want) < 10 {
		t.Errorf("%s: only %d events were looked for", what, len(want))
	}
}

// identity is what an event was before it was cut; empty for those that the laws
// of busy time judge, and for flows and names, which depend on others.
func identity(e *reference.Event) string {
	if strings.Contains("BEbestfM", e.Phase) || !e.HasTS {
		return ""
	}
	arg := func(name, text string) string {
		for _, a := range e.Args {
			if a.Name == "tracekit."+name {
				return a.Text
			}
		}
		return text
	}
	var b strings.Builder
	for _, m := range e.Members {
		switch m.Name {
		case "bind_id", "flow_in", "flow_out":
			continue
		case "ts", "dur":
			m.Text = arg(m.Name, m.Text)
		case "args":
			m.Text = ""
			for _, a := range e.Args {
				if !strings.HasPrefix(a.Name, "tracekit.") {
					m.Text += a.Name + ":" + a.Text + ","
				}
			}
			if m.Text == "" {
				continue
			}
		}
		fmt.Fprint(&b, m.Name, "=", m.Text, " ")
	}
	return b.String()
}

// begins reports whether e begins where it did before it was cut.
func begins(e *reference.Event) bool {
	for _, a := range e.Args {
		if a.Name == "tracekit.ts" {
			before, _ := reference.Nanos(a.Text)
			return before == e.TS
		}
	}
	return true
}

// carried tells a counter's value that a piece begins with.
func carried(e *reference.Event, start Micros) bool {
	from, _ := reference.Nanos(string(start))
	return e.Phase == "C" && e.TS == from
}

func parse(t *testing.T, data []byte) *reference.Trace {
	t.Helper()
	p, err := reference.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// traces are real ones and made ones.
func traces(t *testing.T) map[string][]byte {
	all := map[string][]byte{}
	for name, data := range realTraces(t) {
		all[filepath.Base(name)] = data
	}
	for _, producer := range []tracegen.Producer{tracegen.Gaudi, tracegen.CUDA, tracegen.SGLang} {
		all["made "+string(producer)] = made(t, producer)
	}
	return all
}

func made(t *testing.T, producer tracegen.Producer) []byte {
	data, _ := madeWithTruth(t, producer)
	return data
}

func madeWithTruth(t *testing.T, producer tracegen.Producer) ([]byte, *tracegen.Truth) {
	t.Helper()
	data, truth := tracegen.Text(t, tracegen.Config{
		Seed: 3, Producer: producer, Steps: 7, Layers: 1, Hardware: true, Python: true,
		Odd: tracegen.Odd{BeginEnd: true, Async: true, ThreadStates: true, BindFlows: true},
	})
	return data, &truth
}

func ns(t int64) trace.Time { return trace.Time(t) }
