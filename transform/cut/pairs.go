package cut

import (
	"cmp"
	"math"
	"slices"

	"tracekit/trace"
)

// pairs matches begins and ends (B and E on a track, b and e by id) by time,
// wherever they stand in the file, and decides what becomes of them. It grows
// with the number of begins and ends in the trace.
type pairs struct {
	keys    map[string]int // of async events
	lines   [][]mark       // by line: a track, or an async id
	async   []bool         // by line
	byTrack map[int]int
	marks   int

	keep  []bool            // by ordinal
	moved map[int]move      // by ordinal: to an edge
	place map[int]placement // by ordinal: where moved ones are written
	made  [][]byte          // ends that the trace does not have

	open map[int]int // by ordinal of a begin that gets one: its place among them
}

// mark is a begin or an end.
type mark struct {
	ts    trace.Time
	n     int // ordinal among begins and ends, in file order
	track int
	end   bool
}

type move struct {
	to  trace.Time
	obj []byte // its changed text, once it was met again
}

// placement lists moved events that are written at the place of another, before
// or after it.
type placement struct {
	moved []int
	after bool
}

// line returns the number of the line that e stands on.
func (q *pairs) line(track int, e *trace.Event) int {
	if q.byTrack == nil {
		q.byTrack, q.keys = map[int]int{}, map[string]int{}
	}
	if e.Phase == 'B' || e.Phase == 'E' {
		n, ok := q.byTrack[track]
		if !ok {
			n = q.addLine(false)
			q.byTrack[track] = n
		}
		return n
	}
	key := asyncKey(e)
	n, ok := q.keys[key]
	if !ok {
		n = q.addLine(true)
		q.keys[key] = n
	}
	return n
}

func (q *pairs) addLine(async bool) int {
	q.lines, q.async = append(q.lines, nil), append(q.async, async)
	return len(q.lines) - 1
}

// asyncKey is what joins async events: category and id, or id2, which counts
// in the whole trace or within a process.
func asyncKey(e *trace.Event) string {
	key := string(e.Cat()) + "\x00"
	if id := e.ID(); len(id) > 0 {
		return key + "i" + string(id)
	}
	if id2, ok := e.Member("id2"); ok {
		local := ""
		for m := range trace.Members(id2) {
			switch string(m.Key) {
			case "global":
				return key + "g" + string(m.Value)
			case "local":
				local = key + "l" + pidText(e) + "\x00" + string(m.Value)
			}
		}
		if local != "" {
			return local
		}
	}
	return key
}

// pidText is e's pid, 0 where it has none.
func pidText(e *trace.Event) string {
	if pid := e.Pid(); len(pid) > 0 && string(pid) != "null" {
		return string(pid)
	}
	return "0"
}

func (q *pairs) note(p *plan, e *trace.Event) {
	n := q.marks
	q.marks++
	if e.Has&trace.HasTS == 0 {
		return
	}
	track := p.tracks.Of(e)
	line := q.line(track, e)
	q.lines[line] = append(q.lines[line], mark{e.TS, n, track, e.Phase == 'E' || e.Phase == 'e'})
}

// settle matches what was noted and decides.
func (q *pairs) settle(p *plan) {
	q.keep = make([]bool, q.marks)
	q.moved, q.place, q.open = map[int]move{}, map[int]placement{}, map[int]int{}
	for i, line := range q.lines {
		slices.SortFunc(line, func(a, b mark) int {
			return cmp.Or(cmp.Compare(a.ts, b.ts), cmp.Compare(b2i(b.end), b2i(a.end)), cmp.Compare(a.n, b.n))
		})
		l := lineOf{plan: p, pairs: q, async: q.async[i]}
		for _, m := range line {
			l.next(m)
		}
		l.finish()
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// lineOf walks one line in order of time.
type lineOf struct {
	*plan
	*pairs
	async        bool
	stack        []mark
	begins, ends []mark // moved to an edge: outermost first, innermost first
	atFrom, atTo []int  // ordinals of those that stood at an edge before
}

func (l *lineOf) next(m mark) {
	switch {
	case !m.end:
		l.stack = append(l.stack, m)
	case len(l.stack) == 0:
		if m.ts >= l.from && m.ts < l.to {
			l.stay(m)
		}
	default:
		begin := l.stack[len(l.stack)-1]
		l.stack = l.stack[:len(l.stack)-1]
		l.pair(begin, m)
	}
}

func (l *lineOf) stay(m mark) {
	l.pairs.keep[m.n] = true
	l.useTrack(m.track)
	if !m.end && m.ts == l.from {
		l.atFrom = append(l.atFrom, m.n)
	}
	if m.end && m.ts == l.to {
		l.atTo = append(l.atTo, m.n)
	}
}

func (l *lineOf) pair(b, e mark) {
	switch l.span(b.ts, e.ts) {
	case whole:
		l.stay(b)
		l.stay(e)
	case cut:
		l.moveBegin(b)
		if e.ts > l.to {
			l.ends = append(l.ends, e)
			l.useTrack(e.track)
			l.pairs.moved[e.n] = move{to: l.to}
		} else {
			l.stay(e)
		}
	default:
		return
	}
	l.bind(b, e.ts)
}

// moveBegin keeps b, at the start of the range if it began before.
func (l *lineOf) moveBegin(b mark) {
	if b.ts >= l.from {
		l.stay(b)
		return
	}
	l.begins = append(l.begins, b)
	l.useTrack(b.track)
	l.pairs.moved[b.n] = move{to: l.from}
}

// bind lets arrows bind to the slice. They never bind to async ones.
func (l *lineOf) bind(b mark, end trace.Time) {
	if l.async {
		return
	}
	l.flows.slices = append(l.flows.slices, span{b.track, b.ts, end})
}

// finish takes the begins that never end, and places what has moved.
func (l *lineOf) finish() {
	for i := len(l.stack) - 1; i >= 0; i-- {
		l.unclosed(l.stack[i])
	}
	// A begin is matched when its end comes, the innermost first.
	slices.SortFunc(l.begins, func(a, b mark) int { return cmp.Or(cmp.Compare(a.ts, b.ts), cmp.Compare(a.n, b.n)) })
	l.placeMoved(append(ordinals(l.begins), l.atFrom...), len(l.begins), false)
	l.placeMoved(append(l.atTo, ordinals(l.ends)...), len(l.ends), true)
}

// placeMoved says where the moved events among those at one edge are written.
// A viewer takes events of one time in file order, so that order must be the one
// that atEdge has. Where the file has it, each stays in its own place; elsewhere
// all moved ones stand together, before the first or after the last.
func (l *lineOf) placeMoved(atEdge []int, moved int, after bool) {
	if moved == 0 {
		return
	}
	group := atEdge[:moved]
	if after {
		group = atEdge[len(atEdge)-moved:]
	}
	if slices.IsSorted(atEdge) {
		for _, n := range group {
			l.pairs.place[n] = placement{moved: []int{n}}
		}
		return
	}
	anchor := slices.Min(atEdge)
	if after {
		anchor = slices.Max(atEdge)
	}
	l.pairs.place[anchor] = placement{moved: group, after: after}
}

func (l *lineOf) unclosed(b mark) {
	switch {
	case b.ts >= l.to:
		return
	case l.boundary == Drop:
		if l.to <= l.last || b.ts < l.from {
			return
		}
		l.stay(b)
	case l.boundary == Whole:
		l.stay(b)
	default:
		l.moveBegin(b)
		if l.last > l.to {
			l.pairs.open[b.n] = len(l.pairs.open)
		}
	}
	l.bind(b, math.MaxInt64)
}

func ordinals(marks []mark) []int {
	var n []int
	for _, m := range marks {
		n = append(n, m.n)
	}
	return n
}

// moves reports whether the text of some events has to be had before writing.
func (q *pairs) moves() bool { return len(q.moved)+len(q.open) > 0 }

// collect makes the text of e if it is moved, or needs an end.
func (q *pairs) collect(p *plan, e *trace.Event) {
	n := p.ordinal
	p.ordinal++
	if m, ok := q.moved[n]; ok {
		m.obj = trace.Edit{TS: &m.to, Args: []trace.Arg{{Key: "tracekit.ts", Value: e.TSText()}}}.Apply(e)
		q.moved[n] = m
	}
	if i, ok := q.open[n]; ok {
		for len(q.made) < len(q.open) {
			q.made = append(q.made, nil)
		}
		q.made[i] = madeEnd(e, p.to)
	}
}

// madeEnd is the end at time to of a begin that has none.
func madeEnd(b *trace.Event, to trace.Time) []byte {
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
	add("ts", trace.AppendMicros(nil, to))
	return append(obj, '}')
}

// write writes what becomes of the n-th begin or end, and what is placed there.
func (q *pairs) write(n int, e *trace.Event, w *trace.Writer) error {
	at, placed := q.place[n]
	if placed && !at.after {
		if err := q.writeMoved(at.moved, e, w); err != nil {
			return err
		}
	}
	if q.keep[n] {
		if err := w.Event(e); err != nil {
			return err
		}
	}
	if placed && at.after {
		return q.writeMoved(at.moved, e, w)
	}
	return nil
}

func (q *pairs) writeMoved(moved []int, e *trace.Event, w *trace.Writer) error {
	w.SetLead(e)
	for _, n := range moved {
		if err := w.Object(q.moved[n].obj); err != nil {
			return err
		}
	}
	return nil
}
