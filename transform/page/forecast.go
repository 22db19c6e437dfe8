package page

import "tracekit/trace"

// Forecast estimates how many events, and bytes of JSON, slices of a trace will have.
// It learns as the parts of the trace go by, in bins of time: its memory does not
// grow with the trace.
type Forecast struct {
	scale      *scale
	load       *load
	zero, last trace.Time
}

// NewForecast returns a Forecast that has seen nothing.
func NewForecast() *Forecast { return newForecast(fineBins) }

func newForecast(bins int) *Forecast {
	f := &Forecast{scale: &scale{bins: bins}, load: newLoad(bins)}
	f.scale.series = []widener{f.load}
	return f
}

// Text takes text of the document, which every slice has.
func (f *Forecast) Text(t []byte) { f.load.fixedBytes += int64(len(t)) }

// Event takes an event, and reports whether it has a place in time. It keeps
// nothing of it but the mark of one of a flow, for Flows.
func (f *Forecast) Event(e *trace.Event, mark uint8) bool {
	placed := !e.IsMeta() && e.Has&trace.HasTS != 0 && e.TS >= 0
	if placed {
		f.scale.reach(e.TS)
		f.scale.reach(e.End())
	}
	if placed || e.IsMeta() {
		f.load.add(f.scale, e, mark)
	}
	return placed
}

// Finish is called when all of the trace that v surveys was seen.
func (f *Forecast) Finish(v *trace.Survey) {
	f.zero, f.last = v.Zero, v.Last
	f.load.countFlows(f.scale)
}

// partial is f as it is before all was seen: flow events are left out.
func (f *Forecast) partial() *Forecast {
	p, l := *f, *f.load
	none := make(sums, f.scale.bins)
	l.whole = flowLoad{points: none, first: none, last: none}
	p.load = &l
	if f.scale.shift == 0 {
		return &p
	}
	first, end := -1, 0
	for i, n := range l.events {
		if n != 0 || l.openEvents[i] != 0 {
			if first < 0 {
				first = i
			}
			end = i + 1
		}
	}
	if first >= 0 {
		p.zero, p.last = f.scale.start(first), f.scale.start(end)-1
	}
	return &p
}

// Flows calls yield for events of whole flows, each of which stands for n of the
// same size: with its own mark and that of the event at its flow's other side.
func (f *Forecast) Flows(yield func(own, other uint8, n, size int64)) {
	for _, p := range f.load.flows {
		yield(p.mark, p.otherMark, f.load.each, p.size)
	}
}

// bins are the indices of the trace's first bin and the one behind its last.
func (f *Forecast) bins() (from, to int) {
	if f.scale.shift == 0 {
		return 0, 0
	}
	// Where a viewer shows nothing, no event need be between the two times.
	from = min(max(f.scale.index(f.zero), 0), f.scale.bins)
	return from, min(max(f.scale.index(f.last)+1, from), f.scale.bins)
}

// Slice returns how many events, and bytes of JSON, a slice from one time to another would have. Bins that are cut count by the share that is in.
func (f *Forecast) Slice(from, to trace.Time) (events, bytes int64) {
	first, end := f.bins()
	var begin, bytesIn float64
	open, openBytes, openAfter := 0.0, 0.0, 0.0
	points, whole := 0.0, 0.0
	for i := first; i < end; i++ {
		in, before, after := f.share(i, from, to), f.share(i, trace.MinTime, from), f.share(i, trace.MinTime, to)
		begin += in * float64(f.load.events[i])
		bytesIn += in * float64(f.load.bytes[i])
		open += before * float64(f.load.openEvents[i])
		openBytes += before * float64(f.load.openBytes[i])
		openAfter += after * float64(f.load.openEvents[i])
		points += in * float64(f.load.whole.points[i])
		whole += after*float64(f.load.whole.last[i]) - before*float64(f.load.whole.first[i])
	}
	lost := points - max(whole, 0) // of flows that the range cuts
	events = f.load.fixedEvents + int64(begin+open-lost+0.5)
	bytes = f.load.fixedBytes + int64(bytesIn+openBytes+clipped*(open+openAfter)-lost*f.load.whole.size+0.5)
	return events, bytes
}

// share is how much of bin i lies within a range.
func (f *Forecast) share(i int, from, to trace.Time) float64 {
	start, end := f.scale.start(i), f.scale.start(i+1)
	in := min(to, end) - max(from, start)
	return float64(max(in, 0)) / float64(end-start)
}

// Pieces returns the number of pieces of at most limit bytes of JSON into which split would cut the
// trace. A bin that holds more than that counts for as many as it fills.
func (f *Forecast) Pieces(limit int64) int {
	limit -= limit / 40 // split leaves as much for what bins don't tell
	first, end := f.bins()
	n := 1
	var begin, openBefore, open, openBytes, openBytesBefore int64
	for i := first; i < end; i++ {
		after := open + f.load.openEvents[i]
		size := f.load.fixedBytes + begin + f.load.bytes[i] + openBytesBefore + clipped*(openBefore+after)
		if begin > 0 && size > limit {
			n++
			begin, openBefore, openBytesBefore = 0, open, openBytes
		}
		begin += f.load.bytes[i]
		open, openBytes = after, openBytes+f.load.openBytes[i]
		if more := (begin - 1) / max(limit, 1); begin > limit {
			n += int(more)
			begin -= more * limit
		}
	}
	return n
}
