package split

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tracekit/filter"
	"tracekit/internal/spill"
	"tracekit/internal/testkit/reference"
	"tracekit/trace"
	"tracekit/transform/check"
	"tracekit/transform/downsample"
	keepfilter "tracekit/transform/filter"
	"tracekit/transform/slice"
	"tracekit/transform/window"
)

const cases = "../../testdata/cases/"

func readCase(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(cases, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// countOf is how many events of a trace some is true for.
func countOf(t *testing.T, data []byte, some func(e *reference.Event) bool) (n int) {
	t.Helper()
	parsed, err := reference.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	for i := range parsed.Events {
		if some(&parsed.Events[i]) {
			n++
		}
	}
	return n
}

func member(e *reference.Event, name string) string {
	for _, m := range slices.Backward(e.Members) {
		if m.Name == name {
			return trace.Unquote([]byte(m.Text))
		}
	}
	return ""
}

func isWork(e *reference.Event) bool {
	return e.Phase == "X" && (slices.Contains([]string{"kernel", "Kernel", "Memcpy"}, member(e, "cat")) || member(e, "cat") == "Runtime" && e.Pid == "0")
}

func isFlowEvent(e *reference.Event) bool { return e.Phase == "s" || e.Phase == "f" }

// Before the name of a case plainPids makes its pids numbers that name no rank, and oneDevice
// makes the device of both ranks pid 0.
const (
	plainPids = "plain "
	oneDevice = "one device "
)

func readRanks(t *testing.T, name string) []byte {
	base, one := strings.CutPrefix(name, oneDevice)
	base, plain := strings.CutPrefix(base, plainPids)
	data := readCase(t, base)
	if one {
		data = bytes.ReplaceAll(data, []byte(`"[TP01] 1"`), []byte("0"))
	}
	if plain || one {
		data = regexp.MustCompile(`"\[TP\d+\] (\d+)"`).ReplaceAll(data, []byte("$1"))
	}
	return data
}

// Work is in the piece of the step whose call launched it, each once, whatever joins
// them; flows lead to it there.
func TestWorkIsInThePieceOfItsCall(t *testing.T) {
	for _, c := range []struct {
		name        string
		work, flows []int // by piece
	}{
		{"44-gaudi-enqueue-flows-lag.json", []int{6, 6, 6, 0}, []int{12, 12, 12, 0}},
		{"71-hipgraph-zero-ids.json", []int{40, 40, 40, 40, 0}, nil},
		{"84-sglang-otel-rocm-rccl.json", []int{0, 4, 4, 4, 4, 0}, nil},
		{"03-sglang-merged.json", []int{0, 4, 4, 4, 0}, []int{0, 8, 8, 8, 0}},
		{"04-merged-ids-collide.json", []int{0, 4, 4, 4, 0}, []int{0, 8, 8, 8, 0}},
		{plainPids + "03-sglang-merged.json", []int{0, 4, 4, 4, 0}, []int{0, 8, 8, 8, 0}},
		{plainPids + "04-merged-ids-collide.json", []int{0, 4, 4, 4, 0}, []int{0, 8, 8, 8, 0}},
		{"114-ranks-on-one-device.json", []int{3, 3, 3, 3, 12}, []int{6, 6, 6, 6, 24}},
		{oneDevice + "03-sglang-merged.json", []int{0, 4, 4, 4, 0}, []int{0, 8, 8, 8, 0}},
		{oneDevice + "04-merged-ids-collide.json", []int{0, 4, 4, 4, 0}, []int{0, 8, 8, 8, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, dir := splitInto(t, readRanks(t, c.name), Options{By: Step, Device: slice.Launched})
			var work, flows []int
			for i := range m.Pieces {
				data := dir.files[m.Pieces[i].File]
				work, flows = append(work, countOf(t, data, isWork)), append(flows, countOf(t, data, isFlowEvent))
			}
			if !slices.Equal(work, c.work) {
				t.Errorf("slices of devices %v, want %v", work, c.work)
			}
			if c.flows != nil && !slices.Equal(flows, c.flows) {
				t.Errorf("flow events %v, want %v", flows, c.flows)
			}
		})
	}
}

// A verb that takes nothing away leaves as many flows as Perfetto draws in the whole.
func TestPiecesKeepTheFlowsThatPerfettoDraws(t *testing.T) {
	temp := func() (*spill.File, error) { return spill.Create("") }
	all, err := filter.Parse(`ph != "none"`)
	if err != nil {
		t.Fatal(err)
	}
	whole := window.Range{From: bound(t, "@0"), To: bound(t, "@1000000")}
	for name, want := range map[string]int64{
		"81-flow-id-spelling.json": 8, "82-bind-id-spelling.json": 6, "86-start-behind-end.json": 1, "80-flow-end-next-slice.json": 1,
		"55-triton-proton.json": 4, "44-gaudi-enqueue-flows-lag.json": 18, "71-hipgraph-zero-ids.json": 160, "03-sglang-merged.json": 12,
	} {
		data := readCase(t, name)
		for verb, run := range map[string]func(w *trace.Writer) error{
			"nothing": func(w *trace.Writer) error { return nil },
			"slice": func(w *trace.Writer) error {
				_, err := slice.Run(t.Context(), source(t, data), w, slice.Options{Range: whole, Spill: temp})
				return err
			},
			"filter": func(w *trace.Writer) error {
				_, err := keepfilter.Run(t.Context(), source(t, data), w, keepfilter.Options{Expr: all, Spill: temp})
				return err
			},
			"downsample": func(w *trace.Writer) error {
				_, err := downsample.Run(t.Context(), source(t, data), w, downsample.Options{MinDur: 1, Spill: temp})
				return err
			},
		} {
			t.Run(name+", "+verb, func(t *testing.T) {
				var out bytes.Buffer
				if err := run(trace.NewWriter(&out)); err != nil {
					t.Fatal(err)
				}
				if verb == "nothing" {
					out.Write(data)
				}
				rep, err := check.Run(context.Background(), bytes.NewReader(out.Bytes()), int64(out.Len()), check.Options{Temp: temp})
				if err != nil {
					t.Fatal(err)
				}
				if rep.Flows != want {
					t.Errorf("%d flows, want %d", rep.Flows, want)
				}
			})
		}
	}
}

// A flow goes with the slice that it binds to, though another is there to take it.
func TestFlowsFollowTheSliceTheyBindTo(t *testing.T) {
	x, err := filter.Parse(`name != "target"`)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := keepfilter.Run(t.Context(), source(t, readCase(t, "80-flow-end-next-slice.json")), trace.NewWriter(&out), keepfilter.Options{Expr: x}); err != nil {
		t.Fatal(err)
	}
	if n := countOf(t, out.Bytes(), isFlowEvent); n != 0 {
		t.Errorf("%d flow events are left:\n%s", n, out.Bytes())
	}
}

// What a kept slice launched is of its own rank, in slices of time and of a condition.
func TestRanksKeepTheirWork(t *testing.T) {
	for _, name := range []string{"03-sglang-merged.json", "04-merged-ids-collide.json", plainPids + "03-sglang-merged.json", plainPids + "04-merged-ids-collide.json",
		oneDevice + "03-sglang-merged.json", oneDevice + "04-merged-ids-collide.json"} {
		for rank := range 2 {
			t.Run(name+" "+strconv.Itoa(rank), func(t *testing.T) {
				pid := []string{`"[TP00] 100"`, `"[TP01] 101"`}[rank]
				if !strings.HasPrefix(name, "0") {
					pid = []string{"100", "101"}[rank]
				}
				x, err := filter.Parse(`name contains "step[" && cat == "user_annotation" && pid == ` + pid)
				if err != nil {
					t.Fatal(err)
				}
				var out bytes.Buffer
				o := keepfilter.Options{Expr: x, Related: keepfilter.Related{Device: true}}
				if _, err := keepfilter.Run(t.Context(), source(t, readRanks(t, name)), trace.NewWriter(&out), o); err != nil {
					t.Fatal(err)
				}
				own := "gemm_r" + strconv.Itoa(rank)
				other := countOf(t, out.Bytes(), func(e *reference.Event) bool { return isWork(e) && member(e, "name") != own })
				if n := countOf(t, out.Bytes(), isWork); n != 6 || other != 0 {
					t.Errorf("%d kernels, %d of the other rank; want 6 and 0", n, other)
				}
			})
		}
	}
}

func bound(t *testing.T, text string) window.Bound {
	t.Helper()
	b, err := window.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
