package trace

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// benchTexts are the text of traces in the layouts that profilers write.
func benchTexts(b *testing.B) map[string][]byte {
	texts := map[string][]byte{}
	for _, name := range []string{
		"../testdata/indent2_overlay_flows.json.gz", "../testdata/vllm_decode_one_step.json.gz",
		"../../shared/traces/vllm_graph_capture_pystack.pt.trace.json.gz",
		"../../shared/traces/h100_qwen_chat.json.gz", "../../shared/traces/training_no_flows_compact.json.gz",
	} {
		f, err := os.Open(name)
		if err != nil {
			continue // those in shared/ are not in every clone
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			b.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil {
			b.Fatal(err)
		}
		f.Close()
		texts[filepath.Base(name)] = text
	}
	return texts
}

// BenchmarkScan is the scanner alone, on text in memory.
func BenchmarkScan(b *testing.B) { benchmarkScan(b, reading{}) }

// BenchmarkScanVerified is BenchmarkScan with a look at whether all text is JSON.
func BenchmarkScanVerified(b *testing.B) { benchmarkScan(b, reading{verify: true}) }

func benchmarkScan(b *testing.B, o reading) {
	for name, text := range benchTexts(b) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			blk := &block{buf: make([]byte, blockRoom+blockData)}
			for b.Loop() {
				j := joiner{doc: o.document(nil)}
				for off := 0; off < len(text); {
					n := copy(blk.buf[blockRoom:], text[off:])
					blk.lo, blk.hi, blk.off, blk.err = blockRoom, blockRoom+n, int64(off), nil
					if off += n; off == len(text) {
						blk.err = io.EOF
					}
					j.scanBlock(blk)
				}
			}
		})
	}
}

// BenchmarkRead is decoding and scanning, on two goroutines.
func BenchmarkRead(b *testing.B) {
	for name, text := range benchTexts(b) {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		z.Write(text)
		z.Close()
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				s, err := NewSource(bytes.NewReader(packed.Bytes()), int64(packed.Len()), SourceOptions{})
				if err != nil {
					b.Fatal(err)
				}
				r, err := s.Read()
				if err != nil {
					b.Fatal(err)
				}
				for err == nil {
					_, err = r.Next()
				}
				r.Close()
			}
		})
	}
}
