package gzwrite

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	kgzip "github.com/klauspost/compress/gzip"
)

func TestSameBytesHoweverWritten(t *testing.T) {
	data := slices.Concat(events(3*ChunkSize/2), noise(ChunkSize), events(4*ChunkSize+77))
	want := pack(t, data, 1, len(data))
	if !bytes.Equal(unpack(t, want), data) {
		t.Fatal("the data did not come back")
	}
	most, pieces := 6, []int{193, ChunkSize - 1, ChunkSize, ChunkSize + 1, 3 * ChunkSize, len(data)}
	if testing.Short() {
		most, pieces = 3, []int{193, ChunkSize + 1}
	}
	for workers := range most {
		for _, piece := range pieces {
			if got := pack(t, data, workers, piece); !bytes.Equal(got, want) {
				t.Errorf("%d workers, writes of %d bytes: other bytes", workers, piece)
			}
		}
	}
}

func TestSizesAroundChunks(t *testing.T) {
	before := runtime.NumGoroutine()
	data := events(3*ChunkSize + 1)
	for _, size := range []int{0, 1, 2, 1000, ChunkSize - 1, ChunkSize, ChunkSize + 1, 2 * ChunkSize, 3*ChunkSize + 1} {
		if got := unpack(t, pack(t, data[:size], 3, 1<<16)); !bytes.Equal(got, data[:size]) {
			t.Errorf("%d bytes came back as %d", size, len(got))
		}
	}
	noMoreGoroutines(t, before)
}

func TestEmptyStream(t *testing.T) {
	want := "\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\x09\x00TK\x05\x00\x01\x00\x00\x10\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	if got := pack(t, nil, 2, 1); string(got) != want {
		t.Errorf("got %x", got)
	}
}

func TestAvailableBufferIsWrittenWithoutCopy(t *testing.T) {
	data := events(3*ChunkSize + 5)
	var out bytes.Buffer
	w := NewWriter(&out, Options{Workers: 2})
	for rest := data; len(rest) > 0; {
		room := w.AvailableBuffer()
		if len(room) != 0 || cap(room) == 0 || cap(room) > ChunkSize {
			t.Fatalf("length %d, capacity %d", len(room), cap(room))
		}
		n := min(len(rest), 777) // does not divide a chunk: some outgrow the room
		if _, err := w.Write(append(room, rest[:n]...)); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), pack(t, data, 1, len(data))) {
		t.Error("other bytes")
	}
	if w.AvailableBuffer() != nil {
		t.Error("a buffer after the end")
	}
}

func TestMembersBesideOthers(t *testing.T) {
	data, more := events(ChunkSize+99), noise(2000)
	var other bytes.Buffer
	z := gzip.NewWriter(&other)
	z.Write(more)
	z.Close()
	own := pack(t, data, 2, 1000)
	all := slices.Concat(own, other.Bytes(), own, own)
	if got := unpack(t, all); !bytes.Equal(got, slices.Concat(data, more, data, data)) {
		t.Error("the standard library reads something else")
	}
	k, err := kgzip.NewReader(bytes.NewReader(all))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(k); err != nil || len(got) != 3*len(data)+len(more) {
		t.Errorf("another library reads %d bytes, error %v", len(got), err)
	}
}

func TestReset(t *testing.T) {
	before := runtime.NumGoroutine()
	one, two := events(2*ChunkSize+3), events(1000)
	var out bytes.Buffer
	w := NewWriter(io.Discard, Options{Workers: 2})
	for i, data := range [][]byte{one, two, nil, one} {
		if i%2 == 1 { // what is not finished has no influence
			w.Reset(io.Discard)
			if err := writePieces(w, noise(ChunkSize+i), 5000); err != nil {
				t.Fatal(err)
			}
		}
		out.Reset()
		w.Reset(&out)
		if err := writePieces(w, data, 1<<15); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(out.Bytes(), pack(t, data, 1, 1<<15)) {
			t.Errorf("stream %d: other bytes after Reset", i)
		}
	}
	noMoreGoroutines(t, before)
}

func TestOtherPrograms(t *testing.T) {
	data := slices.Concat(events(2*ChunkSize), noise(100_000))
	file := filepath.Join(t.TempDir(), "t.json.gz")
	if err := os.WriteFile(file, pack(t, data, 2, 1<<16), 0o600); err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("import gzip, sys, zlib\nsys.exit(zlib.crc32(gzip.open(sys.argv[1]).read()) != %d)", crc32.ChecksumIEEE(data))
	for _, command := range [][]string{{"gzip", "-t", file}, {"python3", "-c", script, file}} {
		t.Run(command[0], func(t *testing.T) {
			if _, err := exec.LookPath(command[0]); err != nil {
				t.Skip(err)
			}
			if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

func TestNoAllocationsOnceUnderWay(t *testing.T) {
	data := events(ChunkSize)
	w := NewWriter(io.Discard, Options{Workers: 2})
	defer w.Abort()
	write := func() {
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	for range 15 {
		write()
	}
	if n := testing.AllocsPerRun(10, write); n > 0 {
		t.Errorf("%v allocations for each chunk", n)
	}
}

func TestCombineCRC(t *testing.T) {
	data := noise(5000)
	for _, cut := range []int{0, 1, 2, 3, 8, 100, 255, 256, 4097, 4999, 5000} {
		got := CombineCRC(crc32.ChecksumIEEE(data[:cut]), crc32.ChecksumIEEE(data[cut:]), len(data)-cut)
		if want := crc32.ChecksumIEEE(data); got != want {
			t.Errorf("cut at %d: %08x, want %08x", cut, got, want)
		}
	}
	long := events(2*ChunkSize + 5)
	got := CombineCRC(crc32.ChecksumIEEE(long[:5]), crc32.ChecksumIEEE(long[5:]), 2*ChunkSize)
	if want := crc32.ChecksumIEEE(long); got != want {
		t.Errorf("%08x, want %08x", got, want)
	}
}

func TestErrClosedIsWhatComesAfterTheEnd(t *testing.T) {
	for name, end := range map[string]func(*Writer){
		"close": func(w *Writer) { w.Close() },
		"abort": (*Writer).Abort,
	} {
		var out bytes.Buffer
		w := NewWriter(&out, Options{})
		if _, err := w.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		end(w)
		size := out.Len()
		for range 2 {
			if n, err := w.Write([]byte("y")); n != 0 || !errors.Is(err, ErrClosed) {
				t.Errorf("after %s: %d, %v", name, n, err)
			}
			if err := w.Close(); err != nil {
				t.Errorf("after %s: %v", name, err)
			}
			w.Abort()
		}
		if out.Len() != size || name == "abort" && size != 0 {
			t.Errorf("after %s: %d bytes, then %d", name, size, out.Len())
		}
	}
}
