package keep

import "tracekit/internal/budget"

// AddMemory adds what p takes.
func (p *Plan) AddMemory(s *budget.Sum) {
	s.Add("threads", p.Tracks.Memory()+len(p.usedT)+len(p.usedP))
	s.Add("open slices", p.Matcher.Memory()+p.Decided.memory())
	cut := 0
	for i := range p.Cuts {
		cut += eventBytes + p.Cuts[i].Size()
	}
	s.Add("slices that are cut", cut)
	s.Add("flows", p.Flows.Memory())
	if p.Counters != nil {
		s.Add("counters", p.Counters.memory())
	}
}

// eventBytes is what an event takes that is held, besides its text.
const eventBytes = 120

func (d *decided) memory() int {
	const moved, fusion, ordinal = 16, 64, 4
	n := moved*(cap(d.Reopened)+cap(d.Closed)) + fusion*cap(d.Fused) + 8*cap(d.texts.wanted) + d.texts.held.Memory()
	for _, line := range d.Unclosed {
		n += ordinal * cap(line)
	}
	return n
}

func (c *counters) memory() int {
	const counter, one, key = 400, 60, 60
	n := 0
	for _, all := range c.all {
		n += counter + all.latest.Size() + key*len(all.byKey)
		for i := range all.series {
			n += one + len(all.series[i].key) + len(all.series[i].value)
		}
		for _, keys := range all.atStart {
			n += one * len(keys)
		}
	}
	return n
}
