package trace

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
)

// What is unpacked is the event that was packed, in whatever way it is written and
// however long it is; what is cut off is none.
func TestPackedEvents(t *testing.T) {
	var doc strings.Builder
	doc.WriteString(`[{"ph":"X","name":"a","cat":"c","pid":1,"tid":"t","ts":1.5,"dur":2,"id":3,"args":{"k":[1]},"odd":0}`)
	for i, size := range []int{0, 1, 1<<16 - 70, 1<<16 + 5} {
		fmt.Fprintf(&doc, ",\n  {\"ph\": \"i\", \"args\": {\"long\": %q}, \"ts\": -%d, \"name\": \"\"}", strings.Repeat("x", size), i)
	}
	doc.WriteString(",{}]")
	s, err := NewSource(strings.NewReader(doc.String()), -1, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Read()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n := 0
	for b, err := r.Next(); err != io.EOF; b, err = r.Next() {
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range b.Parts {
			for i := range p.Events {
				n++
				checkPacked(t, &p.Events[i])
			}
		}
	}
	if n != 6 {
		t.Errorf("%d events", n)
	}
}

func checkPacked(t *testing.T, e *Event) {
	t.Helper()
	e.Interned = 7
	text := e.AppendPacked(nil)
	if len(text) != e.packedSize() {
		t.Errorf("%d bytes, not %d", len(text), e.packedSize())
	}
	got := Event{id: span{9, 9}, flaws: 1}
	rest, ok := got.Unpack(append(bytes.Clone(text), "next"...))
	if !ok || string(rest) != "next" {
		t.Errorf("%v %q of %d bytes", ok, rest, len(text))
	}
	want := e.Clone()
	want.at = e.at
	cmptest.Same(t, "the event", want, got)
	for _, n := range []int{0, 1, packedHead - 1, packedHead, len(text) - 1} {
		if _, ok := got.Unpack(text[:min(n, len(text)-1)]); ok {
			t.Errorf("of %d bytes, %d are enough", len(text), n)
		}
	}
}
