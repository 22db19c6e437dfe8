package split

import (
	"bytes"
	"fmt"
	"testing"
)

// Flows that pieces lose, since they begin in another one, do not count for their
// size.
func TestFlowsAcrossPiecesHaveNoSize(t *testing.T) {
	for _, far := range []int{1, 1500} {
		var data bytes.Buffer
		data.WriteString("[")
		for i := range 3000 {
			if i > 0 {
				data.WriteString(",\n")
			}
			fmt.Fprintf(&data, `{"ph":"X","name":"n","pid":1,"tid":1,"ts":%d,"dur":5}`, 10*i)
			fmt.Fprintf(&data, `,{"ph":"s","cat":"c","name":"a","id":%d,"pid":1,"tid":1,"ts":%d}`, i, 10*i+1)
			if i >= far {
				fmt.Fprintf(&data, `,{"ph":"f","bp":"e","cat":"c","name":"a","id":%d,"pid":1,"tid":1,"ts":%d}`, i-far, 10*i+2)
			}
		}
		data.WriteString("]")
		const limit = 40_000
		m := comparePieces(t, data.Bytes(), Options{By: Size, Size: limit}, fmt.Sprint(far))
		for i, q := range m.Pieces[:len(m.Pieces)-1] {
			if q.Bytes > limit || q.Bytes < limit*9/10 {
				t.Errorf("far %d, piece %d of %d: %d bytes", far, i, len(m.Pieces), q.Bytes)
			}
		}
		if len(m.Pieces) < 4 {
			t.Errorf("%d pieces", len(m.Pieces))
		}
	}
}
