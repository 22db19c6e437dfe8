package inflate

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"tracekit/internal/testkit/cmptest"
)

func TestResumeAtEveryCheckpoint(t *testing.T) {
	one := slices.Concat(trace(100<<10), noise(40<<10), trace(70<<10))
	packed := slices.Concat(pack("klauspost1", one, 9), pack("std6", nil, 0), pack("std0", one, 0), pack("std6", trace(100), 3), pack("std9", one, 30))
	random, _ := randomMember(11, 20, 900)
	packed = slices.Concat(packed, random, make([]byte, 50))
	want, err := decodeAll(packed)
	if err != nil {
		t.Fatal(err)
	}
	for _, hist := range []int{Window, 77} {
		for _, every := range []int64{1, 1000, 70 << 10, 1 << 40} {
			points := collect(t, packed, want, every, hist)
			for _, cp := range points {
				resume(t, packed, want, cp)
			}
			if every == 1 && len(points) < 60 || every == 1<<40 && len(points) != 1 {
				t.Errorf("%d checkpoints every %d bytes", len(points), every)
			}
		}
	}
}

// collect decodes all and looks at the checkpoints.
func collect(t *testing.T, packed, want []byte, every int64, hist int) []Checkpoint {
	t.Helper()
	var points []Checkpoint
	r := NewReader(bytes.NewReader(packed))
	r.Checkpoints(every, func(cp Checkpoint) { points = append(points, cp) })
	if got, err := decode(r, hist, 20000); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d bytes, error %v; want %d", len(got), err, len(want))
	}
	if len(points) == 0 || points[0].Out != 0 || points[0].In != 0 {
		t.Fatal("no checkpoint at the start")
	}
	for i, cp := range points {
		if !bytes.HasSuffix(want[:cp.Out], cp.Window) {
			t.Errorf("window before %d is not the output there", cp.Out)
		}
		if start := bytes.HasPrefix(packed[cp.In:], []byte{magic0, magic1, methodDeflate}); start != (len(cp.Window) == 0) {
			t.Errorf("window of %d bytes at %d", len(cp.Window), cp.In)
		}
		if i > 0 && cp.Out < points[i-1].Out+every {
			t.Errorf("checkpoint at %d after %d", cp.Out, points[i-1].Out)
		}
	}
	return points
}

func resume(t *testing.T, packed, want []byte, cp Checkpoint) {
	t.Helper()
	r, err := NewReaderAt(bytes.NewReader(packed), int64(len(packed)), cp)
	if err != nil {
		t.Fatal(err)
	}
	var again []Checkpoint
	r.Checkpoints(50000, func(cp Checkpoint) { again = append(again, cp) })
	got, err := decode(r, Window, 100000)
	if err != nil || !bytes.Equal(got, want[cp.Out:]) {
		t.Fatalf("from %d: %d bytes, error %v; want %d", cp.Out, len(got), err, len(want)-int(cp.Out))
	}
	first := again[0]
	if first.In != cp.In || first.Bit != cp.Bit || first.Out != cp.Out || !bytes.Equal(first.Window, cp.Window) {
		t.Errorf("from %d: first checkpoint is another one, at %d", cp.Out, first.Out)
	}
}

func TestResumedReaderChecksLaterMembers(t *testing.T) {
	one := pack("std6", trace(300<<10), 5)
	packed := slices.Concat(one, one)
	var points []Checkpoint
	r := NewReader(bytes.NewReader(packed))
	r.Checkpoints(50000, func(cp Checkpoint) { points = append(points, cp) })
	if _, err := decode(r, Window, 100000); err != nil {
		t.Fatal(err)
	}
	for _, end := range []int{len(one), len(packed)} {
		bad := bytes.Clone(packed)
		bad[end-8] ^= 1
		r, err := NewReaderAt(bytes.NewReader(bad), int64(len(bad)), points[1])
		if err != nil {
			t.Fatal(err)
		}
		_, err = decode(r, Window, 100000)
		var corrupt *CorruptError
		if end == len(one) && err != nil || end == len(packed) && (!errors.As(err, &corrupt) || corrupt.Offset != int64(end-8)) {
			t.Errorf("wrong checksum at %d: error %v", end, err)
		}
	}
}

func TestNoCheckpoint(t *testing.T) {
	for _, cp := range []Checkpoint{
		{In: -1}, {In: 11}, {Bit: 8}, {Out: 1 << 20, Window: make([]byte, Window+1)}, {Out: 9, Window: make([]byte, 10)}, {Out: -1},
		{In: 10, Bit: 3, Out: 5, Window: make([]byte, 1)},
	} {
		if _, err := NewReaderAt(bytes.NewReader(make([]byte, 10)), 10, cp); err == nil {
			t.Errorf("byte %d, bit %d, out %d, window of %d bytes: no error", cp.In, cp.Bit, cp.Out, len(cp.Window))
		}
	}
}

// A sparse checkpoint has what is referred to, and zeros.
func TestSparseCheckpoints(t *testing.T) {
	const every = 2 * Window
	one := slices.Concat(trace(400<<10), noise(40<<10), trace(200<<10), make([]byte, 100<<10), trace(100<<10))
	streams := map[string][]byte{
		"members": slices.Concat(pack("klauspost1", one, 9), pack("std6", nil, 0), pack("std0", one, 0), pack("std6", trace(100), 3), pack("std9", one, 30)),
		"short":   pack("std6", trace(every+1000), 5),
		"chunks":  chunked(slices.Concat(one, one)),
		"zeros":   pack("std6", make([]byte, 1<<20), 20),
	}
	for seed := range uint64(9) {
		streams["random"+string(rune('a'+seed))], _ = randomMember(seed, 90, 9000)
	}
	for name, packed := range streams {
		want, err := decodeAll(packed)
		if err != nil {
			t.Fatal(err)
		}
		if testing.Short() && name != "members" && name != "chunks" {
			continue
		}
		full := collect(t, packed, want, every, Window)
		for _, size := range []int{3000, 300_000} {
			var sparse []Checkpoint
			r := NewReader(bytes.NewReader(packed))
			r.SparseCheckpoints(every, func(cp Checkpoint) { sparse = append(sparse, cp) })
			if got, err := decode(r, Window, size); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s: %d bytes, error %v; want %d", name, len(got), err, len(want))
			}
			checkSparse(t, name, packed, want, sparse, full)
		}
	}
}

func checkSparse(t *testing.T, name string, packed, want []byte, sparse, full []Checkpoint) {
	t.Helper()
	if len(sparse) != len(full) {
		t.Fatalf("%s: %d checkpoints, not %d", name, len(sparse), len(full))
	}
	kept, all := 0, 0
	for i, cp := range sparse {
		if cp.In != full[i].In || cp.Bit != full[i].Bit || cp.Out != full[i].Out || len(cp.Window) != len(full[i].Window) {
			t.Fatalf("%s: checkpoint %d is at %d, not at %d", name, i, cp.Out, full[i].Out)
		}
		for k, c := range cp.Window {
			if c != 0 && c != full[i].Window[k] {
				t.Fatalf("%s: byte %d of window %d is %d, not %d", name, k, i, c, full[i].Window[k])
			}
			kept += min(int(c), 1)
		}
		all += len(cp.Window)
		resume(t, packed, want, cp)
	}
	if name == "members" && kept > all/2 {
		t.Errorf("%s: %d of %d bytes are kept", name, kept, all)
	}
}

// A chunk that is decoded by itself refers to nothing before it.
func TestSparseCheckpointsOfChunks(t *testing.T) {
	text := trace(5 << 20)
	packed := chunked(text)
	c := NewChunked(bytes.NewReader(packed), 2)
	defer c.Close()
	var sparse []Checkpoint
	c.SparseCheckpoints(300<<10, func(cp Checkpoint) { sparse = append(sparse, cp) })
	for err := error(nil); err == nil; {
		_, _, err = c.Next(nil)
	}
	if len(sparse) != 6 { // one for each chunk, one for the end
		t.Fatalf("%d checkpoints", len(sparse))
	}
	for _, cp := range sparse {
		if slices.Max(append(cp.Window, 0)) > 0 {
			t.Errorf("the window at %d is not empty", cp.Out)
		}
		resume(t, packed, text, cp)
	}
}

// A stream that breaks off behind a checkpoint has told of it.
func TestSparseCheckpointBeforeAnError(t *testing.T) {
	packed := pack("std6", trace(200<<10), 9)
	for cut := len(packed) / 2; cut < len(packed); cut += 97 {
		var full, sparse []int64
		r := NewReader(bytes.NewReader(packed[:cut]))
		r.Checkpoints(2*Window, func(cp Checkpoint) { full = append(full, cp.Out) })
		decode(r, Window, 10_000)
		r = NewReader(bytes.NewReader(packed[:cut]))
		r.SparseCheckpoints(2*Window, func(cp Checkpoint) { sparse = append(sparse, cp.Out) })
		if _, err := decode(r, Window, 10_000); err == nil {
			t.Errorf("cut at %d: no error", cut)
		}
		cmptest.Same(t, fmt.Sprintf("cut at %d: the list of checkpoints", cut), full, sparse)
	}
}
