package pairs

import (
	"cmp"
	"slices"
	"sort"

	"tracekit/trace"
)

// Nesting is how slices nest on their tracks. It grows with the number of slices
// in the trace, by 32 bytes each, where depth is asked for; else with begins
// and ends only.
type Nesting struct {
	Levels   bool // depth is asked for
	Tracks   trace.Tracks
	lines    [][]level
	pairs    collector
	Partners []Partner // by ordinal of begins and ends
}

// level is a slice and its place in the stack.
type level struct {
	start, end trace.Time
	parent     int32 // index of the slice around it, -1 if there is none
	around     int32 // slices around it, without those that go just as far
	inside     int32 // slices around what lies in it, with itself
}

// holds reports whether the slice, which begins no later, is open from start to
// end.
func (l *level) holds(start, end trace.Time) bool {
	return l.end >= end && (l.end > start || l.start == start)
}

func (s *Nesting) Learn(e *trace.Event) {
	switch e.Phase {
	case 'B', 'E', 'b', 'e':
		s.pairs.addEvent(s.Tracks.Of(e), e)
	case 'X':
		if s.Levels && e.Has&trace.HasTS != 0 {
			s.add(s.Tracks.Of(e), e.TS, e.End())
		}
	}
}

// HasAsync reports whether there are async begins that have an id.
func (s *Nesting) HasAsync() bool { return len(s.pairs.byKey) > 0 }

// HasPairs reports whether a track has begins or ends.
func (s *Nesting) HasPairs(track int) bool {
	_, has := s.pairs.byTrack[track]
	return has
}

func (s *Nesting) add(track int, start, end trace.Time) {
	for len(s.lines) <= track {
		s.lines = append(s.lines, nil)
	}
	s.lines[track] = append(s.lines[track], level{start: start, end: end})
}

// Sort orders what was learnt.
func (s *Nesting) Sort() {
	s.Partners = make([]Partner, s.pairs.marks)
	for i := range s.Partners {
		s.Partners[i] = NoPartner
	}
	s.pairs.match(func(async bool) Handler { return &shaped{PartnerHandler{&s.Partners, IsBegin}, s, async} })
	for _, l := range s.lines {
		slices.SortFunc(l, func(a, b level) int {
			return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end))
		})
		stack := []int32{}
		for i := range l {
			for len(stack) > 0 && !l[stack[len(stack)-1]].holds(l[i].start, l[i].end) {
				stack = stack[:len(stack)-1]
			}
			l[i].parent, l[i].around, l[i].inside = -1, int32(len(stack)), int32(len(stack)+1)
			if n := len(stack); n > 0 {
				l[i].parent = stack[n-1]
				if above := &l[stack[n-1]]; above.start == l[i].start && above.end == l[i].end {
					l[i].around = above.around
				}
			}
			stack = append(stack, int32(i))
		}
	}
}

// shaped takes pairs for the slices that they are.
type shaped struct {
	PartnerHandler
	shape *Nesting
	async bool
}

func (l *shaped) Pair(b, e Mark) {
	l.PartnerHandler.Pair(b, e)
	l.slice(b, e.TS)
}

func (l *shaped) OpenBegin(b Mark) {
	l.PartnerHandler.OpenBegin(b)
	l.slice(b, trace.MaxTime)
}

func (l *shaped) slice(b Mark, end trace.Time) {
	if l.async {
		p := &(*l.Of)[b.Ordinal()]
		p.trackIs = p.trackIs>>roleBits<<roleBits | uint32(IsAsync)
	} else if l.shape.Levels {
		l.shape.add(int(b.Track), b.TS, end)
	}
}

// Depth is the number of slices around an event that ends at end; slices that
// begin and end together do not count as around each other. It is negative for
// what stands on no track.
func (s *Nesting) Depth(e *trace.Event, end trace.Time) int {
	switch e.Phase {
	case 'M', 'C', 's', 't', 'f', 'b', 'n', 'e':
		return -1
	}
	if e.Has&trace.HasTS == 0 {
		return -1
	}
	track := s.Tracks.Of(e)
	if track >= len(s.lines) {
		return 0
	}
	l := s.lines[track]
	i := sort.Search(len(l), func(i int) bool {
		return l[i].start > e.TS || l[i].start == e.TS && l[i].end <= end
	})
	if i < len(l) && l[i].start == e.TS && l[i].end == end && (e.Phase == 'X' || e.Phase == 'B') {
		return int(l[i].around)
	}
	for k := int32(i - 1); k >= 0; k = l[k].parent {
		if l[k].holds(e.TS, end) {
			return int(l[k].inside)
		}
	}
	return 0
}

// Memory is about how many bytes s takes.
func (s *Nesting) Memory() int {
	const slice, pair, line = 32, 24, 24
	n := s.pairs.Memory() + s.Tracks.Memory() + pair*cap(s.Partners) + line*cap(s.lines)
	for _, l := range s.lines {
		n += slice * cap(l)
	}
	return n
}
