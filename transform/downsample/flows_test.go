package downsample

import "testing"

// A flow's points wait only for as long as its outcome is open, however many it has.
func TestFlowsWaitForTheirEnds(t *testing.T) {
	const many = 1000
	for _, c := range []struct {
		name                string
		start, step, end    bool // are bound
		starts, steps, ends int
		kept, waiting       int
	}{
		{"whole", true, true, true, 1, 2, many, 3 + many, 3},
		{"no start", true, true, true, 0, 2, many, 0, 0},
		{"no end", true, true, true, 1, many, 0, 0, 1 + many},
		{"start in the air", false, true, true, 1, 2, many, 0, 0},
		{"steps in the air", true, false, true, 1, many, 1, 2, 1},
		{"ends in the air", true, true, false, 1, 2, many, 0, 3},
		{"more starts", true, true, true, many, 0, 1, many + 1, many},
	} {
		d := &decision{plan: &plan{}, used: make([]bool, 1)}
		a := chain{decision: d}
		n, most := uint32(0), 0
		points := func(kind uint32, bound bool, count int) {
			for range count {
				n++
				if bound {
					d.bound.add(uint64(n))
				}
				a.point(&record{Line: 7, Class: enclosed, Cat: kind, Name: n, N: uint64(n), Pair: uint64(n)})
				most = max(most, len(a.waiting))
			}
		}
		points(flowStart, c.start, c.starts)
		points(flowStep, c.step, c.steps)
		points(flowEnd, c.end, c.ends)
		a.over()
		gone := 0
		for i := range n {
			if d.dropped.has(uint64(i + 1)) {
				gone++
			}
		}
		if d.kept.events != int64(c.kept) || gone != int(n)-c.kept || most != c.waiting {
			t.Errorf("%s: of %d points %d stay, %d go, want %d to stay; %d waited at most, want %d", c.name, n, d.kept.events, gone, c.kept, most, c.waiting)
		}
	}
}
