package deflate

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tracekit/internal/testkit/recorded"

	kflate "github.com/klauspost/compress/flate"
)

const (
	mark  = "\x00\x00\xff\xff"
	final = "\x03\x00"
)

// checkChunk compresses data and has it decoded by three others.
func checkChunk(t *testing.T, c *Compressor, data []byte) (packed []byte) {
	t.Helper()
	packed = c.AppendChunk(nil, data, nil)
	if !bytes.HasSuffix(packed, []byte(mark)) {
		t.Fatalf("%d bytes: no mark at the end", len(data))
	}
	if most := len(data) + 16 + 10*(len(data)/(32<<10)); len(packed) > most {
		t.Fatalf("%d bytes became %d, allowed are %d", len(data), len(packed), most)
	}
	checkDecode(t, packed, data)
	return packed
}

// checkDecode wants data from packed, and nothing after it: if a block in
// packed were final, the decoders would leave something.
func checkDecode(t *testing.T, packed, data []byte) {
	t.Helper()
	whole := append(packed[:len(packed):len(packed)], final...)
	for name, open := range map[string]func(io.Reader) io.ReadCloser{
		"compress/flate": flate.NewReader,
		"klauspost":      kflate.NewReader,
	} {
		rest := bytes.NewReader(whole)
		got, err := io.ReadAll(open(rest))
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("%s: %d bytes came back as %d, error %v", name, len(data), len(got), err)
		}
		if rest.Len() != 0 {
			t.Fatalf("%s: a block is final, %d bytes before the end", name, rest.Len())
		}
	}
	got, err := OwnDecoder(member(whole, data))
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("own decoder: %d bytes came back as %d, error %v", len(data), len(got), err)
	}
}

// OwnDecoder decodes gzip with this module's decoder, whose package cannot be
// imported from here as it imports this one.
var OwnDecoder func(packed []byte) ([]byte, error)

// member makes a gzip member of deflate blocks.
func member(blocks, data []byte) []byte {
	m := slices.Concat([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"), blocks)
	m = binary.LittleEndian.AppendUint32(m, crc32.ChecksumIEEE(data))
	return binary.LittleEndian.AppendUint32(m, uint32(len(data)))
}

// realTraces are the texts of all real traces at hand whose files are no larger
// than limit bytes.
func realTraces(t testing.TB, limit int64) map[string][]byte {
	texts := map[string][]byte{}
	for _, dir := range []string{"../../../testdata", "../../../../shared/traces"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.json.gz"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if info, err := os.Stat(f); err == nil && info.Size() <= limit {
				texts[filepath.Base(f)] = recorded.Text(t, f)
			}
		}
	}
	return texts
}

// trace is text like that of a trace: long repetitions with small changes.
func trace(size int) []byte {
	rng := rand.New(rand.NewPCG(3, uint64(size)))
	names := []string{"aten::mm", "cudaLaunchKernel", "void at::native::vectorized_elementwise_kernel<4, at::native::FillFunctor<float>>", "typing.py(2187): cast"}
	var b bytes.Buffer
	for ts, id := 6520430064204583, 1000; b.Len() < size; id++ {
		ts += 1 << rng.IntN(14)
		fmt.Fprintf(&b, "  {\n    \"ph\": \"X\", \"cat\": \"python_function\", \"name\": \"%s\", \"pid\": 851, \"tid\": %d,\n    \"ts\": %d.%03d, \"dur\": %d.%03d,\n    \"args\": {\n      \"Python parent id\": %d, \"Python id\": %d\n    }\n  },\n",
			names[rng.IntN(len(names))], 851+rng.IntN(2)*1000, ts/1000, ts%1000, rng.IntN(1<<rng.IntN(9)), rng.IntN(1000), id-rng.IntN(20), id)
	}
	return b.Bytes()[:size]
}

func noise(size int, alphabet uint32) []byte {
	rng := rand.New(rand.NewPCG(4, uint64(size)))
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(rng.Uint32N(alphabet))
	}
	return b
}

// copies is noise in which so much repeats from distance on.
func copies(size, distance int) []byte {
	b := noise(size, 256)
	for i := distance; i < size; i++ {
		if i%9999 != 0 {
			b[i] = b[i-distance]
		}
	}
	return b
}

var kinds = map[string]func(size int) []byte{
	"trace":     trace,
	"noise":     func(n int) []byte { return noise(n, 256) },
	"digits":    func(n int) []byte { return noise(n, 10) },
	"bits":      func(n int) []byte { return noise(n, 2) },
	"zeros":     func(n int) []byte { return make([]byte, n) },
	"two":       func(n int) []byte { return copies(n, 2) },
	"window-1":  func(n int) []byte { return copies(n, window-1) },
	"window":    func(n int) []byte { return copies(n, window) },
	"window+1":  func(n int) []byte { return copies(n, window+1) },
	"window*2":  func(n int) []byte { return copies(n, window*2) },
	"noisy end": func(n int) []byte { return append(trace(n/2), noise(n-n/2, 256)...) },
	"noise 1st": func(n int) []byte { return append(noise(n/2, 256), trace(n-n/2)...) },
}
