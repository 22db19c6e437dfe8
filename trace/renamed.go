package trace

// Renamed returns an event with another name and category, the process, thread and times of
// e, and no args. Name and category stand as in JSON, without their quotes. Its text is
// appended to dst, which it returns; the event is valid as long as that is.
func (e *Event) Renamed(dst, name, cat []byte) (Event, []byte) {
	from := len(dst)
	put := func(before string, value []byte) span {
		dst = append(dst, before...)
		lo := len(dst) - from
		dst = append(dst, value...)
		return span{uint32(lo), uint32(len(dst) - from)}
	}
	obj := e.Raw()
	n := Event{Phase: e.Phase, Has: e.Has &^ (HasArgs | HasID | HasID2 | HasBind | HasBP | HasMore), TS: e.TS, Dur: e.Dur}
	put(`{"ph": "`, []byte{e.Phase})
	n.name = put(`", "name": "`, name)
	n.cat = put(`", "cat": "`, cat)
	after := `"`
	for _, m := range []struct {
		key string
		old span
		new *span
	}{{"pid", e.pid, &n.pid}, {"tid", e.tid, &n.tid}, {"ts", e.ts, &n.ts}, {"dur", e.dur, &n.dur}} {
		if m.old.lo < m.old.hi {
			*m.new = put(after+`, "`+m.key+`": `, m.old.of(obj))
			after = ""
		}
	}
	dst = append(append(dst, after...), '}')
	n.text = dst[from:len(dst):len(dst)]
	return n, dst
}
