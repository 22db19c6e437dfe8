package steps

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tracekit/trace"
)

func real(t *testing.T, name string) []byte {
	t.Helper()
	for _, dir := range []string{"../../testdata", "../../../shared/traces"} {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			continue
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
		return data
	}
	t.Skip("there is no " + name)
	return nil
}

func TestStepsOfRealTraces(t *testing.T) {
	for _, c := range []struct {
		file, producer string
		track          Track
		steps          []string // label, start and end in ns
	}{
		{"resnet_ddp_epoch_ts.pt.trace.json.gz", "PyTorch's profiler", Track{"1102", "1102"}, []string{
			"ProfilerStep#101 1712195495502094565 1712195495537210434",
			"ProfilerStep#102 1712195495537248299 1712195495609325773",
			"ProfilerStep#103 1712195495609361776 1712195495705059117",
			"ProfilerStep#104 1712195495705090232 1712195495800641319",
			"ProfilerStep#105 1712195495800674876 1712195495896373913"}},
		{"mi250_two_steps.json.gz", "PyTorch's profiler", Track{"597913", "597913"}, []string{
			"ProfilerStep#1 4203669603187439 4203669612475730",
			"ProfilerStep#2 4203669612512740 4203669612561813"}},
		{"training_no_flows_compact.json.gz", "PyTorch's profiler", Track{"4037", "4037"}, []string{
			"ProfilerStep#551 1682725898079292000 1682725898686604000",
			"ProfilerStep#552 1682725898686653000 1682725899309581000"}},
		{"cpu_only_string_pids.pt.trace.json.gz", "PyTorch's profiler", Track{"1074", "1074"}, []string{
			"ProfilerStep#551 1212075529876817 1212075739985979"}},
		{"triton_one_kernel.json.gz", "PyTorch's profiler", Track{"3100453", "3100453"}, []string{
			"ProfilerStep#1 2413669096090100 2413682432405905"}},
		{"h100_qwen_chat.json.gz", "PyTorch's profiler", Track{"25286", "25286"}, []string{
			"ProfilerStep#6 1428625731896179 1428625779047574"}},
		{"vllm_decode_one_step.json.gz", "vLLM, detailed", Track{"851", "851"}, []string{
			"execute_32_context_0(sq0sk0sqsq0sqsk0)_generation_32(sq32sk55086sqsq32sqsk55086) 6520618853487683 6520618855896281"}},
		{"sglang_prefill_pystack.json.gz", "vLLM, detailed", Track{"251", "251"}, []string{
			"execute_15360_context_15(sq15360sk15360sqsq15728640sqsk15728640)_generation_0(sq0sk0sqsq0sqsk0) 4909913692199694 4909914214941117"}},
		{"vllm_graph_capture_pystack.pt.trace.json.gz", "", Track{}, nil},
		{"cupti_ranges_string_ids.json.gz", "", Track{}, nil},
	} {
		t.Run(c.file, func(t *testing.T) {
			r, err := learn(t, real(t, c.file), Options{}).Run()
			if c.steps == nil {
				var missing *NoMarkersError
				if !errors.As(err, &missing) || len(missing.Names) == 0 {
					t.Fatalf("error %v, run %v", err, r)
				}
				t.Log(err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Log(r)
			if r.Producer != c.producer || r.Track != c.track || len(r.Steps) != len(c.steps) {
				t.Fatalf("found %v, want %d by %s on %v", r, len(c.steps), c.producer, c.track)
			}
			for i, want := range c.steps {
				s := &r.Steps[i]
				if got := fmt.Sprint(s.Label, " ", int64(s.Start), " ", int64(s.End)); got != want {
					t.Errorf("step %s, want %s", got, want)
				}
			}
		})
	}
}

func TestStepsOfARealPythonStack(t *testing.T) {
	data := strings.ReplaceAll(string(real(t, "vllm_decode_one_step.json.gz")), `"user_annotation"`, `"overhead"`)
	r := find(t, []byte(data), Options{})
	if len(r.Steps) != 1 || r.Producer != "the Python stack" ||
		r.Steps[0].Label != "vllm/v1/worker/gpu_model_runner.py(3380): execute_model" || r.Steps[0].Start != 6520618853509293 {
		t.Fatalf("found %v: %+v", r, r.Steps)
	}
	data = strings.ReplaceAll(string(real(t, "sglang_prefill_pystack.json.gz")), `"user_annotation"`, `"overhead"`)
	r = find(t, []byte(data), Options{})
	if len(r.Steps) != 1 || !strings.HasSuffix(r.Steps[0].Label, "scheduler.py(2919): _run_batch_inner") ||
		r.Steps[0].Start != 4909913692207556 || r.Steps[0].Duration() != trace.Time(522708855) {
		t.Fatalf("found %v: %+v", r, r.Steps)
	}
}
