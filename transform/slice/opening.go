package slice

import (
	"cmp"
	"iter"
	"slices"

	"tracekit/trace"
	"tracekit/transform/internal/clipped"
	"tracekit/transform/internal/keep"
)

// Opening makes what stands at the start of a range: cut slices first, the
// outermost before all others, and then begins. Of what begins and ends together,
// which cut slices often do, a viewer takes the one that comes first for the outer
// one.
func (r *timeRange) Opening(p *keep.Plan) iter.Seq[keep.Made] {
	type early struct {
		ts, end trace.Time
		n       int // of the cut slices and, behind them, of those that are fused
	}
	var all []early
	for i := range p.Cuts {
		all = append(all, early{p.Cuts[i].TS, p.Cuts[i].End(), i})
	}
	d := &p.Decided
	slices.SortFunc(d.Fused, func(a, b keep.Fusion) int { return cmp.Compare(a.Begin.Ordinal(), b.Begin.Ordinal()) })
	for i, f := range d.Fused {
		all = append(all, early{f.Begin.TS, f.Stop, len(p.Cuts) + i})
	}
	slices.SortFunc(all, func(a, b early) int {
		return cmp.Or(cmp.Compare(a.ts, b.ts), cmp.Compare(b.end, a.end), cmp.Compare(a.n, b.n))
	})
	return func(yield func(keep.Made) bool) {
		for _, e := range all {
			if !yield(r.cutOrFused(p, e.n)) {
				return
			}
		}
		p.MovedTo(r.from, d.Reopened)(yield)
	}
}

// cutOrFused makes the n-th slice of those that are cut and, behind them, fused.
func (r *timeRange) cutOrFused(p *keep.Plan, n int) keep.Made {
	if n < len(p.Cuts) {
		return p.Made(&p.Cuts[n], r.change(&p.Cuts[n]))
	}
	f := p.Decided.Fused[n-len(p.Cuts)]
	b := p.Decided.Text(f.Begin.Ordinal()).Clone()
	return p.Made(&b, r.complete(p, f, &b))
}

// Closing makes what stands at the end of a range: ends that came later, the
// innermost first, and then those that the trace does not have.
func (r *timeRange) Closing(p *keep.Plan) iter.Seq[keep.Made] {
	d := &p.Decided
	// In the order of the file, whatever else there is in it.
	slices.SortFunc(d.Unclosed, func(a, b []uint32) int { return cmp.Compare(slices.Min(a), slices.Min(b)) })
	return func(yield func(keep.Made) bool) {
		for m := range p.MovedTo(r.to, d.Closed) {
			if !yield(m) {
				return
			}
		}
		for _, line := range d.Unclosed {
			for _, n := range line {
				if !yield(keep.Made{Text: madeEnd(d.Text(int(n)), min(r.to, r.last))}) {
					return
				}
			}
		}
	}
}

// complete makes a complete slice of a pair that was open at the start of the
// range, with the args of both.
func (r *timeRange) complete(p *keep.Plan, f keep.Fusion, b *trace.Event) []byte {
	var args []trace.Arg
	var end *trace.Event
	if f.End != nil {
		end = p.Decided.Text(f.End.Ordinal())
		for m := range trace.Members(end.Args()) {
			if key := string(m.Key); key != clipped.KeyTS && key != clipped.KeyDur {
				args = append(args, trace.Arg{Key: string(m.Key), Value: m.Value})
			}
		}
	}
	args = append(args, trace.Arg{Key: clipped.KeyTS, Value: b.TSText()})
	if end != nil {
		dur := clipped.Original(end) - clipped.Original(b)
		args = append(args, trace.Arg{Key: clipped.KeyDur, Value: trace.AppendMicros(nil, dur)})
	}
	obj := trace.Edit{TS: &r.from, Args: args}.Apply(b)
	obj = setMember(obj, "ph", []byte(`"X"`))
	return setMember(obj, "dur", trace.AppendMicros(nil, min(f.Stop, r.to)-r.from))
}

// setMember gives a member of an object another value, or adds it.
func setMember(obj []byte, key string, value []byte) []byte {
	var last trace.Member
	for m := range trace.Members(obj) {
		if string(m.Key) == key {
			last = m
		}
	}
	if last.Key != nil {
		return slices.Concat(obj[:last.At], value, obj[last.At+len(last.Value):])
	}
	return slices.Concat(obj[:len(obj)-1], []byte(`, "`+key+`": `), value, []byte("}"))
}

// madeEnd is the end at a time of a begin that has none.
func madeEnd(b *trace.Event, at trace.Time) []byte {
	obj := []byte(`{"ph":"`)
	obj = append(append(obj, b.Phase+('E'-'B')), '"')
	add := func(key string, value []byte) {
		if len(value) > 0 {
			obj = append(append(append(append(obj, ',', '"'), key...), '"', ':'), value...)
		}
	}
	if b.Phase == 'b' {
		for _, key := range []string{"cat", "id", "id2", "name"} {
			v, _ := b.Member(key)
			add(key, v)
		}
	}
	add("pid", b.Pid())
	add("tid", b.Tid())
	add("ts", trace.AppendMicros(nil, at))
	return append(obj, '}')
}
