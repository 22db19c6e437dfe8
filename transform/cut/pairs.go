package cut

import (
	"cmp"
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

	unclosed [][]int     // begins that get one, by line, the innermost first
	open     map[int]int // by ordinal of such a begin: its place among them
}

// mark is a begin or an end.
type mark struct {
	ts    trace.Time
	id    uint32 // twice its ordinal, and one more for an end
	track int32
}

// newMark returns the n-th begin or end, in file order.
func newMark(ts trace.Time, n, track int, end bool) mark {
	return mark{ts, uint32(2*n + b2i(end)), int32(track)}
}

func (m mark) n() int      { return int(m.id / 2) }
func (m mark) isEnd() bool { return m.id%2 != 0 }

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

func (q *pairs) note(track int, e *trace.Event) {
	n := q.marks
	q.marks++
	if e.Has&trace.HasTS == 0 {
		return
	}
	line := q.line(track, e)
	q.lines[line] = append(q.lines[line], newMark(e.TS, n, track, e.Phase == 'E' || e.Phase == 'e'))
}

// fate decides on the begins and ends of one line, in order of time.
type fate interface {
	pair(b, e mark)
	lone(e mark) // an end without a begin
	open(b mark) // a begin without an end, the innermost first, after all else
	done()
}

// settle matches what was noted and decides.
func (q *pairs) settle(p *plan) {
	q.keep = make([]bool, q.marks)
	q.moved, q.place, q.open = map[int]move{}, map[int]placement{}, map[int]int{}
	q.match(func(async bool) fate { return p.line(p, async) })
	q.lines = nil
	// In the order of the file, whatever else there is in it.
	slices.SortFunc(q.unclosed, func(a, b []int) int { return cmp.Compare(slices.Min(a), slices.Min(b)) })
	for _, line := range q.unclosed {
		for _, n := range line {
			q.open[n] = len(q.open)
		}
	}
}

// match goes through each line in order of time. At equal times the file's order
// holds, but for E, which come first: so Perfetto reads them.
func (q *pairs) match(of func(async bool) fate) {
	for i, line := range q.lines {
		endsFirst := !q.async[i]
		slices.SortFunc(line, func(a, b mark) int {
			if a.ts == b.ts && endsFirst && a.isEnd() != b.isEnd() {
				return b2i(b.isEnd()) - b2i(a.isEnd())
			}
			return cmp.Or(cmp.Compare(a.ts, b.ts), cmp.Compare(a.n(), b.n()))
		})
		match(line, of(q.async[i]))
	}
}

// match pairs each end with the latest begin that is open.
func match(line []mark, f fate) {
	var stack []mark
	for _, m := range line {
		switch {
		case !m.isEnd():
			stack = append(stack, m)
		case len(stack) == 0:
			f.lone(m)
		default:
			begin := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			f.pair(begin, m)
		}
	}
	for i := len(stack) - 1; i >= 0; i-- {
		f.open(stack[i])
	}
	f.done()
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// moves reports whether the text of some events has to be had before writing.
func (q *pairs) moves() bool { return len(q.moved)+len(q.open) > 0 }

// collect makes the text of e if it is moved, or needs an end.
func (q *pairs) collect(to trace.Time, n int, e *trace.Event) {
	if m, ok := q.moved[n]; ok {
		m.obj = trace.Edit{TS: &m.to, Args: []trace.Arg{{Key: "tracekit.ts", Value: e.TSText()}}}.Apply(e)
		q.moved[n] = m
	}
	if i, ok := q.open[n]; ok {
		for len(q.made) < len(q.open) {
			q.made = append(q.made, nil)
		}
		q.made[i] = madeEnd(e, to)
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
