package trace

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
)

// However small its events are, a batch holds no more than it may, and nothing of
// the trace is lost or taken twice where one is full.
func TestTinyEventsFillManyBatches(t *testing.T) {
	const n = 5 * mostEvents
	var doc strings.Builder
	doc.WriteString(`{"a":1,"traceEvents":[`)
	for i := range n {
		if i > 0 {
			doc.WriteByte(',')
		}
		if i%1000 == 0 {
			fmt.Fprintf(&doc, `{"ph":"i","ts":%d}`, i)
		} else {
			doc.WriteString("{}")
		}
	}
	doc.WriteString(`],"z":2}`)
	src, err := NewSource(strings.NewReader(doc.String()), int64(doc.Len()), SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := src.Read()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var out bytes.Buffer
	w := NewWriter(&out)
	events, batches := 0, 0
	for {
		b, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		held := 0
		for _, p := range b.Parts {
			if p.Text != nil {
				w.Text(p.Text)
			}
			for i := range p.Events {
				if at := events; at%1000 == 0 && p.Events[i].TS != Time(at)*1000 {
					t.Fatalf("event %d is %s", at, p.Events[i].Raw())
				}
				w.Event(&p.Events[i])
				events++
			}
			held += len(p.Events)
		}
		if held > mostEvents {
			t.Fatalf("a batch of %d events", held)
		}
		batches++
	}
	w.Close()
	if events != n || batches < n/mostEvents {
		t.Errorf("%d events in %d batches, want %d", events, batches, n)
	}
	if out.String() != doc.String() {
		t.Error("what was read is not what was written")
	}
}

// White space of any length between events takes no memory, and what is kept of it
// does not depend on where the text is cut.
func TestLongWhiteSpaceTakesNoMemory(t *testing.T) {
	doc := `[{"ph":"i","ts":1},` + strings.Repeat(" ", maxLead) + `{"ph":"i","ts":2}` + strings.Repeat("\n", maxLead+1) +
		`,{"ph":"i","ts":3},` + strings.Repeat("\n", maxLead+1) + `{"ph":"i","ts":4}` + strings.Repeat("\t", 3*maxLead) + `]`
	want := `[{"ph":"i","ts":1},` + strings.Repeat(" ", maxLead) + `{"ph":"i","ts":2},{"ph":"i","ts":3},{"ph":"i","ts":4}]`
	for k := 0; k <= len(doc); k += 1 + k%61 {
		for gap := range 3 {
			var d document
			var b Batch
			var out bytes.Buffer
			w := NewWriter(&out)
			at := 0
			for _, to := range []int{k, min(len(doc), k+gap*maxLead/2), len(doc)} {
				used, err := d.scan([]byte(doc[at:to]), int64(at), to == len(doc), &b)
				if err != nil {
					t.Fatal(err)
				}
				at += used
				if to-at > maxLead+64 {
					t.Fatalf("cut at %d: %d bytes are held", k, to-at)
				}
				b.seal()
				for _, p := range b.Parts {
					if p.Text != nil {
						w.Text(p.Text)
					}
					for i := range p.Events {
						w.Event(&p.Events[i])
					}
				}
				b.reset()
			}
			w.Close()
			if out.String() != want {
				t.Fatalf("cut at %d and %d on: %d bytes, want %d", k, gap, out.Len(), len(want))
			}
		}
	}
}
