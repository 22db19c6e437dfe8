package pairs

import (
	"tracekit/internal/bitset"
	"tracekit/internal/chunks"
	"tracekit/trace"
)

// Open are the begins of a line that are open, each with what it is: a hash of its name
// in the upper 40 bits and one of its category in the lower 24, each 0 if there is none.
type Open[T any] struct {
	begins  chunks.Stack[begin[T]] // and in an index those that were closed among them
	closed  bitset.Set             // the places of these
	count   int                    // of these
	index   [3]places              // by how much an end tells; nil until an end lies deep
	visited int64                  // for tests: begins that were looked at
}

// Key is what a begin or an end says of itself, by the numbers of its name and category, 0
// for none.
func Key(name, cat uint32) uint64 {
	if cat > catBits {
		cat = 1 + (cat-1)%catBits
	}
	return uint64(name)<<24 | uint64(cat)
}

type begin[T any] struct {
	what uint64
	item T
}

// places are where begins stand by what an end says of them, the innermost last. Some may
// have been closed by other ends since.
type places map[uint64][]int

// near is how many begins are looked through before there is an index of them. Most
// ends close the innermost; if none did, each would look through all.
const near = 32

// The parts of what that an end may tell: name, category or both.
const (
	catBits  = 1<<24 - 1
	nameBits = ^uint64(catBits)
)

var masks = [3]uint64{nameBits, catBits, nameBits | catBits}

// maskOf is which of the masks an end has something of, -1 if it tells nothing.
func maskOf(what uint64) int {
	k := -1
	if what&nameBits != 0 {
		k++
	}
	if what&catBits != 0 {
		k += 2
	}
	return k
}

// closes reports whether an end can close a begin: it need not name it, but what it
// names has to be so.
func closes(end, begin uint64) bool {
	differ := end ^ begin
	return (end&nameBits == 0 || differ&nameBits == 0) && (end&catBits == 0 || differ&catBits == 0)
}

// Push adds a begin.
func (o *Open[T]) Push(what uint64, item T) {
	o.begins.Push(begin[T]{what: what, item: item})
	if o.index[0] != nil {
		o.addToIndex(o.begins.Len() - 1)
	}
}

// Close takes out the innermost begin that an end can close, and reports false if there
// is none.
func (o *Open[T]) Close(end uint64) (item T, ok bool) {
	if o.index[0] == nil {
		for i := o.begins.Len() - 1; i >= 0 && i >= o.begins.Len()-near; i-- {
			o.visited++
			if b := o.begins.At(i); closes(end, b.what) {
				item = b.item
				o.begins.Delete(i)
				return item, true
			}
		}
		if o.begins.Len() <= near {
			return item, false
		}
		o.buildIndex()
	}
	i := o.find(end)
	if i < 0 {
		return item, false
	}
	item = o.begins.At(i).item
	o.closed.Add(i)
	o.count++
	o.trim()
	return item, true
}

func (o *Open[T]) buildIndex() {
	o.index = [3]places{{}, {}, {}}
	for i := range o.begins.Len() {
		o.addToIndex(i)
	}
}

func (o *Open[T]) addToIndex(i int) {
	for k, mask := range masks {
		what := o.begins.At(i).what & mask
		o.index[k][what] = append(o.index[k][what], i)
	}
}

// find is where the begin stands that an end closes, -1 if there is none.
func (o *Open[T]) find(end uint64) int {
	k := maskOf(end)
	if k < 0 {
		return o.begins.Len() - 1
	}
	what := end & masks[k]
	at := o.index[k][what]
	for len(at) > 0 {
		o.visited++
		i := at[len(at)-1]
		if i < o.begins.Len() {
			if b := o.begins.At(i); !o.closed.Has(i) && b.what&masks[k] == what {
				o.index[k][what] = at
				return i
			}
		}
		at = at[:len(at)-1]
	}
	delete(o.index[k], what)
	return -1
}

// trim takes off what is closed, so that the last is open and most are.
func (o *Open[T]) trim() {
	for n := o.begins.Len(); n > 0 && o.closed.Has(n-1); n-- {
		o.begins.Pop()
		o.closed.Remove(n - 1)
		o.count--
	}
	if o.count > near && o.count > o.begins.Len()/2 {
		o.begins.DeleteFunc(o.closed.Has)
		o.visited += int64(o.count)
		o.closed, o.count, o.index = nil, 0, [3]places{}
	}
	if o.begins.Len() == 0 {
		o.index = [3]places{}
	}
}

// Innermost returns the begin that was opened last of those that are open.
func (o *Open[T]) Innermost() (item T, ok bool) {
	if o.begins.Len() == 0 {
		return item, false
	}
	return o.begins.At(o.begins.Len() - 1).item, true
}

// Empty reports whether nothing is open.
func (o *Open[T]) Empty() bool { return o.begins.Len() == 0 }

// MoveFrom opens what is open in another, the outermost first, and leaves that empty.
func (o *Open[T]) MoveFrom(from *Open[T]) {
	for i := range from.begins.Len() {
		if b := from.begins.At(i); !from.closed.Has(i) {
			o.Push(b.what, b.item)
		}
	}
	from.clear()
}

// Drain takes out all that is open, the innermost first, and gives their memory back on the way.
func (o *Open[T]) Drain(f func(T)) {
	o.index = [3]places{}
	for n := o.begins.Len(); n > 0; n-- {
		item := o.begins.At(n - 1).item
		o.begins.Pop()
		if !o.closed.Has(n - 1) {
			f(item)
		}
	}
	o.clear()
}

func (o *Open[T]) clear() {
	o.begins.Clear()
	o.closed, o.count, o.index = nil, 0, [3]places{}
}

// openMark is a Mark without what it says of itself, which stands beside it.
type openMark struct {
	ts    trace.Time
	id    uint32
	track int32
}

// stack matches the begins and ends of a line, in order of time, as Perfetto does:
// an end belongs to the innermost begin that it can close.
type stack struct {
	Handler
	open Open[openMark]
}

func (s *stack) addMark(m Mark) {
	if !m.IsEnd() {
		s.open.Push(m.what, openMark{m.TS, m.id, m.Track})
	} else if b, ok := s.open.Close(m.what); ok {
		s.Pair(b.mark(), m)
	} else {
		s.LoneEnd(m)
	}
}

func (s *stack) finish() {
	s.open.Drain(func(b openMark) { s.OpenBegin(b.mark()) })
	s.Done()
}

func (b openMark) mark() Mark { return Mark{TS: b.ts, id: b.id, Track: b.track} }

// markBytes is what a Mark takes, openBytes one that is open, and indexBytes what it
// takes in an index.
const (
	markBytes  = 24
	openBytes  = 24
	indexBytes = 3 * 60
)

func (s *stack) memory() int { return s.open.Memory(openBytes) }

// Memory is about how many bytes o takes, where a begin with its item takes so many.
func (o *Open[T]) Memory(begin int) int {
	n := begin * o.begins.Room()
	if o.index[0] != nil {
		n += indexBytes * o.begins.Len()
	}
	return n
}
