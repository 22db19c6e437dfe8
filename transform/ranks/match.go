package ranks

import (
	"cmp"
	"slices"

	"tracekit/filter/producer"
	"tracekit/trace"
	"tracekit/transform/internal/clocks"
)

// sight is a collective as one member has seen it.
type sight struct {
	group, number uint64
	op            producer.Collective
	shape         uint64
	member        int32
	kind          int32 // in the list of the matcher
	start, end    trace.Time
}

func (s *sight) length() trace.Time { return s.end - s.start }

// compare is 0 for two sights of the same collective, and else their order.
func (s *sight) compare(o *sight) int {
	return cmp.Or(cmp.Compare(s.group, o.group), cmp.Compare(s.number, o.number), cmp.Compare(s.op, o.op), cmp.Compare(s.shape, o.shape))
}

// matcher brings together what members have seen of the same collectives. It goes through what they
// hold several times, and each time takes a part of the collectives, so that it holds few at a time.
type matcher struct {
	members []*member
	kinds   []kind // of all members
	of      [][]int32
	ops     []producer.Collective
}

// mostSights is how many are held at a time.
const mostSights = 1 << 20

func newMatcher(members []*member) *matcher {
	m := &matcher{members: members}
	at := map[kind]int32{}
	for _, x := range members {
		of := make([]int32, len(x.Kinds))
		for i, k := range x.Kinds {
			n, ok := at[k]
			if !ok {
				n = int32(len(m.kinds))
				at[k], m.kinds = n, append(m.kinds, k)
				op, _ := producer.CollectiveNamed(k.Kind)
				m.ops = append(m.ops, op)
			}
			of[i] = n
		}
		m.of = append(m.of, of)
	}
	return m
}

// eachCollective calls met for each collective with what members have seen of it, by member.
func (m *matcher) eachCollective(met func([]sight)) error {
	total := 0
	for _, x := range m.members {
		total += x.collectives
	}
	parts := uint64(total/mostSights + 1)
	all := make([]sight, 0, total/int(parts)*9/8+64)
	for part := range parts {
		all = all[:0]
		for i, x := range m.members {
			err := x.calls(func(c call) {
				if s := m.sight(i, &c); mixed(s.group, s.number)%parts == part {
					all = append(all, s)
				}
			})
			if err != nil {
				return err
			}
		}
		slices.SortFunc(all, func(a, b sight) int {
			return cmp.Or(a.compare(&b), cmp.Compare(a.member, b.member), cmp.Compare(a.start, b.start))
		})
		for rest := all; len(rest) > 0; {
			n := 1
			for n < len(rest) && rest[n].compare(&rest[0]) == 0 {
				n++
			}
			met(rest[:n])
			rest = rest[n:]
		}
	}
	return nil
}

// mixed spreads the numbers of collectives.
func mixed(group, number uint64) uint64 {
	x := (group ^ number) * 0x9e3779b97f4a7c15
	return x ^ x>>29
}

// sight is what a member has seen. What order numbers is behind by the lag of its group; where that
// is not known, it is nobody else's.
func (m *matcher) sight(i int, c *call) sight {
	x := m.members[i]
	k := m.of[i][c.kind]
	s := sight{x.Groups[c.group].Hash, c.number, m.ops[k], m.kinds[k].Shape, int32(i), k, c.start, c.end}
	if s.shape == 0 {
		return s
	}
	if lag, known := x.lags[s.group]; known {
		s.number += uint64(lag)
	} else {
		s.group = mixed(s.group, uint64(i)+1)
	}
	return s
}

// findLags finds how far order numbers the collectives of members apart. Where there are too few of
// a group to tell, they count as the same if all have as many of them.
func findLags(members []*member) {
	var traces []*clocks.Trace
	for _, m := range members {
		traces = append(traces, m.clock)
	}
	counts := map[uint64]map[int]bool{} // how many of a group members have
	for i, lags := range clocks.Lags(traces) {
		m := members[i]
		m.lags, m.unnumbered = lags, map[uint64]int{}
		m.calls(func(c call) {
			m.collectives++
			if m.Kinds[c.kind].Shape != 0 {
				m.unnumbered[m.Groups[c.group].Hash]++
			}
		})
		for g, n := range m.unnumbered {
			if counts[g] == nil {
				counts[g] = map[int]bool{}
			}
			counts[g][n] = true
		}
	}
	for _, m := range members {
		for g := range m.unnumbered {
			if _, known := m.lags[g]; !known && len(counts[g]) == 1 {
				m.lags[g] = 0
			}
		}
	}
}
