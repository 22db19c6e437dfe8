package deflate

import (
	"os"
	"testing"
)

func TestStat(t *testing.T) {
	data, _ := os.ReadFile("/tmp/gzwrite/sample.json")
	c := NewCompressor()
	var lits, toks, runs, miss int
	var hist [10]int
	var lh [10]int
	for p := data; len(p) > 0; {
		n := min(len(p), 1<<20)
		c.src = p[:n]
		clear(c.table[:])
		from := 0
		for from < n {
			from = c.parse(from)
			for _, k := range c.tokens[:c.nt] {
				toks++
				l := int(k >> 32)
				lits += l
				if l > 0 {
					runs++
				}
				hist[min(l, 9)]++
				lh[min(int(k&255)/8, 9)]++
			}
		}
		p = p[n:]
	}
	t.Log("bytes/token", float64(len(data))/float64(toks), "lits/token", float64(lits)/float64(toks), "litruns", runs, toks, miss, hist, lh)
}
