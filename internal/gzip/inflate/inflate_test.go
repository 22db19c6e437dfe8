package inflate

import (
	"bytes"
	"io"
	"slices"
	"testing"
	"testing/iotest"
)

func TestEveryWriter(t *testing.T) {
	inputs := map[string][]byte{
		"empty": nil,
		"byte":  {'x'},
		"trace": trace(150 << 10),
		"noise": noise(70 << 10),
		"zeros": make([]byte, 100<<10),
		"both":  slices.Concat(trace(40<<10), noise(40<<10), trace(40<<10)),
	}
	for writer := range packers {
		for name, want := range inputs {
			packed := slices.Concat(pack(writer, want, 0), pack(writer, want[:len(want)/4], 5))
			got, err := decodeAll(packed)
			if err != nil || !bytes.Equal(got, slices.Concat(want, want[:len(want)/4])) {
				t.Errorf("%s, %s: %d bytes, error %v; want %d", writer, name, len(got), err, len(want)+len(want)/4)
			}
		}
	}
}

func TestRealTraces(t *testing.T) {
	for _, packed := range sharedTraces(t, "h100_qwen_chat.json.gz", "h100_image_classifier.json.gz") {
		want, err := judge(packed)
		if err != nil {
			t.Fatal(err)
		}
		for _, writer := range []string{"", "klauspost1"} {
			again := packed
			if writer != "" {
				again = pack(writer, want, 3)
			}
			if got, err := decodeAll(again); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %d bytes, error %v; want %d", writer, len(got), err, len(want))
			}
		}
	}
}

func TestBlockSizes(t *testing.T) {
	long := slices.Concat(trace(60<<10), noise(3000), make([]byte, 5<<10), trace(20<<10))
	for _, c := range []struct {
		want        []byte
		hist, sizes []int
	}{
		{long[:Window+5000], []int{0, 1, 100}, []int{1, 7}},
		{long, []int{0, 1, 100}, []int{257, outMargin - 1, outMargin, outMargin + 1}},
		{long, []int{0, 100, Window - 1, Window}, []int{outMargin - 1, 4096, 65536 + 13, 1 << 20}},
	} {
		packed := slices.Concat(pack("std6", c.want, 3), pack("std6", c.want, 0))
		want := slices.Concat(c.want, c.want)
		for _, hist := range c.hist {
			for _, size := range c.sizes {
				got, err := decode(NewReader(bytes.NewReader(packed)), hist, size)
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("history %d, size %d: %d bytes, error %v; want %d", hist, size, len(got), err, len(want))
				}
			}
		}
	}
}

func TestTinyBlocksBehindWindow(t *testing.T) {
	want := trace(6000)
	got, err := decode(NewReader(bytes.NewReader(pack("std9", want, 0))), Window, 1)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, error %v; want %d", len(got), err, len(want))
	}
}

func TestRead(t *testing.T) {
	want := trace(1 << 20)
	packed := pack("klauspost5", want, 0)
	if err := iotest.TestReader(NewReader(bytes.NewReader(packed)), want); err != nil {
		t.Error(err)
	}
	r := NewReader(bytes.NewReader(packed[:len(packed)-4]))
	got, err := io.ReadAll(r)
	if !bytes.Equal(got, want) || err == nil {
		t.Errorf("%d bytes, error %v; want %d and an error", len(got), err, len(want))
	}
	if _, again := r.Read(make([]byte, 1)); again != err {
		t.Errorf("error %v after %v", again, err)
	}
}

func TestManyMembers(t *testing.T) {
	var packed, want []byte
	data := trace(2000)
	for i := range 40 {
		part := data[i : i+i%7*100]
		packed = append(packed, pack("std1", part, 0)...)
		want = append(want, part...)
	}
	packed, want = bytes.Repeat(packed, 50), bytes.Repeat(want, 50)
	for _, size := range []int{100, 1 << 20} {
		got, err := decode(NewReader(bytes.NewReader(packed)), Window, size)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("size %d: %d bytes, error %v; want %d", size, len(got), err, len(want))
		}
	}
}

// TestWideInput has a stream that is longer than the input buffer, so that
// every kind of block meets the seam.
func TestWideInput(t *testing.T) {
	want := noise(700 << 10)
	for i := 0; i < len(want); i += 3 {
		want[i] = 'a'
	}
	for _, writer := range []string{"std0", "std-2", "std6"} {
		got, err := decodeAll(pack(writer, want, 0))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, error %v; want %d", writer, len(got), err, len(want))
		}
	}
}

func TestNoAllocation(t *testing.T) {
	packed := pack("std6", slices.Concat(trace(1<<20), noise(200<<10)), 20)
	src := bytes.NewReader(packed)
	r := NewReader(&again{src: src})
	block := make([]byte, Window+64<<10)
	allocs := testing.AllocsPerRun(200, func() {
		if n, err := r.Fill(block, Window); n != 64<<10 || err != nil {
			t.Fatal(n, err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations a block", allocs)
	}
}

// again repeats its source without end.
type again struct{ src *bytes.Reader }

func (a *again) Read(p []byte) (int, error) {
	n, err := a.src.Read(p)
	if err == io.EOF {
		a.src.Seek(0, io.SeekStart)
		return a.src.Read(p)
	}
	return n, err
}
