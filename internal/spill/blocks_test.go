package spill

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// What is kept in memory judges what comes back of a file, in any order.
func TestBlocksAreReadInAnyOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	f, err := Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := Blocks{File: f}
	var want [][]byte
	var at []Block
	for i := range 200 {
		p := make([]byte, rng.IntN(1<<rng.IntN(18)))
		if i == 100 {
			p = make([]byte, mostPacked+1)
		}
		for k := range p {
			if i%3 == 0 {
				p[k] = byte(rng.Uint32()) // nothing makes that shorter
			} else {
				p[k] = byte(k / 100)
			}
		}
		want = append(want, bytes.Clone(p))
		place, err := b.Put(p)
		if err != nil {
			t.Fatal(err)
		}
		at = append(at, place)
		if i%50 == 0 {
			b.Full()
		}
	}
	var l Loader
	for range 300 {
		i := rng.IntN(len(at))
		got := make([]byte, at[i].Len)
		if err := l.Load(got, &b, at[i]); err != nil || !bytes.Equal(got, want[i]) {
			t.Fatalf("block %d of %d bytes: %v", i, len(want[i]), err)
		}
	}
}

// What is gone or changed in a file is an error.
func TestDamagedBlocks(t *testing.T) {
	f, err := Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := Blocks{File: f}
	at, err := b.Put(bytes.Repeat([]byte("block"), 1000))
	if err != nil {
		t.Fatal(err)
	}
	var l Loader
	if _, err := f.f.WriteAt([]byte{0xff, 0xff}, 0); err != nil {
		t.Fatal(err)
	}
	if err := l.Load(make([]byte, at.Len), &b, at); err == nil {
		t.Error("a changed block")
	}
	if err := f.f.Truncate(f.Size() - 1); err != nil {
		t.Fatal(err)
	}
	if err := l.Load(make([]byte, at.Len), &b, at); err != errShort {
		t.Errorf("a block that is cut: %v", err)
	}
	if _, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size())); err != errShort {
		t.Errorf("a file that is cut: %v", err)
	}
}

// A file on a full disk says so, and that there is no folder, too.
func TestWritesFailOnAFullDisk(t *testing.T) {
	if _, err := Create(filepath.Join(t.TempDir(), "gone")); !errors.Is(err, ErrNoRoom) {
		t.Errorf("%v", err)
	}
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	f := &File{f: full, unnamed: true}
	defer f.Close()
	if _, err := (&Blocks{File: f}).Put([]byte("block")); !errors.Is(err, ErrNoRoom) {
		t.Errorf("blocks: %v", err)
	}
	noise := make([]byte, 1<<20)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	for _, made := range logs {
		l := made.of(0, func() (*File, error) { return f, nil })
		for i := 0; l.Err() == nil; i++ {
			if l.Write(noise); i > 10 {
				t.Fatalf("%s: no error", made.name)
			}
		}
		if _, err := l.Read(); !errors.Is(err, ErrNoRoom) {
			t.Errorf("%s: %v", made.name, err)
		}
	}
}
