package spill

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"
)

var logs = []struct {
	name string
	of   func(limit int, create func() (*File, error)) *Log
}{{"packed", NewPacked}, {"plain", NewPlain}}

func TestLogGivesBackWhatWasWritten(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, made := range logs {
		for _, limit := range []int{0, 10_000, 1 << 30} {
			var want []byte
			files := 0
			l := made.of(limit, func() (*File, error) { files++; return Create(t.TempDir()) })
			for range 200 {
				b := bytes.Repeat([]byte{byte(rng.Uint32())}, rng.IntN(10_000))
				for i := range b {
					b[i] += byte(rng.IntN(2))
				}
				want = append(want, b...)
				if _, err := l.Write(b); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				r, err := l.Read()
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(r)
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s, limit %d: %d bytes, want %d, %v", made.name, limit, len(got), len(want), err)
				}
			}
			if (files == 1) != (limit < 1<<30) {
				t.Errorf("%s, limit %d: %d files", made.name, limit, files)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestLogOfNothing(t *testing.T) {
	for _, made := range logs {
		l := made.of(0, nil)
		r, err := l.Read()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); len(got) > 0 || err != nil {
			t.Errorf("%s: %q, %v", made.name, got, err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}
