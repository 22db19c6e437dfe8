package repair

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"tracekit/filter/producer"
	"tracekit/internal/budget"
	"tracekit/internal/jsonlex"
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/check"
)

// survey is the first reading: it keeps what the plan is made of.
type survey struct {
	*plan
	judge *check.Judge
	quiet reader
	in    int64 // events
	names int64 // of them metadata
}

func (s *survey) head([]byte) error   { return nil }
func (s *survey) reject([]byte) error { return nil }

func (s *survey) event(_, obj []byte, seq int64) error {
	s.in++
	look := s.judge.LastEvent()
	if look.Phase == 'M' {
		s.names++
		s.name(obj, seq)
	} else {
		s.vllm.use(s.judge.Process(), use{seq, look})
	}
	if s.judge.HighLevel() {
		ms, _ := s.quiet.members(obj)
		s.vllm.mean(s.judge.Process(), pidOf(ms))
	}
	if err := s.judge.Keep(seq); err != nil {
		return err
	}
	if rank := s.judge.Rank(); len(rank) > 0 {
		if process := s.judge.Process(); s.flowIDs.ranks[process] == "" {
			s.flowIDs.ranks[process] = string(rank)
		}
	}
	return nil
}

// members reads an event that is known to be well.
func (r *reader) members(obj []byte) (ms []member, tail []byte) {
	ms, tail, _, _ = r.object(obj, 0, 0)
	return ms, tail
}

func (s *survey) name(obj []byte, seq int64) {
	ms, _ := s.quiet.members(obj)
	name, args, pid := find(ms, "name"), find(ms, "args"), find(ms, "pid")
	if name == nil || args == nil || args.val[0] != '{' {
		return
	}
	inside, _ := s.quiet.members(args.val)
	switch trace.Unquote(name.val) {
	case "thread_name", "thread_sort_index":
		if pid == nil {
			return
		}
		t := s.judge.Track()
		info := s.threads[t]
		if m := find(inside, "name"); m != nil && m.val[0] == '"' {
			info.name = bytes.Clone(m.val)
		}
		if m := find(inside, "sort_index"); m != nil {
			info.sort = bytes.Clone(m.val)
		}
		s.threads[t] = info
	case "process_name":
		m := find(inside, "name")
		s.vllm.name(s.judge.Process(), pidOf(ms), seq, m != nil && trace.Unquote(m.val) == producer.VLLMProcess)
	}
}

// emitter is the second reading: it writes the events as planned.
type emitter struct {
	*plan
	judge   *check.Judge
	quiet   reader
	w       *bulk
	rejects *rejects
	out     int64
	any     bool
	extra   [][]byte    // names that stand behind all others
	ends    []made      // ends of begins that had none
	texts   spill.Texts // of these
	start   []byte      // of the document, until an event follows
	base    []byte      // baseTimeNanoseconds that the document lacks, until it is written
	wrapped bool        // an array of events has become a document, for its base
	some    []member    // of an event that is kept
}

// head holds back what begins the document: an empty array is not a trace.
func (e *emitter) head(t []byte) error {
	if e.base != nil {
		last := len(t) - 1
		e.wrapped = t[last] == '['
		if e.start = fmt.Appendf(append(e.start, t[:last]...), `{"%s": %s, `, baseKey, e.base); e.wrapped {
			e.start = append(e.start, `"traceEvents": [`...)
		}
		e.base = nil
		return nil
	}
	e.start = append(e.start, t...)
	if len(e.start) > len("[")+64 {
		return e.begin()
	}
	return nil
}

func (e *emitter) begin() error {
	t := e.start
	e.start = nil
	return e.w.put(t)
}

func (e *emitter) reject(obj []byte) error { return e.rejects.add(obj) }

func (e *emitter) event(sep, obj []byte, seq int64) error {
	look := e.judge.LastEvent()
	if look.Drawn && e.outside(look.TS, look.Dur) {
		return e.rejects.add(obj)
	}
	switch e.drop[seq] {
	case "":
	case Ends: // its begin has become a whole slice
		return nil
	default:
		return e.rejects.add(obj)
	}
	if !e.any && bytes.HasPrefix(bytes.TrimLeft(e.start, " \t\r\n"), []byte{'['}) && jsonlex.SkipSpace(obj, 1) == len(obj)-1 {
		return nil // those before it went, and no trace starts with an empty object
	}
	obj = e.change(obj, seq, look.Phase, look.TS)
	if e.order && e.some == nil {
		e.some, _ = e.quiet.members(bytes.Clone(obj))
	}
	if e.any && bytes.IndexByte(sep, ',') < 0 {
		sep = append([]byte{','}, sep...)
	} else if !e.any {
		sep = bytes.ReplaceAll(sep, []byte{','}, nil)
	}
	return e.put(sep, obj)
}

func (e *emitter) put(sep, obj []byte) error {
	e.any = true
	e.out++
	if err := e.begin(); err != nil {
		return err
	}
	if err := e.w.put(sep); err != nil {
		return err
	}
	return e.w.put(obj)
}

// change returns the text of an event as planned.
func (e *emitter) change(obj []byte, seq int64, phase byte, ts int64) []byte {
	lane := e.lanes.get(seq)
	end, closed := e.close.at(seq)
	renamed := e.vllm.rename[seq]
	flow, reflowed := e.flowIDs.own[seq]
	maybe := len(e.vllm.from) > 0 && e.judge.IsLoose()
	if lane == nil && !closed && !e.empty[seq] && !e.unbind[seq] && !renamed && !reflowed && !maybe {
		return obj
	}
	ms, tail := e.quiet.members(obj)
	if lane != nil && lane.async != 0 {
		ms = laneID(ms, lane.lane)
	} else if lane != nil {
		e.nameLane(lane, ms)
		ms = set(ms, "tid", fmt.Appendf(nil, "%d", lane.tid))
	}
	if e.unbind[seq] {
		ms = slices.DeleteFunc(ms, func(m member) bool { return m.name == "bind_id" })
	}
	if e.empty[seq] {
		ms = set(set(ms, "ph", []byte(`"X"`)), "dur", []byte{'0'})
	}
	if reflowed {
		ms = set(ms, "id", fmt.Appendf(nil, "%d", flow))
	}
	if renamed || maybe && e.vllm.moves(ms) {
		ms = set(ms, "pid", []byte(e.vllm.to))
	}
	if closed {
		e.ends = append(e.ends, made{ts, seq})
		e.texts.Add(seq, closing(ms, end, phase))
	}
	return render(ms, tail)
}

// laneID gives an async event an id of its own lane.
func laneID(ms []member, lane int) []member {
	other := func(id []byte) []byte {
		return fmt.Appendf(nil, `"%s (overlap %d)"`, bytes.Trim(id, `"`), lane)
	}
	if m := find(ms, "id"); m != nil {
		m.val = other(m.val)
		return ms
	}
	m := find(ms, "id2")
	if m == nil {
		return ms
	}
	quiet := reader{count: tally{}, final: true, trust: true}
	inside, tail := quiet.members(m.val)
	for i := range inside {
		inside[i].val = other(inside[i].val)
	}
	m.val = render(inside, tail)
	return ms
}

// set gives a member a value; one that is missing is added.
func set(ms []member, name string, val []byte) []member {
	if m := find(ms, name); m != nil {
		m.val = val
		return ms
	}
	return append(ms, member{sep: []byte(", "), key: quoted([]byte(name)), name: name, colon: []byte(": "), val: val})
}

// closing is the event that ends a begin at a time in ns.
func closing(ms []member, end int64, phase byte) []byte {
	ph := "E"
	if phase == 'b' {
		ph = "e"
	}
	out := fmt.Appendf(nil, `{"ph": "%s"`, ph)
	for _, name := range []string{"cat", "name", "pid", "tid", "id", "id2"} {
		if m := find(ms, name); m != nil {
			out = fmt.Appendf(out, `, "%s": %s`, name, m.val)
		}
	}
	text, _ := timeFrom(end)
	out = append(append(out, `, "ts": `...), text...)
	return append(out, '}')
}

// nameLane makes the name and the sort index of a lane, beside its thread.
func (e *emitter) nameLane(lane *laneInfo, ms []member) {
	if lane.named {
		return
	}
	lane.named = true
	pid := pidOf(ms)
	info := e.threads[lane.track]
	name := []byte(`"Thread 0`)
	if m := find(ms, "tid"); m != nil && m.val[0] == '"' {
		name = bytes.Clone(m.val[:len(m.val)-1])
	} else if m != nil {
		name = fmt.Appendf(nil, `"Thread %s`, m.val)
	}
	if len(info.name) > 1 {
		name = bytes.Clone(info.name[:len(info.name)-1])
	}
	name = fmt.Appendf(name, ` (overlap %d)"`, lane.lane)
	tid := lane.tid
	e.extra = append(e.extra, fmt.Appendf(nil, `{"ph": "M", "name": "thread_name", "pid": %s, "tid": %d, "ts": 0, "args": {"name": %s}}`, pid, tid, name))
	sort := info.sort
	if sort == nil {
		sort = fmt.Appendf(nil, "%d", tid)
	}
	e.extra = append(e.extra, fmt.Appendf(nil, `{"ph": "M", "name": "thread_sort_index", "pid": %s, "tid": %d, "ts": 0, "args": {"sort_index": %s}}`, pid, tid, sort))
}

// made is an end that was made, for the begin at ts.
type made struct{ ts, seq int64 }

// addMemory adds what is made and not written yet.
func (e *emitter) addMemory(s *budget.Sum) {
	const end, name = 16, 200
	s.Add("ends that are missing", end*cap(e.ends)+e.texts.Memory())
	s.Add("names of lanes", name*len(e.extra))
}

// finish writes the events that were made, the innermost end first, and the
// text behind the events.
func (e *emitter) finish(tail []byte, bare bool) error {
	slices.SortFunc(e.ends, func(a, b made) int {
		return cmp.Or(cmp.Compare(b.ts, a.ts), cmp.Compare(b.seq, a.seq))
	})
	var err error
	put := func(obj []byte) {
		lead := "\n"
		if e.any {
			lead = ",\n"
		}
		err = cmp.Or(err, e.put([]byte(lead), obj))
	}
	for _, obj := range e.extra {
		put(obj)
	}
	for _, m := range e.ends {
		put(e.texts.Get(m.seq))
	}
	if e.order {
		put(e.marker())
	}
	if err != nil {
		return err
	}
	if e.wrapped {
		tail = append(bytes.TrimRight(tail, " \n\r\t"), '}', '\n')
	}
	if bare && !e.any {
		e.start, tail = []byte(`{"traceEvents": [`), []byte("]}\n")
	}
	if err := e.begin(); err != nil {
		return err
	}
	if err := e.w.put(tail); err != nil {
		return err
	}
	return e.w.flush()
}

// marker is the event at time zero behind all others. It names a thread that is
// there, so that none is added.
func (e *emitter) marker() []byte {
	out := []byte(`{"ph": "M", "name": "repaired", "ts": 0`)
	for _, name := range []string{"pid", "tid"} {
		if m := find(e.some, name); m != nil {
			out = fmt.Appendf(out, `, "%s": %s`, name, m.val)
		}
	}
	return append(out, '}')
}
