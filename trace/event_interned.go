package trace

import (
	"math"
	"sync/atomic"
)

// interner gives numbers to combinations of phase, category, pid and tid, each once in a
// Source, so that what is remembered by them holds from one reading to the next.
type interner struct{ last atomic.Uint32 }

// next returns a new number, 0 if there are no more.
func (m *interner) next() uint32 {
	if m == nil || m.last.Load() > math.MaxUint32/2 {
		return 0
	}
	return m.last.Add(1)
}
