package trace

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"tracekit/internal/gzip/gzwrite"
	"tracekit/internal/gzip/verbatim"
)

// witness is an output that packs, and looks whether what it is told of what was
// read is so.
type witness struct {
	*gzwrite.Writer
	t    *testing.T
	text []byte // what was read
	room []byte
	same int // bytes that are as they were read

	first int64 // offset of the first text that can be copied
}

func (w *witness) AvailableBuffer() []byte {
	w.room = w.Writer.AvailableBuffer()
	return w.room
}

func (w *witness) WasRead(runs []verbatim.Run) {
	w.t.Helper()
	at := 0
	for _, r := range runs {
		if r.From < at || r.To <= r.From {
			w.t.Fatalf("a run from %d to %d, behind %d", r.From, r.To, at)
		}
		at = r.To
		written := w.room[:cap(w.room)][r.From:r.To]
		if !bytes.Equal(written, w.text[r.Text:r.Text+int64(len(written))]) {
			w.t.Fatalf("%d bytes are not what was read at %d", len(written), r.Text)
		}
		w.same += len(written)
		if copies := r.Copies(nil); len(copies) > 0 && w.first == 0 {
			w.first = r.Text + int64(copies[0].From-r.From)
		}
	}
	w.Writer.WasRead(runs)
}

// A writing writes some of the events that it is given, in its own way.
type writing func(rng *rand.Rand, e *Event, w *Writer) error

func writings() map[string]writing {
	var later []Event
	return map[string]writing{
		"all": func(_ *rand.Rand, e *Event, w *Writer) error { return w.Event(e) },
		"most": func(rng *rand.Rand, e *Event, w *Writer) error {
			if rng.IntN(2000) == 0 {
				return nil
			}
			return w.Event(e)
		},
		"some changed": func(rng *rand.Rand, e *Event, w *Writer) error {
			if rng.IntN(3000) == 0 {
				w.SetLead(e)
				return w.Object(e.Raw())
			}
			return w.Event(e)
		},
		"some twice": func(rng *rand.Rand, e *Event, w *Writer) error {
			if rng.IntN(3000) == 0 {
				if err := w.Event(e); err != nil {
					return err
				}
			}
			return w.Event(e)
		},
		"some later": func(rng *rand.Rand, e *Event, w *Writer) error {
			switch rng.IntN(3000) {
			case 0:
				later = append(later, e.Clone())
				return nil
			case 1:
				for i := range later {
					if err := w.Event(&later[i]); err != nil {
						return err
					}
				}
				later = later[:0]
			}
			return w.Event(e)
		},
		"packed on the way": func(_ *rand.Rand, e *Event, w *Writer) error {
			var c Event
			c.Unpack(e.AppendPacked(nil))
			return w.Event(&c)
		},
		"few": func(rng *rand.Rand, e *Event, w *Writer) error {
			if rng.IntN(9) > 0 {
				return nil
			}
			return w.Event(e)
		},
	}
}

// oddTrace is text of some megabytes whose events are written in several ways.
func oddTrace(rng *rand.Rand) string {
	var b strings.Builder
	b.WriteString(`{"schemaVersion": 1, "traceEvents": [`)
	long := strings.Repeat("0123456789", writeSize/5)
	style := 0
	for n := 0; b.Len() < 4<<20; n++ {
		if n%5000 == 0 {
			style = rng.IntN(4)
		}
		if n > 0 {
			b.WriteString([]string{",", ",\n  ", " ,\n", ",\t"}[style])
		}
		name := fmt.Sprintf("kernel %d", rng.IntN(50))
		dur := fmt.Sprintf("%.3f", rng.ExpFloat64()*9)
		switch rng.IntN(12_000) {
		case 0:
			dur = "NaN"
		case 1:
			name = `bad \ud800 name`
		case 2:
			name = long
		case 3:
			b.WriteString(`{"ph":"X",,`) // broken
			continue
		}
		fmt.Fprintf(&b, `{"ph": "X", "name": "%s", "pid": 7, "tid": %d, "ts": %d.%03d, "dur": %s, "args": {"a": %d}}`,
			name, rng.IntN(3), 1000+n*7, rng.IntN(1000), dur, n/100)
	}
	b.WriteString("]}\n")
	return b.String()
}

func TestWhatIsCopiedIsWhatWasRead(t *testing.T) {
	seeds := uint64(2)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 4))
		text := oddTrace(rng)
		for name := range writings() {
			var plain, out bytes.Buffer
			w := &witness{Writer: gzwrite.NewWriter(&out, gzwrite.Options{}), t: t, text: []byte(text)}
			writeTwice(t, text, NewWriter(&plain), rand.New(rand.NewPCG(seed, 5)), writings()[name])
			writeTwice(t, text, NewPackedWriter(w), rand.New(rand.NewPCG(seed, 5)), writings()[name])
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			r, err := gzip.NewReader(&out)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, plain.Bytes()) {
				t.Errorf("%s: %d bytes instead of %d, error %v", name, len(got), plain.Len(), err)
			}
			switch least := len(text) / 3; name {
			case "few":
				if w.same > 0 {
					t.Errorf("%s: %d bytes are said to be as they were", name, w.same)
				}
			case "all":
				least = len(text) / 2
				fallthrough
			default:
				if w.same < least {
					t.Errorf("%s: only %d of %d bytes are known to be as they were", name, w.same, len(text))
				}
			}
		}
	}
}

// writeTwice reads a trace twice, the second time by its blocks.
func writeTwice(t *testing.T, text string, w *Writer, rng *rand.Rand, write writing) {
	t.Helper()
	s := packedSource(t, text)
	put := func(p *Part) error {
		w.Follow(p)
		if p.Text != nil {
			return w.Text(p.Text)
		}
		for i := range p.Events {
			if err := write(rng, &p.Events[i], w); err != nil {
				return err
			}
		}
		return nil
	}
	v, err := s.SurveyParts(put)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.ReadBlocks(v.Blocks)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := EachPart(t.Context(), r, put); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// packedSource is a Source of a text, packed, that records.
func packedSource(t *testing.T, text string) *Source {
	t.Helper()
	var packed bytes.Buffer
	z, _ := gzip.NewWriterLevel(&packed, 6)
	io.WriteString(z, text)
	z.Close()
	s, err := NewSource(bytes.NewReader(packed.Bytes()), int64(packed.Len()), SourceOptions{Record: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Of text that nobody needs any more, nothing is kept; of what is written, all, even
// if a block has come since that is far behind.
func TestWhatIsKeptOfHowTextWasPacked(t *testing.T) {
	text := oddTrace(rand.New(rand.NewPCG(8, 8)))
	const from, to = 600_000, 1_620_000
	r, err := packedSource(t, text).Read()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	out := &witness{Writer: gzwrite.NewWriter(io.Discard, gzwrite.Options{}), t: t, text: []byte(text)}
	defer out.Abort()
	w := NewPackedWriter(out)
	most := int64(0)
	err = EachPart(t.Context(), r, func(p *Part) error {
		w.Follow(p)
		for i := range p.Events {
			if e := &p.Events[i]; e.at >= from && e.at < to {
				if err := w.Event(e); err != nil {
					return err
				}
			}
		}
		if len(r.compressed) > 0 {
			most = max(most, r.compressed[len(r.compressed)-1].to-r.compressed[0].from)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if most == 0 || most > heldText+3*blockData {
		t.Errorf("how %d bytes were packed is kept", most)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if out.first < from+verbatim.Window || out.first > from+2*verbatim.Window+verbatim.Every {
		t.Errorf("the first text that is copied stands at %d", out.first)
	}
}

// What was held in memory is copied too.
func TestEventsKeptInMemoryAreCopied(t *testing.T) {
	text := oddTrace(rand.New(rand.NewPCG(9, 9)))
	s := packedSource(t, text)
	held := NewStore(32 << 20)
	r, err := s.Read()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := EachPart(t.Context(), r, func(p *Part) error {
		held.Follow(p)
		held.Text(p.Text)
		for i := range p.Events {
			held.Event(&p.Events[i])
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	out := &witness{Writer: gzwrite.NewWriter(io.Discard, gzwrite.Options{}), t: t, text: []byte(text)}
	defer out.Abort()
	w := NewPackedWriter(out)
	again, err := held.Read(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := EachPart(t.Context(), again, func(p *Part) error {
		w.Follow(p)
		for i := range p.Events {
			if err := w.Event(&p.Events[i]); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if out.same < len(text)/4 || out.first == 0 {
		t.Errorf("%d of %d bytes are as they were, the first that is copied stands at %d", out.same, len(text), out.first)
	}
}

// What a Writer has not passed on yet is copied too if the reading has ended before.
func TestCopiesOfAReadingThatHasEnded(t *testing.T) {
	text := threads(rand.New(rand.NewPCG(7, 7)), 500<<10)
	write := func(early bool) []byte {
		s := packedSource(t, string(text))
		r, err := s.Read()
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		z := gzwrite.NewWriter(&b, gzwrite.Options{})
		w := NewPackedWriter(z)
		if err := EachPart(t.Context(), r, func(p *Part) error {
			w.Follow(p)
			for i := range p.Events {
				w.Event(&p.Events[i])
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if early {
			r.Close()
		}
		if err := errors.Join(w.Close(), z.Close()); err != nil {
			t.Fatal(err)
		}
		r.Close()
		return b.Bytes()
	}
	if early, late := write(true), write(false); !bytes.Equal(early, late) {
		t.Errorf("%d bytes if the reading ends first, %d if it ends last", len(early), len(late))
	}
}
