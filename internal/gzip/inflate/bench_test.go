package inflate

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"

	kgzip "github.com/klauspost/compress/gzip"
)

func BenchmarkInflate(b *testing.B) {
	inputs := map[string][]byte{"generated": pack("std6", trace(32<<20), 0)}
	b.Run("generated", func(b *testing.B) { compareReaders(b, inputs["generated"]) })
	b.Run("real", func(b *testing.B) {
		compareReaders(b, bytes.Join(sharedTraces(b, "vllm_graph_capture_pystack.pt.trace.json.gz",
			"resnet_ddp_epoch_ts.pt.trace.json.gz", "sglang_prefill_pystack.json.gz"), nil))
	})
}

func compareReaders(b *testing.B, packed []byte) {
	want, err := judge(packed)
	if err != nil {
		b.Fatal(err)
	}
	block := make([]byte, Window+1<<20)
	for _, how := range []string{"own", "recorded"} {
		b.Run(how, func(b *testing.B) {
			b.SetBytes(int64(len(want)))
			b.ReportAllocs()
			for b.Loop() {
				r := NewReader(bytes.NewReader(packed))
				if how == "recorded" {
					r.Record()
				}
				var err error
				for err == nil {
					_, err = r.Fill(block, Window)
				}
				if err != io.EOF {
					b.Fatal(err)
				}
			}
		})
	}
	for name, open := range map[string]func(io.Reader) (io.Reader, error){
		"klauspost": func(src io.Reader) (io.Reader, error) { return kgzip.NewReader(src) },
		"standard":  func(src io.Reader) (io.Reader, error) { return gzip.NewReader(src) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(want)))
			b.ReportAllocs()
			for b.Loop() {
				r, err := open(bytes.NewReader(packed))
				for err == nil {
					_, err = r.Read(block)
				}
				if err != io.EOF {
					b.Fatal(err)
				}
			}
		})
	}
}
