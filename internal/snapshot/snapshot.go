// Package snapshot writes the state of a value into bytes and reads it back, both by one
// description of the state: a function that shows each part of it to a [State] in turn.
package snapshot

import "encoding/binary"

// State is a snapshot that is being written, or read. Once what is read is bad, all that
// follows is nothing.
type State struct {
	b       []byte
	reading bool
	bad     bool
	texts   []string // by number, of Shared
	numbers map[string]int
}

// Write returns the snapshot of what describe shows.
func Write(describe func(*State)) []byte {
	s := &State{}
	describe(s)
	return s.b
}

// Read fills in what describe shows from a snapshot, and reports whether that was one of it, to its
// last byte. If not, some may be filled in.
func Read(snapshot []byte, describe func(*State)) bool {
	s := &State{b: snapshot, reading: true}
	describe(s)
	return !s.bad && len(s.b) == 0
}

// Reading reports whether s is read, and is good until now.
func (s *State) Reading() bool { return s.reading && !s.bad }

// Check makes a snapshot bad, if it is read, unless ok holds.
func (s *State) Check(ok bool) {
	if s.reading && !ok {
		s.bad, s.b = true, nil
	}
}

// Integer is what Number takes.
type Integer interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32
}

// Number shows a number. One that does not fit is bad.
func Number[T Integer](s *State, n *T) {
	if !s.reading {
		s.b = binary.AppendVarint(s.b, int64(*n))
		return
	}
	v := s.varint()
	s.Check(int64(T(v)) == v)
	if *n = 0; !s.bad {
		*n = T(v)
	}
}

// Since shows a number that is near another, which is known.
func Since[T ~int64](s *State, n *T, known T) {
	d := *n - known // may wrap, and wraps back when it is read
	Number(s, &d)
	*n = known + d
}

func (s *State) varint() int64 {
	v, size := binary.Varint(s.b)
	if s.Check(size > 0); s.bad {
		return 0
	}
	s.b = s.b[size:]
	return v
}

// Bool shows whether something is so.
func (s *State) Bool(b *bool) {
	n := uint8(0)
	if *b {
		n = 1
	}
	Number(s, &n)
	s.Check(n <= 1)
	*b = n == 1
}

// Text shows a text.
func (s *State) Text(t *string) {
	size := len(*t)
	if Number(s, &size); !s.reading {
		s.b = append(s.b, *t...)
		return
	}
	*t = ""
	if s.Check(size >= 0 && size <= len(s.b)); !s.bad {
		*t, s.b = string(s.b[:size]), s.b[size:]
	}
}

// Shared shows a text that comes again and again. It is written once, and read as one.
func (s *State) Shared(t *string) {
	n := len(s.texts)
	if !s.reading {
		if known, ok := s.numbers[*t]; ok {
			n = known
		}
	}
	Number(s, &n)
	switch s.Check(n >= 0 && n <= len(s.texts)); {
	case s.bad:
		*t = ""
	case n < len(s.texts):
		*t = s.texts[n]
	default:
		s.Text(t)
		if s.texts = append(s.texts, *t); !s.reading {
			if s.numbers == nil {
				s.numbers = map[string]int{}
			}
			s.numbers[*t] = n
		}
	}
}

// List shows a list, and with each its items, which take a byte at least.
func List[T any](s *State, list *[]T, each func(*T)) {
	n := len(*list)
	Number(s, &n)
	if s.reading {
		s.Check(n >= 0 && n <= len(s.b))
		if *list = nil; n == 0 || s.bad {
			return
		}
		*list = make([]T, n)
	}
	for i := range *list {
		if each(&(*list)[i]); s.bad {
			*list = nil
			return
		}
	}
}
