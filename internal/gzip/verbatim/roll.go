package verbatim

import (
	"bytes"
	"sync/atomic"
)

// Roll is memory that tapes view. It goes back to where it came from when a decoder
// has done with it and all who have its tapes have dropped them. Who does not leaves
// it to the collector.
type Roll struct {
	Bytes []byte
	users atomic.Int32
	home  chan<- *Roll
}

// NewRoll returns a Roll of some memory, in use by the caller until Release. It goes
// to home if there is room.
func NewRoll(memory []byte, home chan<- *Roll) *Roll {
	r := &Roll{Bytes: memory, home: home}
	r.users.Store(1)
	return r
}

// Tape begins a tape at a byte of the file.
func (r *Roll) Tape(base int64) *Tape {
	r.users.Add(1)
	return &Tape{Base: base, roll: r}
}

// Release ends the use that NewRoll began.
func (r *Roll) Release() {
	if r.users.Add(-1) > 0 {
		return
	}
	select {
	case r.home <- r:
	default:
	}
}

// Hold says that one more has the tapes. Somebody who has them must call it.
func Hold(tapes []*Tape) {
	for _, t := range tapes {
		if t.roll != nil {
			t.roll.users.Add(1)
		}
	}
}

// Drop says that somebody who has the tapes will not look at them again.
func Drop(tapes []*Tape) {
	for _, t := range tapes {
		if t.roll != nil {
			t.roll.Release()
		}
	}
}

// Clone copies tapes, for one who keeps them for long: memory that they view may be
// many times as much as they need of it.
func Clone(tapes []*Tape) []*Tape {
	all := make([]*Tape, len(tapes))
	for i, t := range tapes {
		all[i] = &Tape{Base: t.Base, Bits: bytes.Clone(t.Bits), Places: t.Places}
	}
	return all
}
