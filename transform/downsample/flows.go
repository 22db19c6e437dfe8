package downsample

import "context"

// Kinds of points of an arrow, as a record's Cat.
const (
	flowStart = iota
	flowStep
	flowEnd
)

// flow binds a point of an arrow to the slice that it stands in, and that began
// last.
func (d *decision) flow(r *record) {
	if f := d.nest.at(r.Start); f != nil {
		d.bind(r.Name, f, !d.o.budget())
	}
}

// begin binds the ends of arrows that waited for a slice to begin.
func (d *decision) begin(f *frame) {
	for _, n := range d.next {
		d.bind(n, f, false)
	}
	d.next = d.next[:0]
}

// bind notes what becomes of a point of an arrow. If the slice is merged, stays
// says whether the point is bound to what it becomes.
func (d *decision) bind(flow uint32, f *frame, stays bool) {
	switch {
	case f.fate == kept:
		d.bound.add(uint64(flow))
	case f.fate == gone:
	case f.within.bunch.size() == 1:
		f.within.bunch.waiting = append(f.within.bunch.waiting, waiting{flow, stays})
	case stays:
		d.bound.add(uint64(flow))
	}
}

// resolve binds the arrows that waited for what becomes of a slice.
func (d *decision) resolve(b *bunch, alone bool) {
	for _, w := range b.waiting {
		if alone || w.stays {
			d.bound.add(uint64(w.flow))
		}
	}
	b.waiting = b.waiting[:0]
}

// settleFlows follows each arrow in time: a start begins one. It stays, as far as
// its points are bound, if its start and an end are.
func (d *decision) settleFlows(ctx context.Context) error {
	var points []record
	chain := uint64(noLine)
	settle := func() {
		stays := false
		if len(points) > 0 && points[0].Cat == flowStart && d.bound.has(uint64(points[0].Name)) {
			for i := range points {
				stays = stays || points[i].Cat == flowEnd && d.bound.has(uint64(points[i].Name))
			}
		}
		for i := range points {
			if stays && d.bound.has(uint64(points[i].Name)) {
				d.keep(&points[i])
			} else {
				d.drop(&points[i])
			}
		}
		points = points[:0]
	}
	err := d.arrows.each(ctx, func(r *record) error {
		if r.Line != chain || r.Cat == flowStart {
			settle()
			chain = r.Line
		}
		points = append(points, *r)
		return nil
	})
	settle()
	return err
}
