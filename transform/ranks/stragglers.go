package ranks

import (
	"cmp"
	"math"
	"slices"

	"tracekit/trace"
)

// Straggler is how often a rank is the last in a step, and by how much. The one that costs most
// comes first.
type Straggler struct {
	Rank   string     `json:"rank"`
	Steps  int        `json:"steps"`     // in which it is the last
	Share  float64    `json:"share"`     // of the steps that several ranks have
	Late   trace.Time `json:"late_ns"`   // in all these
	Mean   trace.Time `json:"mean_ns"`   // of them
	Most   trace.Time `json:"most_ns"`   // in one step
	AtStep int64      `json:"most_step"` // which that is
	Waited trace.Time `json:"waited_ns"` // by itself, for others
}

// StepRow is one step of all ranks.
type StepRow struct {
	Step     int64      `json:"step"`
	Ranks    int        `json:"ranks"` // that have it
	Shortest trace.Time `json:"shortest_ns"`
	Median   trace.Time `json:"median_ns"`
	Longest  trace.Time `json:"longest_ns"`
	Last     string     `json:"last"` // rank, empty if nobody is
	Late     trace.Time `json:"late_ns"`
	Waited   trace.Time `json:"waited_ns"` // by all ranks
}

// How the last rank of a step was found.
const (
	lastByCollectives = "collectives"
	lastByEnds        = "ends of steps"
	lastByDurations   = "durations of steps"
)

// matched are the steps of all members by what joins them: the number of their markers, or their
// place.
type matched struct {
	members  []*member
	shift    []int64 // that is added to the places of a member's steps
	numbered bool
	keys     []int64   // of all steps, in order
	waits    [][]spent // by member and step
}

type spent struct{ wait, late trace.Time }

const mostShift = 32

func matchSteps(members []*member) *matched {
	s := &matched{members: members, numbered: true, shift: make([]int64, len(members))}
	var longest *member
	for _, m := range members {
		s.waits = append(s.waits, make([]spent, len(m.steps)))
		if len(m.steps) == 0 {
			continue
		}
		s.numbered = s.numbered && m.numbered()
		if longest == nil || len(m.steps) > len(longest.steps) {
			longest = m
		}
	}
	if !s.numbered {
		for i, m := range members {
			s.shift[i] = shiftOf(m, longest)
		}
	}
	seen := map[int64]bool{}
	for i, m := range members {
		for k := range m.steps {
			seen[s.key(i, k)] = true
		}
	}
	for key := range seen {
		s.keys = append(s.keys, key)
	}
	slices.Sort(s.keys)
	return s
}

// key is what a step of a member has in common with those of others.
func (s *matched) key(member, step int) int64 {
	if s.numbered {
		return s.members[member].steps[step].number
	}
	return int64(step) + s.shift[member]
}

// shiftOf is how many steps later another member began, by when steps start on the common clock.
func shiftOf(m, other *member) (best int64) {
	if m == other || other == nil || !m.sameClock || !other.sameClock {
		return 0
	}
	least := math.Inf(1)
	for i := range int64(2*mostShift + 1) {
		shift := (i + 1) / 2
		if i%2 == 1 {
			shift = -shift
		}
		var apart []trace.Time
		for k := range m.steps {
			if at := int64(k) + shift; at >= 0 && at < int64(len(other.steps)) {
				d := m.clock.Clock.At(m.steps[k].start) - other.clock.Clock.At(other.steps[at].start)
				apart = append(apart, max(d, -d))
			}
		}
		if 2*len(apart) < len(m.steps) || len(apart) == 0 {
			continue
		}
		if d := float64(lowerMedian(apart)); d < least {
			least, best = d, shift
		}
	}
	return best
}

// at is the step of a member in which something starts: the latest that has begun; negative if none has.
func (s *matched) at(member int32, start trace.Time) int {
	steps := s.members[member].steps
	n, found := slices.BinarySearchFunc(steps, start, func(x step, t trace.Time) int { return cmp.Compare(x.start, t) })
	if found {
		return n
	}
	return n - 1
}

func (s *matched) wait(member int32, start, wait trace.Time) {
	if n := s.at(member, start); n >= 0 {
		s.waits[member][n].wait += wait
	}
}

func (s *matched) late(member int32, start, late trace.Time) {
	if n := s.at(member, start); n >= 0 {
		s.waits[member][n].late += late
	}
}

// inStep is one member's part of a step.
type inStep struct{ member, step int }

// rows finds who is last in each step, and how.
func (s *matched) rows(r *Result, met bool) {
	r.LastBy = lastByCollectives
	if !met {
		r.LastBy = lastByEnds
		for _, m := range s.members {
			if !m.sameClock {
				r.LastBy = lastByDurations
			}
		}
	}
	r.Steps, r.Stragglers = []StepRow{}, []Straggler{}
	by := make([]Straggler, len(s.members))
	next := make([][]int, len(s.members)) // of each member its steps by key
	for i, m := range s.members {
		for k := range m.steps {
			next[i] = append(next[i], k)
		}
		slices.SortStableFunc(next[i], func(a, b int) int { return cmp.Compare(s.key(i, a), s.key(i, b)) })
	}
	several := 0
	for _, key := range s.keys {
		var all []inStep
		for i := range s.members {
			for len(next[i]) > 0 && s.key(i, next[i][0]) == key {
				if n := next[i][0]; !s.members[i].steps[n].warmup && (len(all) == 0 || all[len(all)-1].member != i) {
					all = append(all, inStep{i, n})
				}
				next[i] = next[i][1:]
			}
		}
		if len(all) == 0 {
			continue
		}
		row, last := s.row(key, all, r.LastBy)
		if len(all) > 1 {
			several++
		}
		if last >= 0 {
			row.Last = s.members[last].label
			b := &by[last]
			b.Steps++
			b.Late += row.Late
			if b.Steps == 1 || row.Late > b.Most {
				b.Most, b.AtStep = row.Late, key
			}
		}
		for _, x := range all {
			by[x.member].Waited += s.waits[x.member][x.step].wait
		}
		r.Steps = append(r.Steps, row)
	}
	for i := range by {
		if b := &by[i]; b.Steps > 0 {
			b.Rank, b.Share, b.Mean = s.members[i].label, float64(b.Steps)/float64(several), mean(b.Late, int64(b.Steps))
			r.Stragglers = append(r.Stragglers, *b)
		}
	}
	slices.SortStableFunc(r.Stragglers, func(a, b Straggler) int { return cmp.Compare(b.Late, a.Late) })
}

// row sums a step up. last is the member that the others wait for, negative if nobody is.
func (s *matched) row(key int64, all []inStep, by string) (row StepRow, last int) {
	row, last = StepRow{Step: key, Ranks: len(all)}, -1
	var took []trace.Time
	for _, x := range all {
		took = append(took, s.members[x.member].steps[x.step].duration)
		row.Waited += s.waits[x.member][x.step].wait
	}
	slices.Sort(took)
	row.Shortest, row.Median, row.Longest = took[0], lowerMedian(took), took[len(took)-1]
	if len(all) < 2 {
		return row, -1
	}
	if by == lastByCollectives {
		for _, x := range all {
			if late := s.waits[x.member][x.step].late; late > row.Late {
				row.Late, last = late, x.member
			}
		}
		return row, last
	}
	of := func(x inStep) trace.Time {
		m := s.members[x.member]
		if by == lastByDurations {
			return m.steps[x.step].duration
		}
		return m.clock.Clock.At(m.steps[x.step].end())
	}
	slowest, others := 0, []trace.Time{}
	for i, x := range all {
		if of(x) > of(all[slowest]) {
			slowest = i
		}
	}
	for i, x := range all {
		if i != slowest {
			others = append(others, of(x))
		}
	}
	if row.Late = of(all[slowest]) - lowerMedian(others); row.Late > 0 {
		last = all[slowest].member
	}
	return row, last
}
