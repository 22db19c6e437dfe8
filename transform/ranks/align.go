package ranks

import (
	"fmt"

	"tracekit/filter/producer"
	"tracekit/internal/term"
	"tracekit/trace"
	"tracekit/transform/internal/clocks"
)

// manyTraces is how many have as many samples as merge takes; of more, each has a share.
const manyTraces = 64

// mostNotes is how many notes name traces one by one.
const mostNotes = 3

// align gives each member its place on the clock of all, as merge does. It returns how the clocks
// differ, nil if there is only one.
func align(members []*member, r *Result) *clocks.Clocks {
	var traces []*clocks.Trace
	var hosts []*clocks.Host
	byName := map[string]*clocks.Host{}
	for _, m := range members {
		m.clock = &clocks.Trace{Name: m.File, Base: m.Base, Zero: trace.Time(m.Zero), Last: trace.Time(m.Last)}
		traces = append(traces, m.clock)
		name := m.Host
		if name == "" {
			name = m.label
		}
		if byName[name] == nil {
			byName[name] = &clocks.Host{Name: name}
			hosts = append(hosts, byName[name])
		}
		byName[name].Add(m.clock, m.label)
	}
	if notes := clocks.Place(traces); len(notes) > mostNotes {
		r.Notes = append(r.Notes, fmt.Sprintf("%s do not say what their times count from: they begin where the first of the others does", term.Plural(len(notes), "trace")))
	} else {
		r.Notes = append(r.Notes, notes...)
	}
	some := 0
	for _, m := range members {
		m.sameClock = len(hosts) < 2
		if m.clock.Samples = m.samples(len(members)); len(m.clock.Samples) > 0 {
			some++
		}
	}
	if len(hosts) < 2 {
		findLags(members)
		return nil
	}
	by := clocks.ByCollectives
	if some < 2 {
		by = clocks.BySteps
		for _, m := range members {
			m.clock.Samples = m.stepSamples()
		}
	}
	c := clocks.Align(by, hosts)
	for _, h := range hosts {
		for _, m := range members {
			m.sameClock = m.sameClock || h.Corrected && h.Has(m.clock)
		}
	}
	if by == clocks.BySteps {
		for _, m := range members {
			m.clock.Samples = nil
		}
	}
	findLags(members)
	return c
}

// samples are when the trace left collectives, among those of so many.
func (m *member) samples(of int) []clocks.Sample {
	c := clocks.Collectives{Most: clocks.MostCollectives * manyTraces / max(of, manyTraces)}
	m.calls(func(x call) {
		k := &m.Kinds[x.kind]
		is, _ := producer.CollectiveNamed(k.Kind)
		c.Add(&clocks.Collective{Meeting: clocks.Meeting{Group: m.Groups[x.group].Hash, Number: x.number}, Shape: k.Shape, Kind: is}, x.start, x.end)
	})
	c.MakeSamples()
	return c.Samples
}

func (m *member) stepSamples() []clocks.Sample {
	numbered := m.numbered()
	return clocks.Steps(len(m.steps), numbered, func(i int) (int64, trace.Time) { return m.steps[i].number, m.steps[i].end() })
}

// numbered reports whether all steps have numbers.
func (m *member) numbered() bool {
	for i := range m.steps {
		if !m.steps[i].numbered {
			return false
		}
	}
	return true
}
