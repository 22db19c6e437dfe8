package extsort

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tracekit/internal/spill"
	"tracekit/internal/testkit/cmptest"
)

type record struct {
	line uint64
	at   int64
	n    int64
}

var kind = Kind[record]{
	Compare: func(a, b *record) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.at, b.at), cmp.Compare(a.n, b.n))
	},
	Key: func(r *record) (uint64, int64) { return r.line, r.at },
	Append: func(dst []byte, r, before *record) []byte {
		dst = binary.AppendUvarint(dst, r.line^before.line)
		dst = binary.AppendVarint(dst, r.at-before.at)
		return binary.AppendVarint(dst, r.n-before.n)
	},
	Read: func(b []byte, r *record) int {
		line, n := binary.Uvarint(b)
		at, m := binary.Varint(b[max(n, 0):])
		k, o := binary.Varint(b[max(n, 0)+max(m, 0):])
		if n <= 0 || m <= 0 || o <= 0 {
			return len(b) + 1
		}
		r.line, r.at, r.n = r.line^line, r.at+at, r.n+k
		return n + m + o
	},
	MaxBytes: 3 * binary.MaxVarintLen64,
}

func random(rng *rand.Rand, n int) []record {
	lines := []uint64{0, 1, 255, 256, 70_000, 1 << 63, rng.Uint64(), rng.Uint64()}
	var all []record
	for i := range n {
		r := record{lines[rng.IntN(len(lines))], int64(rng.IntN(200) - 100), int64(i)}
		if rng.IntN(50) == 0 {
			r.at = int64(rng.Uint64())
		}
		all = append(all, r)
	}
	return all
}

// Records come out of memory and of files in the order that plain sorting of all gives,
// any number of times, whether more come in between.
func TestEachGivesRecordsInOrder(t *testing.T) {
	var scratch Scratch
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 5))
		all := random(rng, rng.IntN(2000))
		for _, most := range []int{1, 7, 100, 100_000} {
			if most == 1 && len(all) > 200 {
				continue
			}
			files := 0
			s := New(&kind, most, &scratch, func() (*spill.File, error) { files++; return spill.Create("") })
			for part := range 2 {
				in := all[:len(all)/(2-part)]
				for i := part * (len(all) / 2); i < len(in); i++ {
					if err := s.Add(&in[i]); err != nil {
						t.Fatal(err)
					}
				}
				want := slices.Clone(in)
				slices.SortFunc(want, func(a, b record) int { return kind.Compare(&a, &b) })
				for range 2 {
					got := []record{}
					if err := s.Each(context.Background(), func(r *record) error { got = append(got, *r); return nil }); err != nil {
						t.Fatalf("seed %d, %d held: %v", seed, most, err)
					}
					if !slices.Equal(got, want) {
						t.Fatalf("seed %d, %d held, %d records:\n%s", seed, most, len(in), cmptest.Diff(want, got))
					}
				}
			}
			if want := len(all) > most; s.Spilled() != want || (files == 1) != want {
				t.Errorf("seed %d, %d held, %d records: spilled %v, %d files", seed, most, len(all), s.Spilled(), files)
			}
			if err := cmp.Or(s.Close(), s.Close()); err != nil {
				t.Error(err)
			}
		}
	}
}

// What ends the going through is returned at once.
func TestEachReturnsTheErrorOfItsFunction(t *testing.T) {
	all := random(rand.New(rand.NewPCG(1, 1)), 10_000)
	for _, most := range []int{1000, 100_000} {
		s := New(&kind, most, &Scratch{}, func() (*spill.File, error) { return spill.Create("") })
		defer s.Close()
		for i := range all {
			s.Add(&all[i])
		}
		enough, n := errors.New("enough"), 0
		if err := s.Each(context.Background(), func(*record) error { n++; return enough }); err != enough || n != 1 {
			t.Errorf("%d held: %v after %d", most, err, n)
		}
		ctx, cancel := context.WithCancel(context.Background())
		n = 0
		if err := s.Each(ctx, func(*record) error { n++; cancel(); return nil }); err != context.Canceled || n > glance {
			t.Errorf("%d held: %v after %d", most, err, n)
		}
	}
}

// Where there is no file to be had, the first record that needs one says so.
func TestAddFailsWithoutATemporaryFile(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone")
	s := New(&kind, 10, &Scratch{}, func() (*spill.File, error) { return spill.Create(gone) })
	defer s.Close()
	for i := range 11 {
		if err := s.Add(&record{n: int64(i)}); errors.Is(err, spill.ErrNoRoom) != (i == 10) {
			t.Errorf("record %d: %v", i, err)
		}
	}
}

// A folder that is removed while its file is in use changes nothing.
func TestFolderIsRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "temp")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	s := New(&kind, 10, &Scratch{}, func() (*spill.File, error) { return spill.Create(dir) })
	defer s.Close()
	for i := range 1000 {
		if err := s.Add(&record{n: int64(i)}); err != nil {
			t.Fatal(err)
		}
		if i == 500 && os.Remove(dir) != nil {
			t.Skip("the system keeps the name of an open file")
		}
	}
	n := 0
	if err := s.Each(context.Background(), func(r *record) error { n++; return nil }); err != nil || n != 1000 {
		t.Errorf("%d records, %v", n, err)
	}
}

// Records that are gone, or that are not what was written, are an error.
func TestDamagedFile(t *testing.T) {
	s := New(&kind, 10, &Scratch{}, func() (*spill.File, error) { return spill.Create("") })
	defer s.Close()
	for i := range 100 {
		s.Add(&record{n: int64(i)})
	}
	each := func() error { return s.Each(context.Background(), func(*record) error { return nil }) }
	if err := each(); err != nil {
		t.Fatal(err)
	}
	s.runs[3].end--
	if err := each(); err == nil {
		t.Error("a run that is cut")
	}
	s.runs[3].end++
	s.written++
	if err := each(); err == nil {
		t.Error("a record that is missing")
	}
}
