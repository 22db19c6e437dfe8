package reference

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// readPacked reads a real trace, or skips the test if it is not at hand.
func readPacked(t *testing.T, name string) *Trace {
	t.Helper()
	f, err := os.Open(filepath.Join("../../../../shared/traces", name))
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestRealTraces(t *testing.T) {
	for _, name := range []string{
		"cpu_only_string_pids.pt.trace.json.gz", "mi250_two_steps.json.gz", "old_style_categories.json.gz",
		"triton_one_kernel.json.gz", "vllm_decode_one_step.json.gz", "indent2_overlay_flows.json.gz",
	} {
		t.Run(name, func(t *testing.T) {
			tr := readPacked(t, name)
			zero, _ := Zero(tr)
			end, _ := End(tr)
			for _, device := range []Device{ByTime, Launched} {
				o := Options{From: zero + (end-zero)*2/5, To: zero + (end-zero)*3/5, Device: device}
				outs := Slice(tr, o)
				after := reparse(t, tr, outs)
				t.Logf("%d of %d events stay", len(outs), len(tr.Events))
				if err := Compare(Render(tr, outs), outs); err != nil {
					t.Errorf("own output: %v", err)
				}
				if d := Dangling(after); len(d) > 0 {
					t.Errorf("flow dangles: %s", after.Events[d[0]].Raw)
				}
				if lost, idle := UnnamedTracks(tr, after), NamesWithoutEvents(after); len(lost)+len(idle) > 0 {
					t.Errorf("lost the names of %v, kept %v of nothing", lost, idle)
				}
			}
		})
	}
}
