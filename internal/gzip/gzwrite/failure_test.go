package gzwrite

import (
	"errors"
	"io"
	"runtime"
	"slices"
	"testing"
)

// run writes data and closes, and counts the errors that the caller gets.
func run(w *Writer, data []byte) (errs []error) {
	for _, err := range []error{writePieces(w, data, 50_000), w.Close(), w.Close()} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

func TestFailureAtEveryByte(t *testing.T) {
	before := runtime.NumGoroutine()
	data := events(300)
	size := len(pack(t, data, 1, 300))
	for room := range size {
		checkFailure(t, data, room)
	}
	if errs := run(NewWriter(&limited{room: size}, Options{}), data); errs != nil {
		t.Error(errs)
	}
	noMoreGoroutines(t, before)
}

func TestFailureInLongStream(t *testing.T) {
	before := runtime.NumGoroutine()
	data := slices.Concat(events(2*ChunkSize), noise(2*ChunkSize), events(5*ChunkSize))
	size := len(pack(t, data, 1, len(data)))
	rooms := []int{0, 1, HeaderSize, 1000, size / 2, size - 40_000, size - 9, size - 1}
	if testing.Short() {
		rooms = rooms[3:6]
	}
	for _, room := range rooms {
		checkFailure(t, data, room)
	}
	noMoreGoroutines(t, before)
}

func checkFailure(t *testing.T, data []byte, room int) {
	t.Helper()
	for _, want := range []error{errFull, io.ErrShortWrite} {
		dst := &limited{room: room, short: want == io.ErrShortWrite}
		errs := run(NewWriter(dst, Options{Workers: 2}), data)
		if len(errs) != 1 || !errors.Is(errs[0], want) {
			t.Errorf("room for %d bytes: errors %v, want one, %v", room, errs, want)
		}
		if dst.room != 0 || dst.fails != 1 {
			t.Errorf("room for %d bytes: %d unused, %d writes failed", room, dst.room, dst.fails)
		}
	}
}

func TestFailureEndsGoroutinesWithoutClose(t *testing.T) {
	before := runtime.NumGoroutine()
	w := NewWriter(&limited{room: 100}, Options{Workers: 3})
	err := writePieces(w, events(40*ChunkSize), 1000)
	if !errors.Is(err, errFull) {
		t.Fatalf("got %v", err)
	}
	noMoreGoroutines(t, before)
	if _, err := w.Write(nil); !errors.Is(err, ErrClosed) {
		t.Errorf("then %v", err)
	}
}

// stuck does not return from Write before it is let go.
type stuck struct{ entered, let chan struct{} }

func (s stuck) Write(p []byte) (int, error) {
	s.entered <- struct{}{}
	<-s.let
	return len(p), nil
}

func TestAbortWaitsForTheWriteUnderWay(t *testing.T) {
	before := runtime.NumGoroutine()
	dst := stuck{make(chan struct{}, 1), make(chan struct{})}
	w := NewWriter(dst, Options{Workers: 2})
	if err := writePieces(w, events(3*ChunkSize), ChunkSize); err != nil {
		t.Fatal(err)
	}
	<-dst.entered
	aborted := make(chan struct{})
	go func() { w.Abort(); close(aborted) }()
	for !w.pipe.failed.Load() { // until then another write may follow
		runtime.Gosched()
	}
	select {
	case <-aborted:
		t.Error("Abort returned while the output was in use")
	case dst.let <- struct{}{}:
	}
	<-aborted
	if len(dst.entered) > 0 {
		t.Error("the output was written to again")
	}
	noMoreGoroutines(t, before)
}
