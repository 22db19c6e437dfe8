package filter

import (
	"tracekit/filter"
	"tracekit/internal/term"
	"tracekit/trace"
	"tracekit/transform/internal/merged"
)

// mergedSlices asks a condition of the slices that merged ones stand for. They are known by
// name, category and thread, and how long the shortest and the longest were; what each of
// them had in its args is lost, so that a condition on args is asked of the merged slice.
type mergedSlices struct {
	reader   merged.Reader
	kept     []merged.Name // of the one at hand, that meet the condition, or may
	doubtful int64         // of the one at hand
	more     []merged.Name // of the one at hand, categories that do, or may
	named    bool          // the condition asks for names
	narrow   int64         // merged slices that were written with some of their names
	maybe    int64         // slices of which it is not known whether they meet it
}

// ask returns the merged slice that e is, nil if it is none, and whether any of the slices
// that it stands for meets the condition, or may.
func (m *matching) ask(e *trace.Event) (s *merged.Slices, some bool) {
	if m.expr.Needs()&filter.NeedsArgs != 0 {
		return nil, false
	}
	if s = m.merged.reader.Read(e); s == nil || !s.IsComplete() {
		return nil, false
	}
	shortest, longest := s.Min, s.Max
	if shortest < 0 || longest < 0 {
		shortest, longest = 0, s.Busy
	}
	m.merged.kept = m.merged.kept[:0]
	m.merged.more = m.merged.more[:0]
	m.merged.doubtful = 0
	for n := range s.All {
		part := m.merged.reader.Part(e, n)
		part.Dur = shortest
		a := m.expr.Match(&part, &m.env)
		part.Dur = longest
		b := m.expr.Match(&part, &m.env)
		unnamed := len(n.Name) == 0
		if a != b || unnamed && m.merged.named {
			m.merged.doubtful += n.Count
		}
		switch {
		case !a && !b && (!unnamed || !m.merged.named):
		case unnamed:
			m.merged.more = append(m.merged.more, *n)
		default:
			m.merged.kept = append(m.merged.kept, *n)
		}
	}
	return s, len(m.merged.kept)+len(m.merged.more) > 0
}

// narrowed returns what is left of a merged slice of which only some names meet the
// condition, nil if e is written as it is.
func (m *matching) narrowed(e *trace.Event) []byte {
	s, some := m.ask(e)
	if !some {
		return nil
	}
	m.merged.maybe += m.merged.doubtful
	if len(m.merged.kept)+len(m.merged.more) == len(s.Names)+len(s.More) || len(m.merged.kept) == 0 {
		return nil
	}
	m.merged.narrow++
	left := *s
	left.Names, left.More, left.Count, left.Busy, left.Min, left.Max = m.merged.kept, m.merged.more, 0, 0, -1, -1
	left.Estimate, left.Outer = true, 0
	for n := range left.All {
		left.Count += n.Count
		left.Busy = left.Busy.Add(n.Busy)
		if s.Outer > 0 {
			left.Outer = left.Outer.Add(n.Self)
		}
	}
	return object(e, &left)
}

// object is the text of e, standing for s.
func object(e *trace.Event, s *merged.Slices) []byte {
	out := []byte(`{"ph": "X"`)
	cat, shared := s.Cat()
	if len(cat) > 0 {
		out = append(append(append(out, `, "cat": "`...), cat...), '"')
	}
	out = append(s.AppendName(append(out, `, "name": "`...)), '"')
	for _, key := range []string{"pid", "tid", "ts", "dur"} {
		if value, ok := e.Member(key); ok {
			out = append(append(append(append(out, `, "`...), key...), `": `...), value...)
		}
	}
	out = s.AppendArgs(append(out, `, "args": `...), shared)
	if len(s.Rest) > 0 {
		out = append(merged.AppendRest(out[:len(out)-1], s.RestNames), '}')
	}
	return append(out, '}')
}

// notes say what was decided of merged slices.
func (m *mergedSlices) notes() (all []string) {
	if m.narrow > 0 {
		all = append(all, term.Count(m.narrow)+" merged slices are kept with those of their names that meet the condition")
	}
	if m.maybe > 0 {
		all = append(all, term.Count(m.maybe)+" slices that were merged may meet the condition or not, and are kept: of some only the shortest and the longest is known, of others no name")
	}
	return all
}
