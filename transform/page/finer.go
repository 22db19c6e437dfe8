package page

import (
	"context"
	"errors"
	"io"

	"tracekit/filter"
	"tracekit/trace"
)

// Finer draws the lanes of a page again for a part of the time, by reading that part
// again: bins of the whole trace are too wide there.
type Finer struct {
	zero   trace.Time
	tracks trace.Tracks
	sides  filter.Recognizer
	places map[laneKey]int // of each lane on the page
	rest   int             // of the lane for all others, negative if there is none
	n      int
}

// Finer returns what draws parts of d in more detail; nil for what is partial.
func (d *Data) Finer() *Finer { return d.finer }

func (c *Collector) finerOf(d *Data) *Finer {
	f := &Finer{zero: d.Zero, tracks: *c.lanes.names.Tracks.Known(), sides: *c.lanes.sides.Clone(), places: map[laneKey]int{}, rest: -1, n: len(d.shown)}
	for i, l := range d.shown {
		if l.track == others {
			f.rest = i
			continue
		}
		f.places[l.laneKey] = i
	}
	return f
}

// Bounds of what is drawn in more detail.
const (
	finerBins  = 2048
	mostFiner  = 512 << 20 // bytes that are read for it
	leastWidth = 6         // a bin has 64 ns at least
)

// ErrTooMuch says that so much would have to be read for more detail that it takes long.
var ErrTooMuch = errors.New("the range is too large to be drawn in more detail")

// Part is the time from Origin on in bins of Width, both in ns, the former after the
// trace's start: of each lane of the page, as a Lane has them.
type Part struct {
	Origin int64      `json:"origin"`
	Width  int64      `json:"width"`
	Bytes  []int64    `json:"bytes"`
	Lanes  []PartLane `json:"lanes"`
}

// PartLane is what a lane has in the bins of a Part.
type PartLane struct {
	Events []int64 `json:"e"`
	Busy   []int64 `json:"b"` // thousandths
}

// Draw reads what v, the survey of s, says may lie from one time to another. It may be
// called several times at once, each with a Source of its own.
func (f *Finer) Draw(ctx context.Context, s *trace.Source, v *trace.Survey, from, to trace.Time) (*Part, error) {
	var blocks []trace.Block
	size := int64(0)
	for i := range v.Blocks {
		if b := &v.Blocks[i]; b.Text == nil && b.Overlaps(from, to) {
			blocks = append(blocks, *b)
			size += b.End - b.Off
		}
	}
	if size > mostFiner {
		return nil, ErrTooMuch
	}
	d := f.drawing(from, to)
	r, err := s.ReadBlocks(blocks)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return d.part(), nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		for i := range b.Parts {
			for k := range b.Parts[i].Events {
				d.add(&b.Parts[i].Events[k])
			}
		}
	}
}

// drawing is a Part that is being made.
type drawing struct {
	*Finer
	from, to trace.Time
	tracks   *trace.Tracks
	sides    *filter.Recognizer
	scale    scale
	lanes    []lane
	bytes    sums
}

func (f *Finer) drawing(from, to trace.Time) *drawing {
	d := &drawing{Finer: f, from: from, to: to, tracks: f.tracks.Known(), sides: f.sides.Clone(), scale: scale{shift: leastWidth}}
	for (to-from)>>d.scale.shift >= finerBins {
		d.scale.shift++
	}
	d.scale.first = d.scale.number(from)
	d.scale.bins = int(d.scale.number(to-1)-d.scale.first) + 1
	d.lanes, d.bytes = make([]lane, f.n), make(sums, d.scale.bins)
	for i := range d.lanes {
		d.lanes[i].events, d.lanes[i].busy = make(sums, d.scale.bins), make(sums, d.scale.bins)
	}
	return d
}

func (d *drawing) add(e *trace.Event) {
	if e.IsMeta() || e.Has&trace.HasTS == 0 || e.TS < 0 || e.TS >= d.to || e.End() < d.from {
		return
	}
	begins := e.TS >= d.from
	if begins {
		d.bytes[d.scale.index(e.TS)] += int64(e.Size()) + 1
	}
	if e.IsFlow() || e.Phase == 'C' {
		return
	}
	place, ok := d.places[laneKey{d.tracks.Of(e), d.sides.Kinds(e)&filter.Python != 0}]
	if !ok {
		if place = d.rest; place < 0 {
			return
		}
	}
	n := &d.lanes[place]
	if begins {
		n.events[d.scale.index(e.TS)]++
	}
	if place != d.rest && isWork(e) {
		n.work(&d.scale, e.Cat(), max(e.TS, d.from), min(e.End(), d.to))
	}
}

func (d *drawing) part() *Part {
	width := int64(d.scale.width())
	p := &Part{Origin: int64(d.scale.start(0) - d.zero), Width: width, Bytes: d.bytes}
	for i := range d.lanes {
		p.Lanes = append(p.Lanes, PartLane{d.lanes[i].events, shares(d.lanes[i].busy, width)})
	}
	return p
}

// shares are the parts of bins of that width that are busy, in thousandths.
func shares(busy sums, width int64) []int64 {
	all := make([]int64, len(busy))
	for i, n := range busy {
		all[i] = min(1000, (n*1000+width-1)/width)
	}
	return all
}
