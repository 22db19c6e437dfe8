package inflate

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"
)

// lazy returns nothing and no error before every byte that it gives.
type lazy struct {
	src  io.Reader
	idle bool
}

func (l *lazy) Read(p []byte) (int, error) {
	l.idle = !l.idle
	if l.idle {
		return 0, nil
	}
	return l.src.Read(p[:min(len(p), 1)])
}

func TestReadersThatReturnLittleOrNothing(t *testing.T) {
	data := slices.Concat(trace(50<<10), noise(5<<10))
	want := slices.Concat(data, data, data)
	packed := slices.Concat(pack("std6", data, 2), pack("std0", data, 0), pack("std-2", data, 0), make([]byte, 700))
	for name, src := range map[string]io.Reader{
		"one byte":       iotest.OneByteReader(bytes.NewReader(packed)),
		"half":           iotest.HalfReader(bytes.NewReader(packed)),
		"data and error": iotest.DataErrReader(bytes.NewReader(packed)),
		"lazy":           &lazy{src: bytes.NewReader(packed)},
		"one and error":  iotest.DataErrReader(iotest.OneByteReader(bytes.NewReader(packed))),
	} {
		got, err := decode(NewReader(src), Window, 10000)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, error %v; want %d", name, len(got), err, len(want))
		}
	}
}

func TestSourceFails(t *testing.T) {
	want := trace(100 << 10)
	packed := pack("std6", want, 0)
	broken := errors.New("cable cut")
	for _, at := range []int{0, 1, 9, 10, 11, 500, len(packed) / 2, len(packed) - 8, len(packed) - 1, len(packed)} {
		sound, _ := decodeAll(packed[:at])
		for _, fail := range []error{broken, io.ErrUnexpectedEOF} {
			got, err := decode(NewReader(io.MultiReader(bytes.NewReader(packed[:at]), iotest.ErrReader(fail))), Window, 5000)
			if !errors.Is(err, fail) {
				t.Errorf("cut at %d: error %v, want %v", at, err, fail)
			}
			if !bytes.Equal(got, sound) || !bytes.HasPrefix(want, got) {
				t.Errorf("cut at %d: %d bytes, want %d", at, len(got), len(sound))
			}
		}
	}
}

func TestStuckSource(t *testing.T) {
	stuck := readerFunc(func([]byte) (int, error) { return 0, nil })
	if _, err := decode(NewReader(stuck), Window, 100); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("error %v, want %v", err, io.ErrNoProgress)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
