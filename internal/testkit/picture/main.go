// Command picture draws traces as a viewer does: one beside the other, a row for each
// thread and depth, a column drawn wherever a slice touches it. It nests slices by code of
// its own, so that what it shows does not depend on what made the traces.
//
//	picture -o out.png before.json.gz after.json.gz
package main

import (
	"flag"
	"fmt"
	"image"
	"image/png"
	"os"
)

func main() {
	out := flag.String("o", "picture.png", "write the picture to `FILE`")
	columns := flag.Int("columns", 480, "how many columns each trace has")
	depths := flag.Int("depths", 24, "how many depths of a thread are shown")
	flag.Parse()
	if err := run(*out, *columns, *depths, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func run(out string, columns, depths int, files []string) error {
	if len(files) == 0 || columns < 1 || depths < 1 {
		return fmt.Errorf("wants traces, and columns and depths to draw")
	}
	var all []*drawing
	for _, name := range files {
		d, err := read(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		d.over = d.time
		if len(all) > 0 {
			d.over = all[0].over // on one ruler
		}
		d.draw(columns, depths)
		all = append(all, d)
	}
	img := side(all, columns, depths)
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(f, img); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// What a row takes, and what lies between threads and between traces.
const (
	rowHeight = 5
	threadGap = 6
	traceGap  = 12
)

// side lays drawings side by side. Threads are those of the first, in its order.
func side(all []*drawing, columns, depths int) *image.Paletted {
	first := all[0]
	height := threadGap
	for _, track := range first.order {
		height += threadGap + rowHeight*min(depths, len(first.rows[track]))
	}
	img := image.NewPaletted(image.Rect(0, 0, len(all)*(columns+traceGap)-traceGap, height), palette)
	for i, d := range all {
		left, top := i*(columns+traceGap), threadGap
		for _, track := range first.order {
			shown := min(depths, len(first.rows[track]))
			for depth := range shown {
				if depth >= len(d.rows[track]) {
					continue
				}
				for c, color := range d.rows[track][depth] {
					for y := range rowHeight {
						img.SetColorIndex(left+c, top+depth*rowHeight+y, color)
					}
				}
			}
			top += shown*rowHeight + threadGap
		}
	}
	return img
}
