package pairs

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tracekit/trace"
)

// told is what a stack tells, a line each.
type told struct{ lines []string }

func (r *told) Pair(b, e Mark) { r.add("pair", b, e) }

func (r *told) LoneEnd(m Mark)   { r.add("lone", m) }
func (r *told) OpenBegin(b Mark) { r.add("open", b) }
func (r *told) Done()            {}

func (r *told) add(what string, marks ...Mark) {
	for _, m := range marks {
		what += fmt.Sprint(" ", m.Ordinal())
	}
	r.lines = append(r.lines, what)
}

// plainly matches each end with the innermost open begin that it can close, found by
// going through all.
func plainly(marks []Mark) (lines []string) {
	var open []Mark
	r := &told{}
	for _, m := range marks {
		if !m.IsEnd() {
			open = append(open, m)
			continue
		}
		at := -1
		for i, b := range open {
			name, cat := m.what>>24, m.what&0xffffff
			if (name == 0 || name == b.what>>24) && (cat == 0 || cat == b.what&0xffffff) {
				at = i
			}
		}
		if at < 0 {
			r.add("lone", m)
			continue
		}
		r.add("pair", open[at], m)
		open = slices.Delete(open, at, at+1)
	}
	slices.Reverse(open)
	for _, b := range open {
		r.add("open", b)
	}
	return r.lines
}

func TestStackMatchesAsPlainlyAsCanBe(t *testing.T) {
	deep := 0
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 4))
		names, begins := 1+rng.IntN(40), 1+rng.IntN(9)
		var marks []Mark
		for n := range 20 + rng.IntN(600) {
			m := Mark{TS: trace.Time(n), id: uint32(2 * n), what: uint64(rng.IntN(names))<<24 | uint64(rng.IntN(3))}
			if rng.IntN(10) >= begins {
				m.id++
				m.what &= []uint64{0, nameBits, catBits, nameBits | catBits}[rng.IntN(4)]
			}
			marks = append(marks, m)
			if rng.IntN(200) == 0 { // some time all of it ends
				begins = 1 + rng.IntN(9)
			}
		}
		got := &told{}
		s := stack{Handler: got}
		for _, m := range marks {
			s.addMark(m)
			deep += b2i(s.open.index[0] != nil)
		}
		s.finish()
		if want := plainly(marks); !slices.Equal(got.lines, want) {
			t.Fatalf("seed %d:\n%s\nwant\n%s", seed, strings.Join(got.lines, "\n"), strings.Join(want, "\n"))
		}
	}
	if deep < 1000 {
		t.Errorf("only %d marks were matched by an index", deep)
	}
}

// Twice as many begins, closed from the outermost on, by ends of other names, or always all
// but the last, are a bit more than twice the work, and what is closed is let go.
func TestOpenIsLinear(t *testing.T) {
	for name, shape := range map[string]func(o *Open[int], n uint32){
		"outermost first": func(o *Open[int], n uint32) {
			for i := range n {
				o.Push(Key(1+i, 0), 0)
			}
			for i := range n {
				if _, ok := o.Close(Key(2*n+i, 0)); ok {
					t.Fatal("closed by another's end")
				}
				o.Close(Key(1+i, 0))
			}
		},
		"one behind": func(o *Open[int], n uint32) {
			for i := range uint32(2 * near) {
				o.Push(Key(1+i, 0), 0)
			}
			for i := range n {
				o.Push(Key(1+2*near+i, 0), 0)
				if _, ok := o.Close(Key(1+i, 0)); !ok {
					t.Fatal("not closed")
				}
			}
			if most := 8 * near; o.begins.Len() > most {
				t.Errorf("%d begins are held", o.begins.Len())
			}
		},
	} {
		work := func(n uint32) int64 {
			var o Open[int]
			shape(&o, n)
			return o.visited
		}
		if once, twice := work(4000), work(8000); float64(twice) > 2.3*float64(once) {
			t.Error(name, once, "steps, and", twice, "for twice as many begins")
		}
	}
}
