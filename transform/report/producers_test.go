package report

import (
	"bytes"
	"os"
	"testing"

	"tracekit/trace"
)

// TestDevicesOfProducers asserts what devices did in traces of other profilers than PyTorch's:
// all engines of a Gaudi count, and work that several threads or processes show counts once.
func TestDevicesOfProducers(t *testing.T) {
	for _, c := range []struct {
		sample, name    string
		engines, events int
		busy            trace.Time
	}{
		{"42-gaudi-bridge-dma-nic", "/device:HPU:0", 5, 18, 1_065_000},
		{"09-jax-gpu", "/device:GPU:0", 1, 3, 600_000},
		{"01-ascend-trace_view", "NPU", 1, 9, 1_083_330},
		{"15-unitrace", "DEVICE<node1>[0000:3a:00.0] #0", 1, 3, 300_000},
		{"55-triton-proton", "Trace", 1, 4, 121_000},
		{"90-tinygrad", "AMD", 2, 6, 120_000},
		{"93-ggml-opencl", "", 1, 3, 120_000},
		{"94-opencl-intercept", "llm_bench", 1, 3, 270_000},
		{"97-nsys-ncompass", "Device 0", 1, 3, 270_375},
		{"98-mxnet", "gpu/0", 1, 6, 330_000},
		{"116-unitrace-plain-ids", "", 1, 4, 120_000},
		{"118-nsys-projected-nvtx", "GPU 0", 2, 6, 900_000},
		{"119-gpu-timeline-transfers", "NVIDIA H200", 2, 6, 450_000},
		{"122-spyre-aiu", "AIU 0", 1, 12, 960_000},
	} {
		t.Run(c.sample, func(t *testing.T) {
			data, err := os.ReadFile("../../testdata/cases/" + c.sample + ".json")
			if err != nil {
				t.Fatal(err)
			}
			s, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			r, err := Run(t.Context(), s, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Devices) != 1 {
				t.Fatalf("%d devices: %+v", len(r.Devices), r.Devices)
			}
			d := r.Devices[0]
			if d.Name != c.name || len(d.Engines) != c.engines || int(d.Events) != c.events || d.Busy != c.busy {
				t.Errorf("%s has %d engines, %d events and is busy for %d ns, want %+v", d.Name, len(d.Engines), d.Events, d.Busy, c)
			}
		})
	}
}

// TestKernelsInKernels asserts that the report counts what check does.
func TestKernelsInKernels(t *testing.T) {
	data, err := os.ReadFile("../../testdata/cases/32-rocm-overflowing-durations.json")
	if err != nil {
		t.Fatal(err)
	}
	s, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, err := Run(t.Context(), s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Devices) != 1 || len(r.Devices[0].Engines) != 1 || r.Devices[0].Engines[0].Inside != 5 {
		t.Errorf("kernels in others of their stream, want 5 on one: %+v", r.Devices)
	}
}
