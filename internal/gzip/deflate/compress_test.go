package deflate

import (
	"bytes"
	"hash/crc32"
	"slices"
	"testing"

	kflate "github.com/klauspost/compress/flate"
)

func TestRoundTripOfEveryKind(t *testing.T) {
	c := NewCompressor()
	for name, make := range kinds {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{1, 100, 5000, maxStored, window + 9, 200_000, 1<<20 + 12345} {
				checkChunk(t, c, make(size))
			}
		})
	}
}

func TestRoundTripOfEverySize(t *testing.T) {
	c := NewCompressor()
	for _, data := range [][]byte{trace(1000), noise(1000, 256), make([]byte, 1000), copies(1000, 7)} {
		for size := range len(data) + 1 {
			if size > 300 && size%7 > 0 {
				continue
			}
			checkChunk(t, c, data[:size])
		}
	}
	long := slices.Concat(noise(maxLits, 256), trace(2*maxStored), make([]byte, 40_000))
	for _, at := range []int{maxLits, maxStored, 2 * maxStored, len(long) - margin} {
		for size := at - 3; size <= at+3; size++ {
			checkChunk(t, c, long[:size])
			checkChunk(t, c, long[len(long)-size:])
		}
	}
}

// The end of matches and literals moves over every place in a load.
func TestEveryMatchLength(t *testing.T) {
	c := NewCompressor()
	base := noise(longest+100, 256)
	gaps := 9
	if testing.Short() {
		gaps = 2
	}
	for n := range 2*maxMatch + 50 {
		for gap := range gaps {
			checkChunk(t, c, slices.Concat(base[:n], noise(gap, 256), base[:n], []byte("!"), base[:n+gap]))
		}
	}
	for n := longest - 2; n <= longest+2; n++ {
		checkChunk(t, c, slices.Concat(base[:n], []byte("?"), base[:n], base))
	}
}

func TestEveryLimitOfABlock(t *testing.T) {
	c := NewCompressor()
	// Literals run up to the limit in steps of each size, then a match comes.
	word := []byte("so well known that it matches")
	for extra := range 40 {
		data := slices.Concat(word, noise(maxLits-600+20*extra, 256), word, noise(100, 256), word)
		checkChunk(t, c, data)
	}
	// Short matches fill the tokens, with a long one where they end.
	var data []byte
	for i := range maxTokens - 3 {
		data = append(data, "abcdefgh "...)
		data = append(data, byte(i), byte(i>>8))
	}
	for range 8 {
		data = append(data, "abcdefgh "...)
		checkChunk(t, c, slices.Concat(data, make([]byte, 3*longest), data[:1000]))
	}
}

func TestChunksAreIndependent(t *testing.T) {
	var stream, all []byte
	c := NewCompressor()
	for name, make := range kinds {
		data := make(70_000)
		before := len(stream)
		stream = c.AppendChunk(stream, data, nil)
		all = append(all, data...)
		if fresh := NewCompressor().AppendChunk(nil, data, nil); !bytes.Equal(stream[before:], fresh) {
			t.Errorf("%s: what was compressed before changes the bytes", name)
		}
	}
	checkDecode(t, stream, all)
}

func TestRealTraces(t *testing.T) {
	c := NewCompressor()
	var out bytes.Buffer
	k, err := kflate.NewWriter(&out, kflate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range realTraces(t, 200<<10) {
		size := 0
		out.Reset()
		for part := range slices.Chunk(data, chunk) {
			size += len(checkChunk(t, c, part))
			k.Reset(&out)
			k.Write(part)
			k.Flush()
		}
		if size > out.Len()*11/10+100 {
			t.Errorf("%s: %d bytes, %d by another", name, size, out.Len())
		}
	}
}

// The bytes must not depend on the machine, nor on whether loads check their
// bounds. Change the sums when the compressor changes on purpose.
func TestSameBytesEverywhere(t *testing.T) {
	want := map[string]uint32{
		"bits":      0x170e7c40,
		"digits":    0x6a2847a1,
		"noise":     0x8f802a5e,
		"noise 1st": 0xd246dae1,
		"noisy end": 0x0e73fa93,
		"trace":     0x05387763,
		"two":       0x610f7911,
		"window":    0xab2b3459,
		"window*2":  0x66d4001f,
		"window+1":  0xd2b74185,
		"window-1":  0x3b6f3b8c,
		"zeros":     0xebaeb26d,
	}
	c := NewCompressor()
	for name, make := range kinds {
		if got := crc32.ChecksumIEEE(c.AppendChunk(nil, make(300_000), nil)); got != want[name] {
			t.Errorf("%q: %#08x, want %#08x", name, got, want[name])
		}
	}
}

func TestEmptyChunk(t *testing.T) {
	if got := NewCompressor().AppendChunk([]byte("x"), nil, nil); string(got) != "x\x00"+mark {
		t.Errorf("got %x", got)
	}
}

func TestTextIsPackedWell(t *testing.T) {
	data := trace(1 << 20)
	packed := checkChunk(t, NewCompressor(), data)
	if ratio := float64(len(data)) / float64(len(packed)); ratio < 8 {
		t.Errorf("only %.2f to 1", ratio)
	}
	if packed := checkChunk(t, NewCompressor(), make([]byte, 1<<20)); len(packed) > 4096 {
		t.Errorf("1 MiB of zeros took %d bytes", len(packed))
	}
}

func TestNoAllocations(t *testing.T) {
	c, data := NewCompressor(), slices.Concat(trace(300_000), noise(100_000, 256))
	buf := c.AppendChunk(nil, data, nil)
	if n := testing.AllocsPerRun(5, func() { buf = c.AppendChunk(buf[:0], data, nil) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
