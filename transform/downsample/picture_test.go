package downsample

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// drawn is what a viewer draws of a trace, by the plainest code: for each track and depth,
// each column with the name of the longest slice that touches it.
type drawn map[string]map[int]plain

func draw(all []plain, zero, end int64, columns int) drawn {
	d := drawn{}
	var around plainNest
	for _, s := range all {
		depth, nests := around.enter(s)
		if !nests || s.end == openEnd {
			continue // which row a viewer puts it into is its own affair
		}
		key := fmt.Sprint(s.track, depth)
		if d[key] == nil {
			d[key] = map[int]plain{}
		}
		at := func(t int64) int { return min(int(float64(t-zero)/float64(end-zero)*float64(columns)), columns-1) }
		for c := at(s.start); c <= at(s.end); c++ {
			if old, is := d[key][c]; !is || s.dur() > old.dur() {
				d[key][c] = s
			}
		}
	}
	return d
}

// samePicture holds two traces to the law: where a resolution is no coarser than a column,
// on each track and depth with a hundred columns under 1 % of them differ, and 95 % show the
// same name, or a run that lists it.
func samePicture(t *testing.T, in, out []byte, columns int, zero, end int64) (rows int) {
	t.Helper()
	before, after := draw(slicesOf(t, parsed(t, in)), zero, end, columns), draw(slicesOf(t, parsed(t, out)), zero, end, columns)
	for row, want := range before {
		if len(want) < 100 {
			continue
		}
		rows++
		differ, renamed := 0, 0
		for c := range columns {
			a, isA := want[c]
			b, isB := after[row][c]
			switch {
			case isA != isB:
				differ++
			case isA && a.name != b.name && (b.sums == nil || b.sums.Names[a.name] == [2]json.Number{}):
				renamed++
			}
		}
		if differ*100 >= len(want) || renamed*20 > len(want) {
			t.Errorf("%s: of %d columns %d differ and %d have another name", row, len(want), differ, renamed)
		}
	}
	return rows
}

func TestThePictureIsTheSame(t *testing.T) {
	rows, random := 0, 0
	check := func(t *testing.T, data []byte, columns int) {
		all := slicesOf(t, parsed(t, data))
		zero, end := int64(openEnd), int64(0)
		for _, s := range all {
			if s.end != openEnd {
				zero, end = min(zero, s.start), max(end, s.end)
			}
		}
		if zero >= end {
			return
		}
		for _, part := range []int64{1, 3, 20} {
			d := (end - zero) / int64(columns) / part
			rows += samePicture(t, data, runOn(t, data, Options{Resolution: ns(max(d, 1))}), columns, zero, end)
		}
	}
	seeds := uint64(10)
	if testing.Short() {
		seeds = 8
	}
	for seed := range seeds {
		f := &forest{rng: rand.New(rand.NewPCG(seed, 9))}
		f.grow(0, 40_000, 4)
		check(t, []byte(`{"traceEvents":[`+strings.Join(f.text, ",")+`]}`), 500)
	}
	random = rows
	eachReal(t, func(t *testing.T, data []byte) { check(t, data, 2000) })
	if random < 30 || rows-random < 30 {
		t.Errorf("only %d and %d rows had a hundred columns", random, rows-random)
	}
}

// What --stats says is what the plainest code sees.
func TestStatsOfThePicture(t *testing.T) {
	eachReal(t, func(t *testing.T, data []byte) {
		_, rep, err := try(data, Options{Resolution: ns(10_000), Stats: true}, sortMemory)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(strings.Join(rep.Notes, "\n"), "columns drawn differ") {
			t.Errorf("%q", rep.Notes)
		}
	})
}
