package deflate

import (
	"bytes"
	"path/filepath"
	"testing"

	"tracekit/internal/testkit/recorded"

	kflate "github.com/klauspost/compress/flate"
)

const chunk = 1 << 20

// BenchmarkChunks compresses real traces in independent chunks, and has
// another fast compressor do the same.
func BenchmarkChunks(b *testing.B) {
	for _, name := range []string{"vllm_graph_capture_pystack.pt.trace", "resnet_ddp_epoch_ts.pt.trace", "sglang_prefill_pystack", "h100_image_classifier"} {
		b.Run(name, func(b *testing.B) {
			compareOn(b, recorded.Text(b, filepath.Join("../../../../shared/traces", name+".json.gz")))
		})
	}
	b.Run("generated", func(b *testing.B) { compareOn(b, trace(8*chunk)) })
	b.Run("noise", func(b *testing.B) { compareOn(b, noise(8*chunk, 256)) })
}

func compareOn(b *testing.B, data []byte) {
	c, buf := NewCompressor(), []byte(nil)
	b.Run("own", func(b *testing.B) {
		measure(b, data, func(p []byte) int {
			buf = c.AppendChunk(buf[:0], p, nil)
			return len(buf)
		})
	})
	var out bytes.Buffer
	k, err := kflate.NewWriter(&out, kflate.BestSpeed)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("klauspost1", func(b *testing.B) {
		measure(b, data, func(p []byte) int {
			out.Reset()
			k.Reset(&out)
			k.Write(p)
			k.Flush()
			return out.Len()
		})
	})
}

func measure(b *testing.B, data []byte, pack func([]byte) int) {
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	packed := 0
	for b.Loop() {
		packed = 0
		for at := 0; at < len(data); at += chunk {
			packed += pack(data[at:min(at+chunk, len(data))])
		}
	}
	b.ReportMetric(float64(len(data))/float64(packed), "ratio")
}
