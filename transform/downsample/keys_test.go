package downsample

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
)

// Records come out of memory and out of files in the order that plain sorting gives.
func TestRecordsComeInOrder(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 5))
		var all []record
		lines := []uint64{0, 1, 255, 256, 70_000, momentLine | 3, counterLine, rng.Uint64(), rng.Uint64()}
		for n := range uint64(rng.IntN(3000)) {
			r := record{
				Line: lines[rng.IntN(len(lines))], Start: rng.Int64N(200) - 100, N: n, Pair: n,
				Class: class(rng.IntN(9)), Name: rng.Uint32(), Size: rng.Uint32N(1000), Track: rng.Uint32N(5),
			}
			r.End = r.Start + rng.Int64N(50)
			if rng.IntN(4) == 0 {
				r.Pair = rng.Uint64()
			}
			all = append(all, r)
		}
		for _, most := range []int{7, 100, 10_000} {
			s := newSorter(create, most, &keys{})
			for i := range all {
				if err := s.add(&all[i]); err != nil {
					t.Fatal(err)
				}
			}
			got, err := s.sorted()
			if err != nil {
				t.Fatal(err)
			}
			want := slices.Clone(all)
			slices.SortFunc(want, func(a, b record) int { return compare(&a, &b) })
			for range 2 { // it can be gone through again
				i := 0
				if err := got.each(context.Background(), func(r *record) error {
					if *r != want[i] {
						t.Fatalf("seed %d, %d held: record %d is %+v, not %+v", seed, most, i, *r, want[i])
					}
					i++
					return nil
				}); err != nil || i != len(want) {
					t.Fatal(i, len(want), err)
				}
			}
			got.close()
		}
	}
}
