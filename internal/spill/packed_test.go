package spill

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

func TestPackedGivesBackWhatWasWritten(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, limit := range []int{0, 10_000, 1 << 30} {
		var want []byte
		files := 0
		p := NewPacked(limit, func() (*File, error) { files++; return Create(t.TempDir()) })
		for range 200 {
			b := bytes.Repeat([]byte{byte(rng.Uint32())}, rng.IntN(10_000))
			for i := range b {
				b[i] += byte(rng.IntN(2))
			}
			want = append(want, b...)
			if _, err := p.Write(b); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			r, err := p.Read()
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("limit %d: %d bytes, want %d, %v", limit, len(got), len(want), err)
			}
		}
		if (files == 1) != (limit < 1<<30) {
			t.Errorf("limit %d: %d files", limit, files)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestPackedOfNothing(t *testing.T) {
	p := NewPacked(0, nil)
	r, err := p.Read()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); len(got) > 0 || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestPackedTellsThatThereIsNoRoom(t *testing.T) {
	p := NewPacked(0, func() (*File, error) { return nil, ErrNoRoom })
	_, err := p.Write(make([]byte, 1<<20))
	if err == nil {
		_, err = p.Read()
	}
	if !errors.Is(err, ErrNoRoom) {
		t.Errorf("%v", err)
	}
}
