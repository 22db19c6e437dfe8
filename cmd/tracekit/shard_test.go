package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Whatever sizes files have, each is of one share, in order, and no share has more than one
// file above what is fair.
func TestSharesAreAPartition(t *testing.T) {
	dir := t.TempDir()
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var names []string
		var all, largest int64
		for i := range rng.IntN(40) {
			name, size := filepath.Join(dir, fmt.Sprintf("%d-%d.json", seed, i)), rng.Int64N(200<<20)
			if err := os.WriteFile(name, nil, 0o666); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(name, size); err != nil {
				t.Fatal(err)
			}
			names, all, largest = append(names, name), all+size+perInput, max(largest, size+perInput)
		}
		count := 1 + rng.IntN(12)
		seen := make([]int, len(names))
		for number := range count {
			places, bytes := shard{number, count}.share(names, newNetwork().sizeOf)
			if !slices.IsSorted(places) {
				t.Errorf("seed %d: share %d/%d is not in order: %v", seed, number, count, places)
			}
			for _, i := range places {
				seen[i]++
			}
			if load := bytes + int64(len(places))*perInput; load > all/int64(count)+largest {
				t.Errorf("seed %d: share %d/%d has %d of %d bytes, and the largest file %d", seed, number, count, load, all, largest)
			}
		}
		for i, n := range seen {
			if n != 1 {
				t.Errorf("seed %d: input %d of %d is in %d of %d shares", seed, i, len(names), n, count)
			}
		}
	}
}

func TestEqualFilesAreSharedInTurn(t *testing.T) {
	names := []string{"no/a", "no/b", "no/c", "no/d", "no/e"}
	for number, want := range [][]int{{0, 3}, {1, 4}, {2}} {
		if places, _ := (shard{number, 3}).share(names, newNetwork().sizeOf); !slices.Equal(places, want) {
			t.Errorf("share %d/3 is %v, want %v", number, places, want)
		}
	}
}

func TestShardIsRead(t *testing.T) {
	dir := t.TempDir()
	for i := range 4 {
		text := fmt.Sprintf(`{"traceEvents": [{"ph": "X", "name": "a%d", "pid": 1, "tid": 1, "ts": 1, "dur": 2}]}`, i)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("t%d.json", i)), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		shard, array, index string
		status              int
		want                string
	}{
		{shard: "1/2", want: "shard 1/2: 2 of 4 inputs, "},
		{shard: "/2", array: "1", want: "shard 1/2: "},
		{shard: "/2", index: "0", want: "shard 0/2: "},
		{shard: "0/2", array: "1", want: "shard 0/2: "}, // what is said counts
		{shard: "5/8", want: "shard 5/8: 0 of 4 inputs, "},
		{shard: "/2", array: "1", index: "1", want: "shard 1/2: "},
		{shard: "/2", array: "1", index: "0", status: exitUsage, want: "differ"},
		{shard: "/2", status: exitUsage, want: "neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX"},
		{shard: "2/2", status: exitUsage, want: "--array=0-1"},
		{shard: "/2", array: "2", status: exitUsage, want: "shares count from 0 to 1"},
		{shard: "-1/2", status: exitUsage, want: "shares count from 0 to 1"},
		{shard: "1/0", status: exitUsage, want: "no share"},
		{shard: "1", status: exitUsage, want: "no share"},
		{shard: "x/2", status: exitUsage, want: "shares count from 0 to 1"},
		{shard: "1/99999999999999999999", status: exitUsage, want: "no share"},
	} {
		t.Run(c.shard+" "+c.array+" "+c.index, func(t *testing.T) {
			t.Setenv("SLURM_ARRAY_TASK_ID", c.array)
			t.Setenv("JOB_COMPLETION_INDEX", c.index)
			status, said := call(t, "info --shard="+c.shard, dir, "")
			if status != c.status || !strings.Contains(said, c.want) {
				t.Errorf("status %d, want %d; it said %q, want %q", status, c.status, said, c.want)
			}
		})
	}
}
