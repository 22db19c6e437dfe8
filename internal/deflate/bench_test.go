package deflate

import (
	"bytes"
	"compress/flate"
	kf "github.com/klauspost/compress/flate"
	"io"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

func cpuTime() time.Duration {
	var t syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, 3, uintptr(unsafe.Pointer(&t)), 0)
	return time.Duration(t.Nano())
}

func BenchmarkRef(b *testing.B) {
	data, _ := os.ReadFile("/tmp/gzwrite/sample.json")
	b.SetBytes(int64(len(data)))
	w, _ := kf.NewWriter(nil, 1)
	var buf bytes.Buffer
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	best := make([]time.Duration, len(data)>>20+1)
	for b.Loop() {
		for p := data; len(p) > 0; {
			n := min(len(p), 1<<20)
			t := cpuTime()
			buf.Reset()
			w.Reset(&buf)
			w.Write(p[:n])
			w.Flush()
			d := cpuTime() - t
			k := (len(data) - len(p)) >> 20
			if best[k] == 0 || d < best[k] {
				best[k] = d
			}
			p = p[n:]
		}
	}
	var sum time.Duration
	for _, d := range best {
		sum += d
	}
	b.ReportMetric(float64(sum)/float64(len(data)), "ns/B-best")
}

func BenchmarkX(b *testing.B) {
	for _, f := range []string{"sample", "one", "vllm_graph_capture_pystack.pt.trace", "resnet_ddp_epoch_ts.pt.trace", "sglang_prefill_pystack"} {
		data, _ := os.ReadFile("/tmp/gzwrite/" + f + ".json")
		b.Run(f[:3], func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			c := NewCompressor()
			var buf, all []byte
			out := 0
			best := make([]time.Duration, len(data)>>20+1)
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			for b.Loop() {
				out = 0
				all = all[:0]
				for p := data; len(p) > 0; {
					n := min(len(p), 1<<20)
					t := cpuTime()
					buf = c.AppendChunk(buf[:0], p[:n])
					d := cpuTime() - t
					k := (len(data) - len(p)) >> 20
					if best[k] == 0 || d < best[k] {
						best[k] = d
					}
					out += len(buf)
					all = append(all, buf...)
					p = p[n:]
				}
			}
			var sum time.Duration
			for _, d := range best {
				sum += d
			}
			b.StopTimer()
			b.ReportMetric(float64(len(data))/float64(out), "ratio")
			b.ReportMetric(float64(sum)/float64(len(data)), "ns/B-best")
			b.ReportMetric(float64(c.nt), "tok")
			all = append(all, 3, 0)
			got, err := io.ReadAll(flate.NewReader(bytes.NewReader(all)))
			if err != nil || !bytes.Equal(got, data) {
				b.Fatal(err, len(got))
			}
		})
	}
}
