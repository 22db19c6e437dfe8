// Package chunks has a [Stack] that grows without being copied.
package chunks

// Stack is a stack in pieces of memory: one that grows to millions takes no more than it
// holds, where a slice would be copied into another. The zero value is empty.
type Stack[T any] struct {
	chunks [][]T // the first grows to perChunk, the others have that from the start
	n      int
}

const (
	bits     = 10
	perChunk = 1 << bits
)

// Len is how many there are.
func (s *Stack[T]) Len() int { return s.n }

// At is the i-th, counted from the bottom. It stays where it is until it is taken off, or,
// of the first few, until another is put on.
func (s *Stack[T]) At(i int) *T { return &s.chunks[i>>bits][i&(perChunk-1)] }

// Push puts one on top.
func (s *Stack[T]) Push(v T) {
	k := s.n >> bits
	if k == len(s.chunks) {
		var chunk []T
		if k > 0 {
			chunk = make([]T, 0, perChunk)
		}
		s.chunks = append(s.chunks, chunk)
	}
	s.chunks[k] = append(s.chunks[k], v)
	s.n++
}

// Pop takes off the top. Memory is given back a chunk later, so that what goes up and down
// around the end of one does not allocate.
func (s *Stack[T]) Pop() {
	s.n--
	k := s.n >> bits
	chunk := &s.chunks[k]
	last := len(*chunk) - 1
	clear((*chunk)[last:]) // what it points to
	*chunk = (*chunk)[:last]
	if last == 0 && len(s.chunks) > k+1 {
		clear(s.chunks[k+1:])
		s.chunks = s.chunks[:k+1]
	}
}

// Delete takes out the i-th; those above it move down.
func (s *Stack[T]) Delete(i int) {
	for ; i < s.n-1; i++ {
		*s.At(i) = *s.At(i + 1)
	}
	s.Pop()
}

// DeleteFunc takes out those for whose place f returns true.
func (s *Stack[T]) DeleteFunc(f func(i int) bool) {
	kept := 0
	for i := range s.n {
		if !f(i) {
			*s.At(kept) = *s.At(i)
			kept++
		}
	}
	for s.n > kept {
		s.Pop()
	}
}

// Clear takes off all, and keeps room for some.
func (s *Stack[T]) Clear() {
	if len(s.chunks) > 1 {
		clear(s.chunks[1:])
		s.chunks = s.chunks[:1]
	}
	if s.n = 0; len(s.chunks) > 0 {
		clear(s.chunks[0])
		s.chunks[0] = s.chunks[0][:0]
	}
}

// Room is how many it has memory for.
func (s *Stack[T]) Room() (n int) {
	for _, c := range s.chunks {
		n += cap(c)
	}
	return n
}
