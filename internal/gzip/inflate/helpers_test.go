package inflate

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	kgzip "github.com/klauspost/compress/gzip"
)

// judge decodes by the standard library, which is slow and well tried.
func judge(data []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

var spoilt = bytes.Repeat([]byte{0xa5}, Window+1<<20)

// decode runs r to its end in blocks of hist+size bytes. It spoils each block
// afterwards, as a caller may.
func decode(r *Reader, hist, size int) ([]byte, error) {
	var all []byte
	block := make([]byte, hist+size)
	for {
		n, err := r.Fill(block, hist)
		if n < size && err == nil {
			return all, fmt.Errorf("only %d of %d bytes and no error", n, size)
		}
		if old := min(hist, len(all)); !bytes.Equal(block[hist-old:hist], all[len(all)-old:]) {
			return all, errors.New("history is not the last output")
		}
		all = append(all, block[hist:hist+n]...)
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		copy(block, spoilt)
	}
}

func decodeAll(data []byte) ([]byte, error) {
	return decode(NewReader(bytes.NewReader(data)), Window, 64<<10)
}

// narrow returns a Reader whose input buffer is so small that everything meets
// its end at times.
func narrow(data []byte) *Reader {
	r := new(Reader)
	r.src, r.buf = bytes.NewReader(data), make([]byte, 400)
	return r
}

// trace is text like that of a trace: long repetitions with small changes.
func trace(size int) []byte {
	rng := rand.New(rand.NewPCG(1, uint64(size)))
	var b bytes.Buffer
	names := []string{"aten::mm", "cudaLaunchKernel", "void at::native::elementwise_kernel<128, 4>", "nn.Module: Linear_0"}
	for ts := 6520430064204.583; b.Len() < size; ts += rng.ExpFloat64() * 9 {
		fmt.Fprintf(&b, "  {\n    \"ph\": \"X\", \"cat\": \"cpu_op\", \"name\": \"%s\", \"pid\": %d, \"tid\": %d,\n    \"ts\": %.3f, \"dur\": %.3f,\n    \"args\": {\n      \"External id\": %d\n    }\n  },\n",
			names[rng.IntN(len(names))], 4000+rng.IntN(3), 4000+rng.IntN(9), ts, rng.ExpFloat64()*100, b.Len()/7)
	}
	return b.Bytes()[:size]
}

func noise(size int) []byte {
	rng := rand.New(rand.NewPCG(2, uint64(size)))
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// packers are the writers that the tests take streams from.
var packers = func() map[string]func(io.Writer) io.WriteCloser {
	m := map[string]func(io.Writer) io.WriteCloser{}
	for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
		m[fmt.Sprint("std", level)] = func(w io.Writer) io.WriteCloser {
			z, err := gzip.NewWriterLevel(w, level)
			if err != nil {
				panic(err)
			}
			return z
		}
	}
	for level := kgzip.StatelessCompression; level <= kgzip.BestCompression; level++ {
		m[fmt.Sprint("klauspost", level)] = func(w io.Writer) io.WriteCloser {
			z, err := kgzip.NewWriterLevel(w, level)
			if err != nil {
				panic(err)
			}
			return z
		}
	}
	return m
}()

// pack compresses with one of the packers and flushes at some places.
func pack(name string, data []byte, flushes int) []byte {
	var b bytes.Buffer
	z := packers[name](&b)
	for i := range flushes {
		from, to := i*len(data)/(flushes+1), (i+1)*len(data)/(flushes+1)
		must(z.Write(data[from:to]))
		if err := z.(interface{ Flush() error }).Flush(); err != nil {
			panic(err)
		}
	}
	must(z.Write(data[flushes*len(data)/(flushes+1):]))
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func must(_ int, err error) {
	if err != nil {
		panic(err)
	}
}

// sameAsJudge fails if this package and the standard library disagree about
// data in any way that is not meant to be.
func sameAsJudge(t *testing.T, data []byte) {
	t.Helper()
	want, wantErr := judge(data)
	got, gotErr := decode(narrow(data), Window, 4<<10)
	var corrupt *CorruptError
	switch {
	case wantErr == gzip.ErrHeader && len(data) > 512:
		// The standard library refuses names and comments of this length.
	case errors.As(gotErr, &corrupt) && strings.Contains(corrupt.Reason, "reserved flag"):
		// The standard library does not look at these.
	case wantErr == nil && gotErr == nil:
		if !bytes.Equal(got, want) {
			t.Errorf("%d bytes of output are not as they should be (%d)", len(got), len(want))
		}
	case wantErr != nil && gotErr != nil:
		// The standard library leaves out literals whose code is shorter than
		// the end-of-block code if the input ends with them.
		if !bytes.HasPrefix(got, want) {
			t.Errorf("before the error (%v) come %d bytes that do not begin with the right %d", gotErr, len(got), len(want))
		}
	case wantErr == nil && len(data) == 0:
		// The standard library lets an empty file pass.
	case wantErr != nil && goodBeforeZeros(data, got):
		// The standard library knows no padding.
	default:
		t.Errorf("error %v, standard library %v", gotErr, wantErr)
	}
}

// goodBeforeZeros says whether data means want without zeros at its end.
func goodBeforeZeros(data, want []byte) bool {
	for len(data) > 0 && data[len(data)-1] == 0 {
		data = data[:len(data)-1]
		if got, err := judge(data); err == nil && bytes.Equal(got, want) {
			return true
		}
	}
	return false
}

// sharedTraces returns real traces, packed, or skips the test.
func sharedTraces(tb testing.TB, names ...string) [][]byte {
	tb.Helper()
	var all [][]byte
	for _, name := range names {
		data, err := os.ReadFile("../../../../shared/traces/" + name)
		if errors.Is(err, os.ErrNotExist) {
			tb.Skip("no shared traces")
		}
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, data)
	}
	return all
}
