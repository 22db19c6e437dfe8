package reference

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// layout is how a document is written down.
type layout struct {
	name   string
	colon  string
	comma  func() string // between members
	open   string        // after the brace of an object
	shut   string        // before its end
	event  func() string // between events
	around func() string // next to the brackets of the array
}

func constant(s string) func() string { return func() string { return s } }

// space writes odd white space.
func space(rng *rand.Rand) string {
	var b strings.Builder
	for rng.IntN(2) == 0 {
		b.WriteString([]string{" ", "\n", "\t", "\r\n", "  "}[rng.IntN(5)])
	}
	return b.String()
}

func (m *maker) layout() layout {
	odd := func() string { return space(m.rng) }
	switch m.rng.IntN(5) {
	case 0: // Kineto
		return layout{"kineto", ": ", func() string { return m.one(", ", ", ", ",\n    ") }, "\n    ", "\n  ", constant(",\n  "), constant("\n  ")}
	case 1: // Python's json.dump
		return layout{"dump", ": ", constant(", "), "", "", constant(", "), constant("")}
	case 2: // Python's json.dump with indent=2
		return layout{"indent", ": ", constant(",\n      "), "\n      ", "\n    ", constant(",\n    "), constant("\n    ")}
	case 3:
		return layout{"compact", ":", constant(","), "", "", constant(","), constant("")}
	}
	comma := func() string { return odd() + "," + odd() }
	return layout{"odd", odd() + ":" + odd(), comma, odd(), odd(), comma, odd}
}

func (l layout) object(ms []Member) string {
	var b strings.Builder
	b.WriteString("{" + l.open)
	for i, member := range ms {
		if i > 0 {
			b.WriteString(l.comma())
		}
		b.WriteString(quote(member.Name) + l.colon + l.value(member.Text))
	}
	b.WriteString(l.shut + "}")
	return b.String()
}

// value gives args the layout too; other values stay as they are.
func (l layout) value(text string) string {
	ms, err := members(text)
	if err != nil || len(ms) == 0 || l.name == "odd" {
		return text
	}
	var parts []string
	for _, member := range ms {
		parts = append(parts, quote(member.Name)+l.colon+member.Text)
	}
	return "{" + l.open + strings.Join(parts, l.comma()) + l.shut + "}"
}

// document writes the trace down.
func (m *maker) document() []byte {
	l := m.layout()
	var b strings.Builder
	b.WriteString("[" + l.around())
	for i, d := range m.events {
		if i > 0 {
			b.WriteString(l.event())
		}
		if m.oneIn(40) {
			b.WriteString(m.layout().object(d.members))
		} else {
			b.WriteString(l.object(d.members))
		}
	}
	b.WriteString(l.around() + "]")
	if m.oneIn(5) {
		return []byte(l.around() + b.String() + m.one("", "\n"))
	}
	outer := m.outer()
	ms := slices.Insert(outer, m.rng.IntN(len(outer)+1), Member{"traceEvents", b.String()})
	return []byte(l.object(ms) + m.one("", "\n"))
}

// outer picks members of the document, some of them like the array of events.
func (m *maker) outer() []Member {
	all := []Member{
		{"schemaVersion", "1"},
		{"deviceProperties", "[\n    {\"id\": 8, \"name\": \"H100 ]}\"}\n  ]"},
		{"metadata", `{"traceEvents":[{"ph":"X","ts":1,"dur":1,"pid":1,"tid":1,"name":"no"}]}`},
		{"note", `"\"traceEvents\": [ {"`},
		{"displayTimeUnit", `"ms"`},
		{"baseTimeNanoseconds", "1712000000000000000"},
		{"empty", "[]"},
		{"nothing", "null"},
	}
	m.rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:m.rng.IntN(6)]
}
