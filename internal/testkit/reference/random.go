package reference

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Random makes a small trace of about n events that is hostile to whoever
// slices it, yet strict JSON that Perfetto loads: all phases on few tracks, at
// few times, in several layouts. The same random numbers make the same trace.
func Random(rng *rand.Rand, n int) []byte {
	m := newMaker(rng)
	for len(m.events) < n {
		m.something()
	}
	m.names()
	m.shuffle()
	m.repeat()
	return m.document()
}

// RandomWindow picks a window of t whose edges often meet those of events.
func RandomWindow(rng *rand.Rand, t *Trace) (from, to int64) {
	edges := Edges(t)
	pick := func() int64 {
		edge := edges[rng.IntN(len(edges))]
		if rng.IntN(4) == 0 {
			edge += rng.Int64N(5) - 2
		}
		return edge
	}
	from, to = pick(), pick()
	if from > to {
		from, to = to, from
	}
	if from == to {
		to++
	}
	return from, to
}

// Edges lists the times at which something of t starts or ends, in order; 0 if
// nothing in it has a time.
func Edges(t *Trace) []int64 {
	var edges []int64
	for i := range t.Events {
		if e := &t.Events[i]; e.HasTS && e.Phase != "M" {
			edges = append(edges, e.TS, e.stop())
		}
	}
	if len(edges) == 0 {
		return []int64{0}
	}
	slices.Sort(edges)
	return slices.Compact(edges)
}

// maker holds a trace in the making.
type maker struct {
	rng    *rand.Rand
	events []draft
	base   int64   // ns, of the grid of times
	grid   []int64 // ns after base
	ids    int
}

// draft is an event before it is written: members in order and its time.
type draft struct {
	ts      int64
	members []Member
}

func newMaker(rng *rand.Rand) *maker {
	m := &maker{rng: rng}
	m.base = []int64{0, 0, 1000, 7_000_500, 1_712_000_000_123_456_789}[rng.IntN(5)]
	step := []int64{1, 500, 1000, 10_000}[rng.IntN(4)]
	for i := range int64(4 + rng.IntN(16)) {
		m.grid = append(m.grid, i*step)
	}
	if rng.IntN(6) == 0 && m.base == 0 {
		m.base = -2 * step // some times before 0, which nothing shows
	}
	return m
}

func (m *maker) one(texts ...string) string { return texts[m.rng.IntN(len(texts))] }

func (m *maker) oneIn(n int) bool { return m.rng.IntN(n) == 0 }

func (m *maker) time() int64 { return m.base + m.grid[m.rng.IntN(len(m.grid))] }

// something adds an event or a few that belong together.
func (m *maker) something() {
	kinds := []func(){
		m.complete, m.complete, m.complete, m.nest, m.pairs, m.pairs, m.strayPair,
		m.async, m.async, m.counter, m.counter, m.flow, m.flow, m.strayFlow,
		m.instant, m.rare, m.threadState, m.launch, m.launch,
	}
	kinds[m.rng.IntN(len(kinds))]()
}

// add finishes an event: times that are no times, odd members, odd order.
func (m *maker) add(ts int64, ms ...Member) {
	if ms[0].Text != `"M"` && m.oneIn(60) {
		ms = with(ms, "ts", m.one("null", `"soon"`, `""`, "1e300", "{}"))
	}
	if m.oneIn(12) {
		ms = append(ms, Member{m.one("tts", "tdur"), m.one("1", `"2.5"`, "3e1")})
	}
	if m.oneIn(12) {
		ms = append(ms, Member{m.one("cname", "sf", "bind_id", "über"), m.one(`"0x1f"`, "7", "true", `{"a":[1,{"b":"}"}]}`)})
	}
	if m.oneIn(8) && !has(ms, "bind_id") {
		ms = append(ms, Member{"bind_id", m.one("1", `"0x2"`)})
		for _, name := range []string{"flow_in", "flow_out"} {
			if m.oneIn(2) {
				ms = append(ms, Member{name, m.one("true", "true", "false")})
			}
		}
	}
	if m.oneIn(4) {
		m.rng.Shuffle(len(ms), func(i, j int) { ms[i], ms[j] = ms[j], ms[i] })
	}
	m.events = append(m.events, draft{ts, ms})
}

// at starts an event's members.
func (m *maker) at(phase string, ts int64, track []Member) []Member {
	ms := []Member{{"ph", `"` + phase + `"`}}
	if !m.oneIn(8) {
		ms = append(ms, Member{"cat", m.one(`"cpu_op"`, `"python_function"`, `"user_annotation"`, `"c,d"`)})
	}
	ms = append(ms, Member{"name", m.name()})
	ms = append(ms, track...)
	return append(ms, Member{"ts", m.micros(ts)})
}

func (m *maker) name() string {
	return m.one(`"aten::mm"`, `"日本 ⚙ 🚀"`, `"say \"hi\" {"`, `"back\\slash]\\"`, `"tab\tline\n\u0001"`,
		`"caf\u00e9 \/"`, `"],\"traceEvents\":[{"`, `""`, `"execute_context_1(5)_generation_0(0)"`)
}

// track picks a process and thread; 0 and an absent tid are main threads.
func (m *maker) track() []Member {
	ms := []Member{{"pid", m.one("0", "1", "1", "1", "42", `"Spans"`, `"1"`)}}
	if tid := m.one("", "0", "1", "1", "1", "42", `"stream 7"`); tid != "" {
		ms = append(ms, Member{"tid", tid})
	}
	return ms
}

// micros writes a time in one of the ways that producers do.
func (m *maker) micros(ns int64) string {
	exact := Micros(ns)
	trimmed := strings.TrimSuffix(strings.TrimRight(exact, "0"), ".")
	if strings.TrimLeft(trimmed, "-") == "" {
		trimmed = "0"
	}
	switch m.rng.IntN(12) {
	case 0:
		return `"` + exact + `"`
	case 1:
		return exact + m.one("00", "4", "49999999999999999999", "5", "500")
	case 2:
		return fmt.Sprintf("%d%s", ns, m.one("e-3", "E-03", ".0e-3"))
	case 3, 4, 5:
		return trimmed
	}
	return exact
}

func (m *maker) duration(most int64) string {
	switch m.rng.IntN(12) {
	case 0:
		return "0"
	case 1:
		return m.one("-1", "-0.001", "-0.0", "0.0004", `"0"`, "0.000")
	}
	if most <= 0 {
		return "0.000"
	}
	return m.micros(1 + m.rng.Int64N(most))
}

func (m *maker) args() string {
	return m.one(`{}`, `{ }`, `{"a":1}`, `{"Call stack":"f.py(3): g;\n{[","n":null,"deep":{"x":[1,2,{"y":"\ud83d\ude00"}]}}`,
		`{"big":12345678901234567890,"e":1e400,"f":-0.10}`, `{"tracekit.ts": 1.5}`, `{"tracekit.dur":"7","z":1,"tracekit.ts":2}`,
		`null`, `[]`, `[{"a":1}]`, `3`, `"none"`, `{"External id":1,"correlation":2}`)
}

// withArgs adds args to about half of the events.
func (m *maker) withArgs(ms []Member) []Member {
	if m.oneIn(2) {
		return ms
	}
	return append(ms, Member{"args", m.args()})
}

// shuffle brings the events into one of the orders that files have.
func (m *maker) shuffle() {
	switch m.rng.IntN(4) {
	case 0:
		m.rng.Shuffle(len(m.events), func(i, j int) { m.events[i], m.events[j] = m.events[j], m.events[i] })
	case 1:
		slices.SortStableFunc(m.events, func(a, b draft) int { return cmp.Compare(a.ts, b.ts) })
	case 2:
		for range len(m.events) / 4 {
			i := m.rng.IntN(len(m.events))
			j := max(0, i-m.rng.IntN(6))
			m.events[i], m.events[j] = m.events[j], m.events[i]
		}
	}
}

// repeat tells some metadata again, anywhere behind where it was told. Its random
// numbers are its own, so that all else is as it is without.
func (m *maker) repeat() {
	rng := rand.New(rand.NewPCG(uint64(len(m.events)), 5))
	for i := 0; i < len(m.events); i++ {
		if find(m.events[i].members, "ph") == `"M"` && rng.IntN(4) == 0 {
			at := i + 1 + rng.IntN(len(m.events)-i)
			m.events = slices.Insert(m.events, at, m.events[i])
		}
	}
}
