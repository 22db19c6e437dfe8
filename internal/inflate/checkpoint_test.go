package inflate

import (
	"bytes"
	"errors"
	"slices"
	"testing"
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
