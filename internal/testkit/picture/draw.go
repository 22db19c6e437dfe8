package main

import (
	"cmp"
	"hash/fnv"
	"image/color"
	"os"
	"slices"
	"strings"

	"tracekit/trace"
)

// drawing is the slices of a trace, and what is drawn of them.
type drawing struct {
	time, over span // of all slices; that which is drawn
	slices     map[string][]slice
	rows       map[string][][]uint8 // by track and depth, the color of each column
	order      []string             // of tracks, those with most slices first
}

type span struct{ start, end trace.Time }

type slice struct {
	span
	color uint8
}

// palette is white, and colors of categories.
var palette = color.Palette{
	color.White,
	color.RGBA{0x4e, 0x79, 0xa7, 0xff}, color.RGBA{0xf2, 0x8e, 0x2b, 0xff}, color.RGBA{0xe1, 0x57, 0x59, 0xff},
	color.RGBA{0x76, 0xb7, 0xb2, 0xff}, color.RGBA{0x59, 0xa1, 0x4f, 0xff}, color.RGBA{0xed, 0xc9, 0x48, 0xff},
	color.RGBA{0xb0, 0x7a, 0xa1, 0xff}, color.RGBA{0xff, 0x9d, 0xa7, 0xff}, color.RGBA{0x9c, 0x75, 0x5f, 0xff},
	color.RGBA{0x8c, 0x8c, 0x8c, 0xff},
}

// colorOf is that of a category. A merged slice of several has that of its busiest name.
func colorOf(e *trace.Event) uint8 {
	cat := string(e.Cat())
	if args := string(e.Args()); cat == "" && strings.Contains(args, `"tracekit.names"`) {
		_, names, _ := strings.Cut(args, `"tracekit.names": {`)
		_, value, _ := strings.Cut(names, `": [`)
		if value, _, ok := strings.Cut(value, "]"); ok {
			for part := range strings.SplitSeq(value, `"`) {
				if part != "" && strings.Trim(part, "0123456789., {}[:") != "" {
					cat = part
					break
				}
			}
		}
	}
	h := fnv.New32a()
	h.Write([]byte(cat))
	return uint8(1 + h.Sum32()%uint32(len(palette)-1))
}

// read gathers the slices of a trace. Begins and ends are matched in the order of the file.
func read(name string) (*drawing, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return nil, err
	}
	s, err := trace.NewSource(f, stat.Size(), trace.SourceOptions{})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	d := &drawing{time: span{trace.MaxTime, trace.MinTime}, slices: map[string][]slice{}, rows: map[string][][]uint8{}}
	open := map[string][]slice{}
	var key []byte
	_, err = s.Survey(func(e *trace.Event) error {
		if e.Has&trace.HasTS == 0 {
			return nil
		}
		key = append(append(append(key[:0], e.Pid()...), '/'), e.Tid()...)
		switch track := string(key); e.Phase {
		case 'X':
			d.add(track, slice{span{e.TS, e.End()}, colorOf(e)})
		case 'B':
			open[track] = append(open[track], slice{span{e.TS, 0}, colorOf(e)})
		case 'E':
			if n := len(open[track]); n > 0 {
				b := open[track][n-1]
				open[track] = open[track][:n-1]
				d.add(track, slice{span{b.start, e.TS}, b.color})
			}
		}
		return nil
	})
	return d, err
}

func (d *drawing) add(track string, s slice) {
	d.slices[track] = append(d.slices[track], s)
	d.time.start, d.time.end = min(d.time.start, s.start), max(d.time.end, s.end)
}

// draw fills the columns of each track and depth, the longest slice in front.
func (d *drawing) draw(columns, depths int) {
	for track, all := range d.slices {
		slices.SortStableFunc(all, func(a, b slice) int {
			return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end))
		})
		d.rows[track] = d.track(all, columns, depths)
		d.order = append(d.order, track)
	}
	slices.SortFunc(d.order, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(d.slices[b]), len(d.slices[a])), cmp.Compare(a, b))
	})
	d.slices = nil
}

func (d *drawing) track(all []slice, columns, depths int) [][]uint8 {
	var open []span
	var rows [][]uint8
	var longest [][]trace.Time
	for _, s := range all {
		for len(open) > 0 && open[len(open)-1].end < s.end {
			open = open[:len(open)-1]
		}
		depth := len(open)
		open = append(open, s.span)
		if depth >= depths {
			continue
		}
		for len(rows) <= depth {
			rows = append(rows, make([]uint8, columns))
			longest = append(longest, make([]trace.Time, columns))
		}
		for c, last := d.column(s.start, columns), d.column(s.end, columns); c <= last; c++ {
			if length := s.end - s.start + 1; length > longest[depth][c] {
				rows[depth][c], longest[depth][c] = s.color, length
			}
		}
	}
	return rows
}

func (d *drawing) column(at trace.Time, columns int) int {
	part := float64(at-d.over.start) / float64(max(d.over.end-d.over.start, 1))
	return min(max(int(part*float64(columns)), 0), columns-1)
}
