package trace

import (
	"math"
	"sync/atomic"
)

// marks gives numbers to events that are alike, each once in a Source, so that who
// remembers something by them may do so from one reading to the next.
type marks struct{ last atomic.Uint32 }

// next returns a new number, 0 if there are no more.
func (m *marks) next() uint32 {
	if m == nil || m.last.Load() > math.MaxUint32/2 {
		return 0
	}
	return m.last.Add(1)
}
