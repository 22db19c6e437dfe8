package downsample

import (
	"context"

	"tracekit/transform/internal/flows"
)

// Kinds of points of a flow, as a record's Cat.
const (
	flowStart = iota
	flowStep
	flowEnd
)

// flow binds a point of a flow to the slice that began last.
func (d *decision) flow(r *record) {
	if f := d.nest.at(r.Start); f != nil {
		d.bind(r.Name, f, !d.o.budget())
	}
}

// begin binds the ends of flows that waited for a slice to begin.
func (d *decision) begin(f *frame) {
	for _, n := range d.next {
		d.bind(n, f, false)
	}
	d.next = d.next[:0]
}

// bind notes what becomes of a point of a flow. If the slice is merged, stays
// says whether the point is bound to what it becomes.
func (d *decision) bind(flow uint32, f *frame, always bool) {
	switch {
	case f.outcome == kept:
		d.bound.add(uint64(flow))
	case f.outcome == dropped:
	case f.run.count == 1:
		f.run.waiting = append(f.run.waiting, waiting{flow, always})
	case always:
		d.bound.add(uint64(flow))
	}
}

// resolve binds the flows that waited for what becomes of a slice.
func (d *decision) resolve(b *run, alone bool) {
	for _, w := range b.waiting {
		if alone || w.always {
			d.bound.add(uint64(w.flow))
		}
	}
	b.waiting = b.waiting[:0]
}

// decideFlows follows each flow in time: the first start begins one, and one behind an
// end another. It stays, as far as its points are bound, if a start and an end are.
func (d *decision) decideFlows(ctx context.Context) error {
	a := chain{decision: d}
	err := d.chains.Each(ctx, func(r *record) error {
		a.point(r)
		return nil
	})
	a.over()
	return err
}

// flow is the one at hand.
type chain struct {
	*decision
	order   flows.Order
	begun   bool     // a start is bound
	endKept bool     // an end is, too
	waiting []record // points that are kept if it does
}

func (a *chain) point(r *record) {
	bound := a.bound.has(uint64(r.Name))
	if a.order.Begins(r.Line, "stf"[r.Cat]) {
		a.over()
		a.begun = false
	}
	a.begun = a.begun || r.Cat == flowStart && bound
	switch {
	case !bound || !a.begun:
		a.drop(r)
	case a.endKept || r.Cat == flowEnd:
		a.endKept = true
		a.decide(a.keep)
		a.keep(r)
	default:
		a.waiting = append(a.waiting, *r)
	}
}

// over ends the flow.
func (a *chain) over() {
	a.decide(a.drop)
	a.endKept = false
}

// settle decides on what waits.
func (a *chain) decide(as func(*record)) {
	for i := range a.waiting {
		as(&a.waiting[i])
	}
	a.waiting = a.waiting[:0]
}
