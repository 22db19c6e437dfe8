package split

import (
	"fmt"

	"tracekit/internal/term"
	"tracekit/trace"
	"tracekit/transform/slice"
	"tracekit/transform/window"
)

// unit is what pieces are measured in: bytes of JSON, or events.
type unit struct {
	of   func(b bin) int64 // what begins in a piece
	open func(b bin) int64 // what is carried into it
	edge int64             // what one more takes that is cut at the end of a piece
}

var (
	inBytes  = unit{func(b bin) int64 { return b.bytes }, func(b bin) int64 { return b.openBytes }, clipped}
	inEvents = unit{func(b bin) int64 { return b.events }, func(b bin) int64 { return b.openEvents }, 0}
)

// load is what pieces have to carry besides the events that begin in them: names,
// open slices, counters and the document's text.
type load struct {
	total, most int64
	pieces      int
}

// mean is what a piece carries.
func (l *load) mean() int64 { return l.total / int64(max(l.pieces, 1)) }

// CarryError says that a target is too small for what a piece has to carry.
type CarryError struct {
	Carry, Target int64 // in bytes, or in events
	InEvents      bool
}

func (e *CarryError) Error() string {
	amount := term.Bytes
	if e.InEvents {
		amount = func(n int64) string { return fmt.Sprintf("%d events", n) }
	}
	return fmt.Sprintf("names, open slices, counters and the text around the events take %s, and a piece may have %s", amount(e.Carry), amount(e.Target))
}

// cut divides a window so that no part exceeds the limit, as far as the bins
// tell. A little is left for what they don't: flows that are counted by a sample,
// numbers that grow.
func (d *density) cut(whole slice.Window, limit int64, u unit) ([]slice.Window, *load, error) {
	p := &pending{density: d, unit: u, from: whole.From, flowArcs: arcsOf(&d.flows), ends: d.ends.arcs(d.shift), samples: d.samples}
	if p.names = d.names.sweep(d.shift); u.of(d.names.all()) < limit/100 {
		d.fixed.add(d.names.all())
		p.names = &nameSweep{}
	}
	var windows []slice.Window
	within := limit - limit/40
	tooSmall := func() error {
		if carry := p.carried(); carry > within {
			return &CarryError{Carry: carry, Target: limit, InEvents: u.edge == 0}
		}
		return nil
	}
	if err := tooSmall(); err != nil {
		return nil, nil, err
	}
	for n, b := range d.each() {
		p.next(n, b)
		at := window.Readable(trace.Time(n << d.shift))
		if p.begun.events > 0 && at > p.from && p.size() > within {
			windows = append(windows, slice.Window{From: p.from, To: at})
			p.cutAt(at)
			if err := tooSmall(); err != nil {
				return nil, nil, err
			}
		}
		p.take()
	}
	p.note()
	p.load.total -= u.of(p.names.seen) // once is not repeated
	return append(windows, slice.Window{From: p.from, To: whole.To}), &p.load, nil
}

// pending is the piece that is being filled.
type pending struct {
	*density
	unit
	load  load
	from  trace.Time
	names *nameSweep

	begun  bin // what begins in it, up to the bin at hand
	before bin // what is open where it begins
	open   bin // and before the bin at hand
	values bin // of counters, that it carries

	bin            bin   // at hand
	came           bin   // what of flows and ends comes with it
	flowArcs, ends []arc // that are still to come
	arrived        [2][]arc
	samples        []arc // of counters that it does not carry
}

// next comes to a bin.
func (p *pending) next(n int64, b bin) {
	p.bin = b
	for i, arcs := range []*[]arc{&p.flowArcs, &p.ends} {
		k := 0
		for k < len(*arcs) && int64((*arcs)[k].end)>>p.shift <= n {
			k++
		}
		p.arrived[i], *arcs = (*arcs)[:k], (*arcs)[k:]
	}
	p.came = p.arrive()
	p.names.advance(trace.Time((n + 1) << p.shift))
}

// arrive is what flows and ends add to the bin: a flow ends in a piece if it
// began in it, and a slice that did not begin in it has its own end there.
func (p *pending) arrive() (sum bin) {
	for _, a := range p.arrived[0] {
		if a.start >= p.from {
			sum.events += a.events
			sum.bytes += a.size
		}
	}
	for _, a := range p.arrived[1] {
		if a.start < p.from {
			sum.events += a.events
			sum.bytes += a.size
		}
	}
	return sum
}

// size is that of the piece with the bin at hand.
func (p *pending) size() int64 {
	begun, after := p.begun, p.open
	begun.add(p.bin)
	begun.add(p.came)
	after.add(p.bin)
	return p.carried() + p.of(begun) + p.edge*max(0, min(after.openEvents, begun.events))
}

// carried is what the piece has besides what begins in it.
func (p *pending) carried() int64 {
	return p.of(p.fixed) + p.of(p.names.cost) + p.unit.open(p.before) + p.of(p.values)
}

// take adds the bin.
func (p *pending) take() {
	p.begun.add(p.bin)
	p.begun.add(p.came)
	p.open.add(p.bin)
}

// cutAt begins another piece.
func (p *pending) cutAt(at trace.Time) {
	p.note()
	p.from, p.before, p.begun = at, p.open, bin{}
	p.names.begin(at)
	for len(p.samples) > 0 && p.samples[0].start < at {
		p.values.add(bin{events: p.samples[0].events, bytes: p.samples[0].size})
		p.samples = p.samples[1:]
	}
	p.came = p.arrive()
}

// note counts what the piece carries.
func (p *pending) note() {
	c := p.carried()
	p.load.total += c
	p.load.most = max(p.load.most, c)
	p.load.pieces++
}
