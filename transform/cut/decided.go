package cut

import (
	"cmp"
	"slices"

	"tracekit/trace"
)

// decided is what becomes of begins and ends. Those that change grow with what is
// open at the edges of a range, all else is a bit each.
type decided struct {
	keep   bits // that stay as they are, by ordinal
	tracks bits // that some stay on

	reopened []mark   // begins that move to the start of the range
	closed   []mark   // ends that move to its end
	fused    []fusion // pairs that become complete slices
	unclosed [][]mark // begins that get an end, by line, the innermost first

	text map[int]*trace.Event // of all these, by ordinal, once they were met again
}

// fusion is a pair that becomes a complete slice. It has no end if none is in the
// trace.
type fusion struct {
	begin mark
	end   *mark
	stop  trace.Time
}

func (d *decided) stay(m mark) {
	d.keep.set(m.n())
	d.tracks.set(int(m.track))
}

func (d *decided) move(to *[]mark, m mark) {
	*to = append(*to, m)
	d.want(m)
}

func (d *decided) fuse(b mark, e *mark, stop trace.Time) {
	d.fused = append(d.fused, fusion{b, e, stop})
	d.want(b)
	if e != nil {
		d.want(*e)
	}
}

func (d *decided) unclose(begins []mark) {
	d.unclosed = append(d.unclosed, begins)
	for _, b := range begins {
		d.want(b)
	}
}

func (d *decided) want(m mark) {
	if d.text == nil {
		d.text = map[int]*trace.Event{}
	}
	d.text[m.n()] = nil
	d.tracks.set(int(m.track))
}

// has reports whether the n-th begin or end stays, in whatever place.
func (d *decided) has(n int) bool {
	_, moved := d.text[n]
	return moved || d.keep.has(n)
}

// collect keeps e, the n-th begin or end, if its text is wanted.
func (d *decided) collect(n int, e *trace.Event) {
	if _, wanted := d.text[n]; wanted {
		c := e.Clone()
		d.text[n] = &c
	}
}

// made is an event that is written in place of another: its text, and whose white
// space it takes.
type made struct {
	like *trace.Event // nil for whatever comes before
	obj  []byte
}

// opening makes what stands at the start of a range: cut slices first, the
// outermost before all others, and then begins. Of what begins and ends together,
// which cut slices often do, a viewer takes the one that comes first for the outer
// one.
func (r *timeRange) opening(p *plan) []made {
	type early struct {
		made
		ts, end trace.Time
	}
	var all []early
	for i := range p.cuts {
		e := &p.cuts[i]
		all = append(all, early{p.made(e, r.change(e)), e.TS, e.End()})
	}
	d := &p.decided
	slices.SortFunc(d.fused, func(a, b fusion) int { return cmp.Compare(a.begin.n(), b.begin.n()) })
	for _, f := range d.fused {
		b := d.text[f.begin.n()]
		all = append(all, early{p.made(b, r.complete(f, d.text)), f.begin.ts, f.stop})
	}
	slices.SortStableFunc(all, func(a, b early) int {
		return cmp.Or(cmp.Compare(a.ts, b.ts), cmp.Compare(b.end, a.end))
	})
	var ms []made
	for _, e := range all {
		ms = append(ms, e.made)
	}
	return append(ms, p.movedTo(r.from, d.reopened)...)
}

// made takes from the text that was made of e what it says of arrows that hang in
// the air.
func (p *plan) made(e *trace.Event, obj []byte) made {
	if loose := p.binds.loose(e); loose != nil {
		obj = trace.Without(obj, loose...)
	}
	return made{e, obj}
}

// closing makes what stands at the end of a range: ends that came later, the
// innermost first, and then those that the trace does not have.
func (r *timeRange) closing(p *plan) []made {
	d := &p.decided
	ms := p.movedTo(r.to, d.closed)
	// In the order of the file, whatever else there is in it.
	slices.SortFunc(d.unclosed, func(a, b []mark) int { return cmp.Compare(first(a), first(b)) })
	for _, line := range d.unclosed {
		for _, b := range line {
			ms = append(ms, made{nil, madeEnd(d.text[b.n()], min(r.to, r.last))})
		}
	}
	return ms
}

func first(marks []mark) int {
	return slices.MinFunc(marks, func(a, b mark) int { return cmp.Compare(a.n(), b.n()) }).n()
}

// movedTo makes events at another time, in the order in which they were.
func (p *plan) movedTo(ts trace.Time, marks []mark) []made {
	slices.SortFunc(marks, func(a, b mark) int { return cmp.Or(cmp.Compare(a.ts, b.ts), cmp.Compare(a.n(), b.n())) })
	var ms []made
	for _, m := range marks {
		e := p.decided.text[m.n()]
		ms = append(ms, p.made(e, trace.Edit{TS: &ts, Args: []trace.Arg{{Key: keyTS, Value: e.TSText()}}}.Apply(e)))
	}
	return ms
}

// complete makes a complete slice of a pair that was open at the start of the
// range, with the args of both.
func (r *timeRange) complete(f fusion, text map[int]*trace.Event) []byte {
	b := text[f.begin.n()]
	var args []trace.Arg
	if f.end != nil {
		for m := range trace.Members(text[f.end.n()].Args()) {
			if key := string(m.Key); key != keyTS && key != keyDur {
				args = append(args, trace.Arg{Key: string(m.Key), Value: m.Value})
			}
		}
	}
	args = append(args, trace.Arg{Key: keyTS, Value: b.TSText()})
	if f.end != nil {
		dur := original(text[f.end.n()]) - original(b)
		args = append(args, trace.Arg{Key: keyDur, Value: trace.AppendMicros(nil, dur)})
	}
	obj := trace.Edit{TS: &r.from, Args: args}.Apply(b)
	obj = setMember(obj, "ph", []byte(`"X"`))
	return setMember(obj, "dur", trace.AppendMicros(nil, min(f.stop, r.to)-r.from))
}

// original is the time that an event had before an earlier cut moved it.
func original(e *trace.Event) trace.Time {
	at := e.TS
	for m := range trace.Members(e.Args()) {
		if string(m.Key) == keyTS {
			if ts, ok := trace.ParseMicros([]byte(trace.Unquote(m.Value))); ok {
				at = ts
			}
		}
	}
	return at
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
