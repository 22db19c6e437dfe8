package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// recipeEvent is an event as the naive judge of recipes reads it.
type recipeEvent struct {
	Ph, Cat, Name string
	Pid           any
	Dur           float64
}

func (e *recipeEvent) in(cats ...string) bool {
	for _, cat := range cats {
		if e.Cat == cat {
			return true
		}
	}
	return false
}

// kinetoRecipes say what each word means where PyTorch's profiler writes categories. A stream that
// waits (cuda_sync) is a call into the runtime as well as something on the device's track.
func kinetoRecipes(isStep func(name string) bool) map[string]func(*recipeEvent) bool {
	return map[string]func(*recipeEvent) bool{
		"hardware": func(e *recipeEvent) bool {
			return e.in("kernel", "gpu_memcpy", "gpu_memset", "gpu_user_annotation", "cuda_sync")
		},
		"python":     func(e *recipeEvent) bool { return e.in("python_function") },
		"runtime":    func(e *recipeEvent) bool { return e.in("cuda_runtime", "cuda_driver", "cuda_sync") },
		"collective": func(e *recipeEvent) bool { return strings.Contains(e.Name, "nccl") },
		"annotation": func(e *recipeEvent) bool { return e.in("user_annotation", "gpu_user_annotation") },
		"step":       func(e *recipeEvent) bool { return e.in("user_annotation", "gpu_user_annotation") && isStep(e.Name) },
		"hardware && dur > 5us": func(e *recipeEvent) bool {
			return e.in("kernel", "gpu_memcpy", "gpu_memset", "gpu_user_annotation", "cuda_sync") && e.Dur > 5
		},
	}
}

// gaudiRecipes say it where Habana's bridge gives everything the category Runtime.
func gaudiRecipes() map[string]func(*recipeEvent) bool {
	device := func(e *recipeEvent) bool { return e.Pid == 0. && e.Ph == "X" }
	return map[string]func(*recipeEvent) bool{
		"hardware":              device,
		"python":                func(e *recipeEvent) bool { return false },
		"runtime":               func(e *recipeEvent) bool { return e.Cat == "Runtime" && !device(e) },
		"collective":            func(e *recipeEvent) bool { return device(e) && strings.HasPrefix(e.Name, "NIC_") },
		"annotation":            func(e *recipeEvent) bool { return e.Ph == "X" && e.Cat == "" },
		"step":                  func(e *recipeEvent) bool { return e.Ph == "X" && (e.Name == "prefill" || e.Name == "decode") },
		"hardware && dur > 5us": func(e *recipeEvent) bool { return device(e) && e.Dur > 5 },
	}
}

// The words of recipes mean the same on each vendor's trace.
func TestRecipesOnEveryVendor(t *testing.T) {
	profiler := func(name string) bool { return strings.HasPrefix(name, "ProfilerStep#") }
	for _, c := range []struct {
		vendor, file string
		means        map[string]func(*recipeEvent) bool
	}{
		{"Gaudi", "gaudi/driver.json.gz", gaudiRecipes()},
		{"NVIDIA", "indent2_overlay_flows.json.gz", kinetoRecipes(profiler)},
		{"NVIDIA, Triton", "triton_one_kernel.json.gz", kinetoRecipes(profiler)},
		{"AMD", "mi250_two_steps.json.gz", kinetoRecipes(profiler)},
		{"AMD, vLLM", "vllm_decode_one_step.json.gz", kinetoRecipes(func(name string) bool { return strings.HasPrefix(name, "execute_") })},
		{"SGLang", "cases/03-sglang-merged.json", kinetoRecipes(func(name string) bool { return strings.HasPrefix(name, "step[") })},
	} {
		path := filepath.Join("../../testdata", c.file)
		before := recipeEvents(t, path)
		for word, means := range c.means {
			var want []recipeEvent
			for i := range before {
				if e := &before[i]; !strings.Contains("Mstf", e.Ph) && means(e) {
					want = append(want, *e)
				}
			}
			out := filepath.Join(t.TempDir(), "out.json")
			var said bytes.Buffer
			if status := run(t.Context(), []string{"tracekit", "filter", "-q", "-o", out, word, path}, nil, &said, &said); status != exitDone {
				t.Fatalf("%s: %s: status %d\n%s", c.vendor, word, status, &said)
			}
			var got []recipeEvent
			for _, e := range recipeEvents(t, out) {
				if !strings.Contains("Mstf", e.Ph) { // flows between what is kept are kept too
					got = append(got, e)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%s: %s keeps %d events, want %d", c.vendor, word, len(got), len(want))
				continue
			}
			for i := range got {
				if got[i] != want[i] {
					t.Errorf("%s: %s: event %d is %v, want %v", c.vendor, word, i, got[i], want[i])
					break
				}
			}
		}
	}
}

func recipeEvents(t *testing.T, path string) []recipeEvent {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(path, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		var all bytes.Buffer
		if _, err := all.ReadFrom(z); err != nil {
			t.Fatal(err)
		}
		text = all.Bytes()
	}
	var doc struct{ TraceEvents []recipeEvent }
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.TraceEvents
}
