// Command cmd writes traces of many ranks with known truth, packed, into a folder:
//
//	go run ./internal/testkit/ranks/cmd -ranks 8 -steps 4000 -o ranks/
//
// A step of 20 layers is about 50 kB. In each tenth step one rank comes late to a collective.
package main

import (
	"compress/gzip"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"tracekit/internal/testkit/ranks"
)

func main() {
	c := ranks.Config{Hosts: true, Args: ranks.Seq, Seed: 1, Elements: 1 << 20, Overlap: 3000, Noise: 500,
		Offsets: []float64{0, 3e6, -7e6, 1e6}, Drifts: []float64{0, 5, -10, 2}}
	flag.IntVar(&c.Ranks, "ranks", 8, "how many")
	flag.IntVar(&c.PerHost, "per-host", 4, "ranks of a host")
	flag.IntVar(&c.Steps, "steps", 1000, "steps of each")
	flag.IntVar(&c.Layers, "layers", 20, "collectives of a step")
	dir := flag.String("o", "ranks", "folder")
	name := flag.String("name", "rank-%d.trace.json.gz", "what a trace is called")
	flag.Parse()
	for step := 5; step < c.Steps; step += 10 {
		late := ranks.Delay{Rank: step / 10 * 3 % c.Ranks, Step: step, Layer: step % c.Layers, By: 800_000}
		c.Delays = append(c.Delays, late)
	}
	if err := os.MkdirAll(*dir, 0o777); err != nil {
		log.Fatal(err)
	}
	for rank := range c.Ranks {
		if err := write(filepath.Join(*dir, fmt.Sprintf(*name, rank)), c.Trace(rank)); err != nil {
			log.Fatal(err)
		}
	}
}

func write(name string, text []byte) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := gzip.NewWriterLevel(f, gzip.BestSpeed)
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return f.Close()
}
