package deflate

import (
	"bytes"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	kf "github.com/klauspost/compress/flate"
)

func TestPair(t *testing.T) {
	data, _ := os.ReadFile("/tmp/gzwrite/sample.json")
	k, _ := kf.NewWriter(nil, 1)
	var kb bytes.Buffer
	c := NewCompressor()
	var buf []byte
	runtime.LockOSThread()
	rounds := 12
	var rel []float64
	var mine, ref, size time.Duration
	n := len(data) >> 20
	bm, bk := make([]time.Duration, n), make([]time.Duration, n)
	for r := range rounds {
		for i := range n {
			p := data[i<<20 : (i+1)<<20]
			t0 := cpuTime()
			kb.Reset()
			k.Reset(&kb)
			k.Write(p)
			k.Flush()
			t1 := cpuTime()
			buf = c.AppendChunk(buf[:0], p)
			t2 := cpuTime()
			if r == 0 {
				size += time.Duration(len(buf))
				bm[i], bk[i] = t2-t1, t1-t0
				continue
			}
			mine += t2 - t1
			ref += t1 - t0
			bm[i] = min(bm[i], t2-t1)
			bk[i] = min(bk[i], t1-t0)
			rel = append(rel, float64(t2-t1)/float64(t1-t0))
		}
	}
	slices.Sort(rel)
	var sm, sk time.Duration
	for i := range n {
		sm += bm[i]
		sk += bk[i]
	}
	l := float64(n << 20)
	t.Logf("PAIR median %.3f sum %.3f min %.3f | mine best %.3f ns/B ref best %.3f | ratio %.3f", rel[len(rel)/2], float64(mine)/float64(ref), float64(sm)/float64(sk), float64(sm)/l, float64(sk)/l, l/float64(size))
}
