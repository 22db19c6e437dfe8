package downsample

import (
	"fmt"
	"math/bits"

	"tracekit/trace"
)

// picture measures by how much what a viewer draws differs: the whole run in columns, of
// which each track and depth has one drawn wherever a slice touches it, however short. It
// holds the columns of the track at hand. A nil one measures nothing.
type picture struct {
	zero, span int64
	rows       []columnsRow // by depth

	tracks, drawn, differ int64
	worst                 float64 // of tracks that have enough columns
}

// pictureColumns is about as many as a wide screen has.
const pictureColumns = 2000

// columnsRow is what is drawn at one depth.
type columnsRow struct{ before, after [pictureColumns/64 + 1]uint64 }

func newPicture(zero, last trace.Time) *picture {
	return &picture{zero: int64(zero), span: max(int64(last-zero), 1)}
}

func (p *picture) before(depth int, r *record) {
	if p != nil {
		p.draw(&p.row(depth).before, r.Start, r.End)
	}
}

func (p *picture) after(depth int, start, end int64) {
	if p != nil {
		p.draw(&p.row(depth).after, start, end)
	}
}

func (p *picture) row(depth int) *columnsRow {
	for len(p.rows) <= depth {
		p.rows = append(p.rows, columnsRow{})
	}
	return &p.rows[depth]
}

func (p *picture) draw(row *[pictureColumns/64 + 1]uint64, start, end int64) {
	for c, last := p.column(start), p.column(end); c <= last; c++ {
		row[c/64] |= 1 << (c % 64)
	}
}

func (p *picture) column(at int64) int {
	part := float64(max(at, p.zero)-p.zero) / float64(p.span)
	return min(int(part*pictureColumns), pictureColumns-1)
}

// finish counts the track at hand, and begins another.
func (p *picture) finish() {
	if p == nil || len(p.rows) == 0 {
		return
	}
	var drawn, differ int64
	for i := range p.rows {
		row := &p.rows[i]
		for w := range row.before {
			drawn += int64(bits.OnesCount64(row.before[w]))
			differ += int64(bits.OnesCount64(row.before[w] ^ row.after[w]))
		}
	}
	p.rows = p.rows[:0]
	p.tracks++
	p.drawn += drawn
	p.differ += differ
	if drawn >= 100 {
		p.worst = max(p.worst, float64(differ)/float64(drawn))
	}
}

func (p *picture) String() string {
	return fmt.Sprintf("picture: %d of %d columns drawn differ (%.2f %%), at most %.2f %% on a track with a hundred; %d columns over the run, %d tracks",
		p.differ, p.drawn, 100*float64(p.differ)/float64(max(p.drawn, 1)), 100*p.worst, pictureColumns, p.tracks)
}
