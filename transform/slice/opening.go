package slice

import (
	"cmp"
	"slices"

	"tracekit/trace"
	"tracekit/transform/internal/clipped"
	"tracekit/transform/internal/keep"
	"tracekit/transform/internal/pairs"
)

// Opening makes what stands at the start of a range: cut slices first, the
// outermost before all others, and then begins. Of what begins and ends together,
// which cut slices often do, a viewer takes the one that comes first for the outer
// one.
func (r *timeRange) Opening(p *keep.Plan) []keep.Made {
	type early struct {
		keep.Made
		ts, end trace.Time
	}
	var all []early
	for i := range p.Cuts {
		e := &p.Cuts[i]
		all = append(all, early{p.Made(e, r.change(e)), e.TS, e.End()})
	}
	d := &p.Decided
	slices.SortFunc(d.Fused, func(a, b keep.Fusion) int { return cmp.Compare(a.Begin.Ordinal(), b.Begin.Ordinal()) })
	for _, f := range d.Fused {
		b := d.Text[f.Begin.Ordinal()]
		all = append(all, early{p.Made(b, r.complete(f, d.Text)), f.Begin.TS, f.Stop})
	}
	slices.SortStableFunc(all, func(a, b early) int {
		return cmp.Or(cmp.Compare(a.ts, b.ts), cmp.Compare(b.end, a.end))
	})
	var ms []keep.Made
	for _, e := range all {
		ms = append(ms, e.Made)
	}
	return append(ms, p.MovedTo(r.from, d.Reopened)...)
}

// Closing makes what stands at the end of a range: ends that came later, the
// innermost first, and then those that the trace does not have.
func (r *timeRange) Closing(p *keep.Plan) []keep.Made {
	d := &p.Decided
	ms := p.MovedTo(r.to, d.Closed)
	// In the order of the file, whatever else there is in it.
	slices.SortFunc(d.Unclosed, func(a, b []pairs.Mark) int { return cmp.Compare(first(a), first(b)) })
	for _, line := range d.Unclosed {
		for _, b := range line {
			ms = append(ms, keep.Made{Text: madeEnd(d.Text[b.Ordinal()], min(r.to, r.last))})
		}
	}
	return ms
}

func first(marks []pairs.Mark) int {
	return slices.MinFunc(marks, func(a, b pairs.Mark) int { return cmp.Compare(a.Ordinal(), b.Ordinal()) }).Ordinal()
}

// complete makes a complete slice of a pair that was open at the start of the
// range, with the args of both.
func (r *timeRange) complete(f keep.Fusion, text map[int]*trace.Event) []byte {
	b := text[f.Begin.Ordinal()]
	var args []trace.Arg
	if f.End != nil {
		for m := range trace.Members(text[f.End.Ordinal()].Args()) {
			if key := string(m.Key); key != clipped.KeyTS && key != clipped.KeyDur {
				args = append(args, trace.Arg{Key: string(m.Key), Value: m.Value})
			}
		}
	}
	args = append(args, trace.Arg{Key: clipped.KeyTS, Value: b.TSText()})
	if f.End != nil {
		dur := clipped.Original(text[f.End.Ordinal()]) - clipped.Original(b)
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
