package launches

import (
	"cmp"
	"maps"
	"slices"
	"sort"
	"sync"

	"tracekit/trace"
)

// sharing tells the ranks of work apart where devices have that of several, whose ids are the
// same: by the part of the file that it stands in, else by its ids and when it began. Once a rank
// is asked for, nothing may be added.
type sharing struct {
	parts rankParts
	calls map[int32]*callRange // by rank
	ids   map[string]*sharers
	held  int // bytes of what has ids
	once  sync.Once
}

// callRange is when a rank called first and last.
type callRange struct{ first, last trace.Time }

// sharers are the calls and the work that have one id, or the same two.
type sharers struct {
	calls []callAt
	work  []trace.Time
	turns []turn // once settled
}

// turn says whose work may be that begins from a time on.
type turn struct {
	from  trace.Time
	ranks []int32
}

type callAt struct {
	at   trace.Time
	rank int32
}

// What a call and a piece of work take, in slices that have grown to up to twice that.
const (
	callBytes = 24
	workBytes = 12
)

// keysOf yields what ids may be joined by, the surest first: both, the one, the other.
func keysOf(j IDs, yield func(string)) {
	if len(j[0]) > 0 && len(j[1]) > 0 {
		yield("b" + string(j[0]) + "\x00" + string(j[1]))
	}
	for i, id := range j {
		if len(id) > 0 {
			yield(string(rune('0'+i)) + string(id))
		}
	}
}

func (s *sharing) of(key string) *sharers {
	if s.ids == nil {
		s.ids = map[string]*sharers{}
	}
	of := s.ids[key]
	if of == nil {
		of = &sharers{}
		s.ids[key] = of
	}
	return of
}

// call takes a call of the host.
func (s *sharing) call(rank int32, j IDs, at trace.Time) {
	r := s.calls[rank]
	if r == nil {
		if s.calls == nil {
			s.calls = map[int32]*callRange{}
		}
		r = &callRange{at, at}
		s.calls[rank] = r
	}
	r.first, r.last = min(r.first, at), max(r.last, at)
	keysOf(j, func(key string) {
		of := s.of(key)
		of.calls = append(of.calls, callAt{at, rank})
		s.held += callBytes
	})
}

// work takes work of a device that several ranks share.
func (s *sharing) work(j IDs, at trace.Time) {
	keysOf(j, func(key string) {
		of := s.of(key)
		of.work = append(of.work, at)
		s.held += workBytes
	})
}

// forget leaves nothing but the parts.
func (s *sharing) forget() {
	if s != nil {
		s.calls, s.ids, s.held = nil, nil, 0
	}
}

// memory is about how many bytes s takes.
func (s *sharing) memory() (n int) {
	if s == nil {
		return 0
	}
	const each = 200
	return each*len(s.ids) + s.held
}

// ranks returns the ranks that work may be of, those of all calls that it may follow if nothing tells more.
func (s *sharing) ranks(j IDs, start trace.Time, at int64) (ranks []int32) {
	if ranks := s.parts.ranks(at); ranks != nil {
		return ranks
	}
	s.once.Do(s.settle)
	keysOf(j, func(key string) {
		if of := s.ids[key]; ranks == nil && of != nil {
			ranks = of.ranks(start)
		}
	})
	return ranks
}

func (s *sharing) settle() {
	turns := s.inTurn()
	for _, of := range s.ids {
		of.settle(turns)
	}
}

// inTurn reports whether no rank calls anything while another does.
func (s *sharing) inTurn() bool {
	all := slices.SortedFunc(maps.Values(s.calls), func(a, b *callRange) int { return cmp.Compare(a.first, b.first) })
	for i := 1; i < len(all); i++ {
		if all[i].first <= all[i-1].last {
			return false
		}
	}
	return true
}

// ranks returns the ranks that work may be of which begins at start.
func (s *sharers) ranks(start trace.Time) []int32 {
	i := sort.Search(len(s.turns), func(i int) bool { return s.turns[i].from > start })
	if i == 0 {
		return nil
	}
	return s.turns[i-1].ranks
}

// settle finds out from when on work is whose. Work never begins before its call, so that until
// the second rank calls it is that of the first. From then on each call has its own work behind
// it if as much of it lies between each two, or if ranks never call in the same time. Else it may be of any that has called.
func (s *sharers) settle(inTurn bool) {
	slices.SortFunc(s.calls, func(a, b callAt) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.rank, b.rank)) })
	s.calls = slices.CompactFunc(s.calls, func(a, b callAt) bool { return a.rank == b.rank })
	slices.Sort(s.work)
	each := inTurn || s.even()
	var called []int32
	for _, call := range s.calls {
		switch {
		case each:
			called = []int32{call.rank}
		case !slices.Contains(called, call.rank):
			called = append(slices.Clip(called), call.rank)
		default:
			continue
		}
		s.turns = append(s.turns, turn{call.at, called})
	}
}

// even reports whether as much of the work lies between each two calls.
func (s *sharers) even() bool {
	each := len(s.work) / max(len(s.calls), 1)
	if each == 0 || each*len(s.calls) != len(s.work) {
		return false
	}
	for i, call := range s.calls {
		if s.work[i*each] < call.at || i > 0 && s.work[i*each-1] >= call.at {
			return false
		}
	}
	return true
}

// Sharing returns the processes of devices that have work of several ranks, and those of the hosts
// whose calls have the same ids; none if no device has. Nothing may be taken afterwards.
func (c *Collisions) Sharing(tracks *trace.Tracks) (devices, hosts []int) {
	c.leaveNamed(tracks)
	c.split()
	if !c.collide() {
		return nil, nil
	}
	if devices = c.shared(); devices == nil {
		return nil, nil
	}
	return devices, slices.Sorted(maps.Keys(c.calls))
}

// leaveNamed forgets the processes whose pid names their rank.
func (c *Collisions) leaveNamed(tracks *trace.Tracks) {
	named := func(process int, _ joinedTimes) bool { return rankIn(tracks.Processes[process]) != "" }
	maps.DeleteFunc(c.calls, named)
	maps.DeleteFunc(c.work, named)
}

// shared returns the processes of devices that have work of several ranks, whose ids collide: it
// stands in the parts of several, or calls that launch one thing each have launched two.
func (c *Collisions) shared() (processes []int) {
	for _, process := range slices.Sorted(maps.Keys(c.work)) {
		if c.parts.share(process) || c.twice(process) >= leastMet {
			processes = append(processes, process)
		}
	}
	return processes
}

// twice is how many ids two processes of the host have called by, once each, and a device has more
// than one piece of work of.
func (c *Collisions) twice(process int) (n int) {
	for id, work := range c.work[process] {
		if work.n < 2 {
			continue
		}
		callers, plain := 0, true
		for _, calls := range c.calls {
			if call, has := calls[id]; has {
				callers++
				plain = plain && call.n == 1 && !call.many
			}
		}
		if callers > 1 && plain {
			n++
		}
	}
	return n
}
