package trace

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tracekit/internal/gzip/verbatim"
)

// lending is an output that offers rooms of the sizes given, in turn, and fails
// after so many bytes. A room that is not valid any more is overwritten.
type lending struct {
	bytes.Buffer
	rooms  []int
	failAt int
	room   []byte
	lent   int // bytes that came in a room
}

var errFull = errors.New("full")

func (l *lending) AvailableBuffer() []byte {
	l.spoil()
	size := l.rooms[0]
	l.rooms = append(l.rooms[1:], size)
	l.room = make([]byte, size)
	return l.room[:0]
}

func (l *lending) WasRead([]verbatim.Run) {}

func (l *lending) Write(p []byte) (int, error) {
	if len(p) > 0 && len(l.room) > 0 && &p[0] == &l.room[0] {
		l.lent += len(p)
	}
	n := min(len(p), l.failAt-l.Len())
	l.Buffer.Write(p[:n])
	l.spoil()
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

func (l *lending) spoil() {
	for i := range l.room {
		l.room[i] = '!'
	}
	l.room = nil
}

// However much room an output offers, it gets the same bytes, of which only large
// events come from elsewhere.
func TestBufferSizesGiveTheSameBytes(t *testing.T) {
	for _, pad := range []int{0, writeSize} {
		want := withoutRoom(t, pad)
		for _, rooms := range [][]int{{0}, {1}, {7}, {0, 1, 2, 50}, {1 << 20}, {30, 0, 1}} {
			l := &lending{rooms: slices.Clone(rooms), failAt: 1 << 30}
			w := NewPackedWriter(l)
			if err := writeSome(w, pad); err != nil || l.String() != want || w.Bytes != int64(len(want)) {
				t.Errorf("rooms %v: %d bytes, %d counted, want %d, error %v", rooms, l.Len(), w.Bytes, len(want), err)
			}
			if most := len(want) - pad - 20; !slices.Contains(rooms, 0) && l.lent < most {
				t.Errorf("rooms %v: %d bytes came in them, want %d", rooms, l.lent, most)
			}
		}
	}
}

// An error anywhere comes back, after what was written before it.
func TestAFailingOutputHasWhatCameBefore(t *testing.T) {
	want := withoutRoom(t, 0)
	for _, rooms := range [][]int{{1}, {7}, {1 << 10}, {30, 0, 1}} {
		for at := range len(want) {
			l := &lending{rooms: slices.Clone(rooms), failAt: at}
			if err := writeSome(NewPackedWriter(l), 0); err != errFull || l.String() != want[:at] {
				t.Fatalf("rooms %v, full at %d: %d bytes, error %v", rooms, at, l.Len(), err)
			}
		}
	}
}

// withoutRoom is what writeSome writes to an output that offers no room.
func withoutRoom(t *testing.T, pad int) string {
	var out bytes.Buffer
	if err := writeSome(NewWriter(&out), pad); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// writeSome writes a small trace, in the midst of which is a name of pad bytes.
func writeSome(w *Writer, pad int) error {
	w.Text([]byte(`{"traceEvents":[`))
	for n := range 40 {
		w.Object(fmt.Appendf(nil, `{"ph":"i","ts":%d}`, n))
		if n == 20 {
			w.Object([]byte(`{"ph":"i","name":"` + strings.Repeat("x", pad) + `"}`))
		}
	}
	w.Text([]byte("\n]}"))
	return w.Close()
}
