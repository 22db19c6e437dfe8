package repair

import (
	"bytes"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"tracekit/internal/jsonlex"
	"tracekit/internal/perfetto"
	"tracekit/trace"
	"tracekit/transform/check"
)

// outcome is what becomes of an event.
type outcome uint8

const (
	kept     outcome = iota
	rejected         // for its time
	hidden           // no viewer could show it
)

// rules repair the members of one event.
type rules struct {
	*reader
	ms    []member
	phase byte
}

// repairEvent makes of members what a viewer shows, and says what becomes of the
// event.
func (r *reader) repairEvent(ms []member) ([]member, outcome) {
	r.dedupe(ms)
	e := rules{reader: r, ms: ms}
	if ph := e.get("ph"); ph != nil && len(ph.val) > 2 && ph.val[0] == '"' {
		e.phase = ph.val[1]
	}
	if e.phase == 0 {
		return ms, hidden
	}
	e.legacy()
	if f := e.times(); f != kept {
		return e.ms, f
	}
	e.ids()
	switch e.phase {
	case 'C':
		return e.ms, e.counter()
	case 'M':
		return e.ms, e.meta()
	case 'i', 'I', 'R':
		e.scope()
	case 'b', 'n', 'e':
		if e.get("pid") == nil || e.get("id") == nil && e.get("id2") == nil {
			return e.ms, hidden
		}
	case 's', 't', 'f':
		e.flowID()
	}
	return e.ms, kept
}

// legacy makes an async event of today of one of the phases that were before: S began
// it, T and p were its steps, F ended it. A T with a duration is the state of a thread.
func (e *rules) legacy() {
	now, old := check.Legacy[e.phase]
	if !old || e.phase == 'T' && e.get("dur") != nil || e.get("id") == nil || e.get("pid") == nil || !e.repairs(Legacy) {
		return
	}
	e.phase = now
	e.get("ph").val = []byte{'"', now, '"'}
}

// get returns the last member of that name.
func (e *rules) get(name string) *member {
	for i := len(e.ms) - 1; i >= 0; i-- {
		if m := &e.ms[i]; m.name == name && !m.drop {
			return m
		}
	}
	return nil
}

func (e *rules) add(name, val string) {
	e.ms = append(e.ms, member{sep: []byte(", "), key: []byte(`"` + name + `"`), name: name, colon: []byte(": "), val: []byte(val)})
}

// times repairs ts and the durations.
func (e *rules) times() outcome {
	ts := e.get("ts")
	if ts == nil && e.phase != 'M' {
		return hidden
	}
	if e.nanos {
		e.toMicros()
	} else if e.phase != 'M' {
		e.units.add(ts.val)
	}
	if ts != nil && !e.time(ts) {
		if e.phase != 'M' {
			return rejected
		}
		ts.drop = true
		e.count[Words]++
	}
	long := e.phase == 'X' || e.phase == 'T'
	for _, name := range []string{"dur", "tts", "tdur"} {
		m := e.get(name)
		switch {
		case m == nil && name == "dur" && long && e.repairs(Durations):
			e.add("dur", "0")
		case m == nil || e.time(m) || !e.repairs(Durations):
		case name == "dur" && long:
			m.val = []byte("0")
		default:
			m.drop = true
		}
	}
	if ts != nil && !ts.drop {
		return e.possible(ts, e.get("dur"), long)
	}
	return kept
}

// time repairs a time, and reports whether it can be read.
func (e *rules) time(m *member) bool {
	v := m.val
	if len(m.raw) > 0 && (m.raw[0] == '-' || m.raw[0]-'0' <= 9) {
		v = m.raw // what was put in quotes as a giant is read by its own rules
	}
	if len(v) > 2 && v[0] == '"' {
		inside := bytes.TrimSpace(v[1 : len(v)-1])
		if !jsonlex.IsNumber(inside) {
			return false
		}
		if e.off[Quoted] {
			_, good := perfetto.Nanos(inside)
			return good
		}
		e.count[Quoted]++
		v = inside
	}
	if !jsonlex.IsNumber(v) {
		return false
	}
	if _, good := perfetto.Nanos(v); !good {
		ns, good := trace.ParseMicros(v)
		if !good {
			// Too far for nanoseconds: judged with the other times.
			m.val = v
			return !perfetto.Refuses(v)
		}
		v = trace.AppendMicros(nil, ns)
	}
	m.val = v
	return true
}

// move adds what is to be added to a time, and returns how viewers read it, in ns.
// Metadata that would come to lie before zero stays where it is.
func (e *rules) move(ts *member) (at int64, good bool) {
	if e.offset != 0 && ts.val[0] != '"' {
		to := moved(ts.val, e.offset)
		if at, good := perfetto.Nanos(to); good && at >= 0 {
			ts.val = to
			e.count[e.why()]++
			return at, good
		}
		if e.phase != 'M' {
			return -1, true
		}
	}
	return perfetto.Nanos(bytes.Trim(ts.val, `"`))
}

// why is the kind of repair for which times are moved.
func (r *reader) why() Kind {
	if r.offset > 0 {
		return Shift
	}
	return Rebase
}

// possible judges times that can be read.
func (e *rules) possible(ts, dur *member, long bool) outcome {
	if e.off[Times] {
		return kept
	}
	at, good := e.move(ts)
	if good && at < 0 && e.phase == 'M' {
		// It means nothing there, but viewers leave out what is before zero.
		if e.repairs(Metadata) {
			ts.val = []byte{'0'}
		}
		return kept
	}
	if !good || at < 0 {
		if good {
			e.before.add(at)
		}
		return rejected
	}
	if long && dur != nil {
		d, good := perfetto.Nanos(bytes.Trim(dur.val, `"`))
		if !good || d < 0 {
			return rejected
		}
	}
	return kept
}

// ids repairs what names threads, and ids that are too large for 64 bits.
func (e *rules) ids() {
	for _, name := range []string{"pid", "tid"} {
		m := e.get(name)
		if m == nil {
			continue
		}
		v := m.raw
		if !jsonlex.IsNumber(v) {
			continue
		}
		f, _, err := big.ParseFloat(string(v), 10, 128, big.ToZero)
		if err != nil {
			continue
		}
		if f.MantExp(nil) > widestID { // its digits would take megabytes
			if e.repairs(IDs) {
				m.val = strconv.AppendUint(nil, uint64(e.narrow.give(f.Text('p', 0), 0)), 10)
			}
			continue
		}
		n, _ := f.Int(nil)
		if n.Sign() >= 0 && n.BitLen() <= 32 || !e.repairs(IDs) {
			continue
		}
		m.val = strconv.AppendUint(nil, uint64(e.narrow.of(n)), 10)
	}
	for _, name := range []string{"id", "bind_id"} {
		if m := e.get(name); m != nil {
			e.id(m)
		}
	}
}

func (e *rules) id(m *member) {
	v := m.raw
	if !jsonlex.IsNumber(v) || e.off[Giants] {
		return
	}
	if _, err := strconv.ParseInt(string(v), 10, 64); err == nil {
		return
	}
	f, _, err := big.ParseFloat(string(v), 10, 256, big.ToZero)
	if err != nil || !f.IsInt() || f.MantExp(nil) > 256 {
		return
	}
	n, _ := f.Int(nil)
	if n.IsInt64() {
		m.val = []byte(n.String())
	} else {
		m.val = []byte(fmt.Sprintf(`"0x%x"`, n))
	}
	e.count[Giants]++
}

// counter repairs the values of a counter.
func (e *rules) counter() outcome {
	args := e.get("args")
	if args == nil || args.val[0] != '{' {
		return hidden
	}
	out := e.inside(args, func(ms []member) {
		for i := range ms {
			m := &ms[i]
			if m.drop || m.val[0] == '-' || m.val[0]-'0' <= 9 || m.val[0] == '"' && perfetto.IsFloatText([]byte(trace.Unquote(m.val))) {
				continue
			}
			if e.repairs(Counters) {
				m.drop = true
			}
		}
	})
	if out != nil {
		args.val = out
	}
	return kept
}

// inside rewrites the members of an object.
func (e *rules) inside(m *member, change func([]member)) []byte {
	quiet := reader{off: e.off, count: tally{}, final: true, trust: true}
	ms, tail, _, st := quiet.object(m.val, 0, 0)
	if st != whole {
		return nil
	}
	change(ms)
	return render(ms, tail)
}

// meta repairs names and sort indexes.
func (e *rules) meta() outcome {
	name := e.get("name")
	if name == nil {
		return kept
	}
	what := trace.Unquote(name.val)
	sort := strings.HasSuffix(what, "_sort_index")
	if what != "process_name" && what != "thread_name" && what != "process_sort_index" && what != "thread_sort_index" {
		return kept
	}
	args := e.get("args")
	if args == nil || args.val[0] != '{' {
		return kept
	}
	f := kept
	out := e.inside(args, func(ms []member) {
		for i := range ms {
			m := &ms[i]
			isText := len(m.val) > 2 && m.val[0] == '"'
			number := m.val[0] == '-' || m.val[0]-'0' <= 9
			switch {
			case m.drop:
			case sort && m.name == "sort_index" && !number:
				if !isText || !jsonlex.IsNumber(m.val[1:len(m.val)-1]) {
					f = hidden
				} else if e.repairs(Quoted) {
					m.val = m.val[1 : len(m.val)-1]
				}
			case !sort && m.name == "name" && !isText:
				if !number {
					f = hidden
				} else {
					m.val = quoted(m.val)
					e.count[Members]++
				}
			}
		}
	})
	if out != nil {
		args.val = out
	}
	return f
}

// scope gives an instant a scope for which it names enough.
func (e *rules) scope() {
	s := e.get("s")
	scope := byte('t')
	if s != nil && len(s.val) == 3 {
		scope = s.val[1]
	}
	has := func(name string) bool {
		m := e.get(name)
		return m != nil && (m.val[0] == '"' || m.val[0] == '-' || m.val[0]-'0' <= 9)
	}
	want := scope
	if scope != 'g' && scope != 'p' && !has("tid") {
		want = 'p'
	}
	if want == 'p' && !has("pid") {
		want = 'g'
	}
	if want == scope || !e.repairs(Scopes) {
		return
	}
	val := `"` + string(rune(want)) + `"`
	if s != nil {
		s.val = []byte(val)
		return
	}
	e.add("s", val)
}
