package pairs

import (
	"cmp"
	"slices"

	"tracekit/trace"
)

// Mark is a begin or an end.
type Mark struct {
	TS    trace.Time
	what  uint64 // its name and category, see KeyOf
	id    uint32 // twice its ordinal, and one more for an end
	Track int32
}

// newMark returns the mark of e, the n-th begin or end in file order.
func newMark(n, track int, e *trace.Event) Mark {
	return Mark{e.TS, KeyOf(e), uint32(2*n + b2i(e.IsEnd())), int32(track)}
}

func (m Mark) Ordinal() int { return int(m.id / 2) }

func (m Mark) IsEnd() bool { return m.id%2 != 0 }

// KeyOf is what an event says of itself: a hash of the name in the upper 40 bits and one of the category in the
// lower 24, each 0 if there is none.
func KeyOf(e *trace.Event) uint64 {
	return hashOf(e.Name())>>24<<24 | hashOf(e.Cat())>>40
}

// hashOf is the same in every run, so that what is written is.
func hashOf(text []byte) uint64 {
	if len(text) == 0 {
		return 0
	}
	text = trace.Unescape(text)
	h := uint64(14695981039346656037) // FNV-1a
	for _, c := range text {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h ^ h>>29
}

// Handler decides on the begins and ends of one line: a track, or an async id. Its begins have
// no name any more.
type Handler interface {
	Pair(b, e Mark)
	LoneEnd(m Mark)   // an end without a begin, or what has no id to be matched by
	OpenBegin(b Mark) // a begin without an end, the innermost first, after all else
	Done()            // with what began up to now; more may follow
}

// collector gathers begins and ends (B and E on a track, b and e by id), wherever they
// stand in the file, and matches them by time. It grows with their number, by 24
// bytes each.
type collector struct {
	lines   [][]Mark
	async   []bool         // by line
	byKey   map[string]int // lines of async events
	byTrack map[int]int
	lone    []Mark // async, without an id
	marks   int    // that were noted, with and without a time
}

func (q *collector) addEvent(track int, e *trace.Event) {
	n := q.marks
	q.marks++
	if e.Has&trace.HasTS != 0 {
		q.add(newMark(n, track, e), e)
	}
}

func (q *collector) add(m Mark, e *trace.Event) {
	if e.Phase != 'B' && e.Phase != 'E' && !HasAsyncID(e, AppendAsyncKey(nil, e)) {
		q.lone = append(q.lone, m)
		return
	}
	line := q.line(int(m.Track), e)
	q.lines[line] = append(q.lines[line], m)
}

// line returns the number of the line that e stands on.
func (q *collector) line(track int, e *trace.Event) int {
	if q.byTrack == nil {
		q.byTrack, q.byKey = map[int]int{}, map[string]int{}
	}
	if e.Phase == 'B' || e.Phase == 'E' {
		n, ok := q.byTrack[track]
		if !ok {
			n = q.addLine(false)
			q.byTrack[track] = n
		}
		return n
	}
	key := AppendAsyncKey(nil, e)
	n, ok := q.byKey[string(key)]
	if !ok {
		n = q.addLine(true)
		q.byKey[string(key)] = n
	}
	return n
}

func (q *collector) addLine(async bool) int {
	q.lines, q.async = append(q.lines, nil), append(q.async, async)
	return len(q.lines) - 1
}

// match goes through each line in order of time, and forgets it.
func (q *collector) match(of func(async bool) Handler) {
	for i, line := range q.lines {
		sortMarks(line, q.async[i])
		s := stack{Handler: of(q.async[i])}
		for _, m := range line {
			s.addMark(m)
		}
		s.finish()
		q.lines[i] = nil
	}
	if len(q.lone) > 0 {
		f := of(true)
		for _, m := range q.lone {
			f.LoneEnd(m)
		}
	}
}

// HasAsyncID reports whether an event's key tells more than its category. Perfetto
// shows no async event that has no id.
func HasAsyncID(e *trace.Event, key []byte) bool { return len(key) > len(e.Cat())+1 }

// sortMarks puts a line in order of time. At equal times the file's order holds,
// but for E, which come first: so Perfetto reads them.
func sortMarks(line []Mark, async bool) {
	slices.SortFunc(line, func(a, b Mark) int {
		if a.TS == b.TS && !async && a.IsEnd() != b.IsEnd() {
			return b2i(b.IsEnd()) - b2i(a.IsEnd())
		}
		return cmp.Or(cmp.Compare(a.TS, b.TS), cmp.Compare(a.Ordinal(), b.Ordinal()))
	})
}

// AppendAsyncKey appends what joins async events: category and id, or id2, which
// counts in the whole trace or within a process.
func AppendAsyncKey(key []byte, e *trace.Event) []byte {
	key = append(append(key, e.Cat()...), 0)
	if id := e.ID(); len(id) > 0 {
		return append(append(key, 'i'), id...)
	}
	if e.Has&trace.HasID2 == 0 {
		return key
	}
	id2, _ := e.Member("id2")
	var local []byte
	for m := range trace.Members(id2) {
		switch string(m.Key) {
		case "global":
			return append(append(key, 'g'), m.Value...)
		case "local":
			local = m.Value
		}
	}
	if local == nil {
		return key
	}
	key = append(append(key, 'l'), PIDText(e)...)
	return append(append(key, 0), local...)
}

// PIDText is e's pid, 0 where it has none.
func PIDText(e *trace.Event) string {
	if pid := e.Pid(); len(pid) > 0 && string(pid) != "null" {
		return string(pid)
	}
	return "0"
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Memory is about how many bytes q takes.
func (q *collector) Memory() int {
	const line, id = 32, 120
	n := markBytes*cap(q.lone) + line*len(q.lines) + id*len(q.byKey)
	for _, l := range q.lines {
		n += markBytes * cap(l)
	}
	return n
}
