package reference

import "fmt"

func (m *maker) complete() {
	start := m.time()
	ms := m.at("X", start, m.track())
	if !m.oneIn(12) {
		ms = append(ms, Member{"dur", m.duration(max(1, m.time()-start))})
	}
	m.add(start, m.withArgs(ms)...)
}

// nest adds slices that lie one in another, many sharing an edge.
func (m *maker) nest() {
	track := m.track()
	lo, hi := 0, len(m.grid)-1
	for range 2 + m.rng.IntN(4) {
		start := m.base + m.grid[lo]
		dur := Micros(m.grid[hi] - m.grid[lo])
		m.add(start, m.withArgs(append(m.at("X", start, track), Member{"dur", dur}))...)
		if hi > lo && m.oneIn(2) {
			hi--
		}
		if hi > lo && m.oneIn(2) {
			lo++
		}
	}
}

// pairs adds B and E that nest, now and then one too few or in another order.
func (m *maker) pairs() {
	track := m.track()
	var open [][]Member
	at := m.rng.IntN(len(m.grid))
	shut := func() {
		last := len(open) - 1
		m.end(m.base+m.grid[at], track, open[max(0, last-m.rng.IntN(8)/7)])
		open = open[:last]
	}
	for range 2 + m.rng.IntN(8) {
		if len(open) > 0 && m.oneIn(2) {
			shut()
		} else {
			ts := m.base + m.grid[at]
			b := m.withArgs(m.at("B", ts, track))
			m.add(ts, b...)
			open = append(open, b)
		}
		at = min(at+m.rng.IntN(3), len(m.grid)-1)
	}
	for len(open) > 0 && !m.oneIn(6) {
		shut()
		at = min(at+m.rng.IntN(2), len(m.grid)-1)
	}
}

// end ends what some event began, mostly: it may name that, or another, or
// nothing.
func (m *maker) end(ts int64, track, begin []Member) {
	ms := append([]Member{{"ph", `"E"`}}, track...)
	ms = append(ms, Member{"ts", m.micros(ts)})
	for _, name := range []string{"name", "cat"} {
		if text := find(begin, name); text != "" && m.oneIn(3) {
			ms = append(ms, Member{name, text})
		}
	}
	if !has(ms, "name") && m.oneIn(12) {
		ms = append(ms, Member{"name", m.name()})
	}
	m.add(ts, m.withArgs(ms)...)
}

// strayPair adds a B or E that anything may match, or nothing.
func (m *maker) strayPair() {
	ts := m.time()
	if m.oneIn(2) {
		m.add(ts, m.at("B", ts, m.track())...)
		return
	}
	m.end(ts, m.track(), nil)
}

// async adds an event of an operation that others of its id belong to.
func (m *maker) async() {
	id := []Member{{"id", m.one("1", "2", `"0x2"`)}}
	if m.oneIn(3) {
		id = []Member{{"id2", m.one(`{"local":1}`, `{"local": "0x1"}`, `{"global":5}`, `{ "global" : "0x9" }`)}}
	}
	if m.oneIn(8) {
		id = nil // which no viewer shows
	}
	names := []string{m.name(), m.name()}
	for range 1 + m.rng.IntN(6) {
		ts := m.time()
		ms := []Member{{"ph", m.one(`"b"`, `"b"`, `"n"`, `"e"`, `"e"`)}, {"cat", m.one(`"req"`, `"req"`, `"req,x"`)}}
		ms = append(ms, id...)
		if ms[0].Text != `"e"` || !m.oneIn(3) {
			ms = append(ms, Member{"name", m.one(names...)})
		}
		ms = append(append(ms, m.track()...), Member{"ts", m.micros(ts)})
		m.add(ts, m.withArgs(ms)...)
	}
}

func (m *maker) counter() {
	track, name := m.track(), m.one(`"utils"`, `"memory {bytes}"`)
	id := ""
	if m.oneIn(3) {
		id = m.one("1", `"0x1"`)
	}
	for range 1 + m.rng.IntN(4) {
		ts := m.time()
		ms := []Member{{"ph", `"C"`}, {"name", name}}
		ms = append(append(ms, track...), Member{"ts", m.micros(ts)})
		if id != "" {
			ms = append(ms, Member{"id", id})
		}
		if args := m.samples(); args != "" {
			ms = append(ms, Member{"args", args})
		}
		m.add(ts, ms...)
	}
}

// samples makes args of a counter with some of its series.
func (m *maker) samples() string {
	if m.oneIn(15) {
		return m.one("", "null", "{}", "[]")
	}
	values := []Member{}
	for _, name := range []string{"a", "b", "c } \"q\""} {
		if len(values) == 0 || m.oneIn(2) {
			values = append(values, Member{name, m.one("0", "1", "2.50", "-3e2", `"4"`, fmt.Sprint(m.rng.IntN(1000)))})
		}
	}
	m.rng.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
	return object(values)
}

func (m *maker) flowEvent(phase string, ts int64, id string, track []Member) {
	ms := []Member{{"ph", `"` + phase + `"`}, {"id", id}, {"cat", m.one(`"ac2g"`, `"ac2g"`, `"ac2g"`, `"fwdbwd"`)}, {"name", `"ac2g"`}}
	ms = append(append(ms, track...), Member{"ts", m.micros(ts)})
	if phase == "f" && !m.oneIn(3) || m.oneIn(12) {
		ms = append(ms, Member{"bp", m.one(`"e"`, `"e"`, `"e"`, `"x"`)})
	}
	m.add(ts, ms...)
}

func (m *maker) flowID() string { return m.one("1", "2", "3", `"1"`, `"0xa"`) }

// flow adds a chain with steps, several ends, or one end too few.
func (m *maker) flow() {
	id := m.flowID()
	m.flowEvent("s", m.time(), id, m.track())
	for m.oneIn(2) {
		m.flowEvent("t", m.time(), id, m.track())
	}
	for range m.rng.IntN(3) {
		m.flowEvent("f", m.time(), id, m.track())
	}
}

func (m *maker) strayFlow() { m.flowEvent(m.one("s", "t", "f"), m.time(), m.flowID(), m.track()) }

func (m *maker) instant() {
	ts := m.time()
	ms := m.at(m.one("i", "I", "R"), ts, m.track())
	if !m.oneIn(3) {
		ms = append(ms, Member{"s", m.one(`"g"`, `"p"`, `"t"`)})
	}
	m.add(ts, m.withArgs(ms)...)
}

// rare adds one of the phases that only their ts speaks for.
func (m *maker) rare() {
	ts := m.time()
	ms := m.at(m.one("P", "N", "O", "D", "v", "V", "c", "S", "F", "p", "(", ")", "=", ",", "Q"), ts, m.track())
	if m.oneIn(4) {
		ms = append(ms, Member{"id", `"0x77"`}, Member{"dur", "5"})
	}
	m.add(ts, m.withArgs(ms)...)
}

func (m *maker) threadState() {
	start := m.time()
	ms := append(m.at("T", start, m.track()), Member{"dur", m.duration(max(1, m.time()-start))})
	m.add(start, m.withArgs(ms)...)
}

// launch adds a host call and what it launched on a device, now or much
// later, joined by correlation, by External id, by a flow, or by nothing.
func (m *maker) launch() {
	m.ids++
	id := fmt.Sprint(1000 + m.ids)
	host := []Member{{"pid", "1"}, {"tid", m.one("1", "2")}}
	device := []Member{{"pid", m.one("7", "8", `"GPU 0"`)}, {"tid", m.one("7", "7", "9")}}
	joined := m.one(`{"correlation":`+id+`,"External id":5}`, `{"External id":`+id+`}`, `{"stream":7}`)
	call := m.time()
	m.slice(`"cuda_runtime"`, call, host, joined)
	m.flowEvent("s", call, id, host)
	for range 1 + m.rng.IntN(2) {
		start := m.time()
		m.slice(m.one(`"kernel"`, `"gpu_memcpy"`, `"anything"`), start, device, joined)
		m.flowEvent("f", start, id, device)
	}
}

// slice adds a slice, complete or now and then as a pair.
func (m *maker) slice(cat string, start int64, track []Member, args string) {
	most := 5 * (m.grid[1] - m.grid[0])
	ms := append([]Member{{"ph", `"X"`}, {"cat", cat}, {"name", m.name()}}, track...)
	ms = append(ms, Member{"ts", m.micros(start)})
	if m.oneIn(4) {
		m.add(start, append(with(ms, "ph", `"B"`), Member{"args", args})...)
		m.end(start+m.rng.Int64N(most+1), track, ms)
		return
	}
	m.add(start, append(ms, Member{"dur", m.duration(most)}, Member{"args", args})...)
}

// names adds metadata, for what is there and for what is not, with and without
// a time, anywhere in the file.
func (m *maker) names() {
	for range m.rng.IntN(14) {
		kind := m.one("process_name", "process_labels", "process_sort_index", "thread_name", "thread_name", "thread_name", "thread_sort_index", "num_cpus")
		ms := []Member{{"ph", `"M"`}, {"name", `"` + kind + `"`}}
		ts := m.time()
		if !m.oneIn(3) {
			ms = append(ms, Member{"ts", m.micros(ts)})
		}
		switch track := m.track(); {
		case kind == "num_cpus" && m.oneIn(2):
		case m.oneIn(6):
			ms = append(ms, Member{"pid", "99"}, Member{"tid", "99"})
		case kind[0] == 'p' && m.oneIn(2):
			ms = append(ms, track[0])
		case m.oneIn(4):
			ms = append(ms, Member{"pid", "7"}, Member{"tid", "7"})
		default:
			ms = append(ms, track[0], Member{"tid", m.one("0", "1", "42", `"stream 7"`)})
		}
		args := m.one(`{"name":"python 1"}`, `{"name":"日本"}`, `{"sort_index":3}`)
		if kind == "process_labels" {
			args = m.one(`{"labels":"CPU"}`, `{"labels":"GPU 7"}`)
		}
		m.add(ts, append(ms, Member{"args", args})...)
	}
	if m.oneIn(2) {
		m.add(0, Member{"ph", `"M"`}, Member{"name", `"process_labels"`}, Member{"pid", "7"}, Member{"tid", "0"}, Member{"args", `{"labels":"GPU 7"}`})
	}
}
