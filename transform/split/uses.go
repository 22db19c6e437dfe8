package split

import (
	"cmp"
	"slices"

	"tracekit/trace"
	"tracekit/transform/pipeline"
)

// naming is what the names of threads and processes take, and when these are used: a
// piece has the names of what is in it.
type naming struct {
	distinct           pipeline.Distinct
	threads, processes []bin // by track and process
	processOf          []int // by track
	uses               uses
}

// learn takes metadata. It returns what of it every piece has.
func (n *naming) learn(e *trace.Event, track, process int, size int64) (everywhere bin) {
	if !n.distinct.First(e) {
		return bin{}
	}
	one := bin{events: 1, bytes: size}
	switch {
	case pipeline.IsAlwaysKept(e):
		return one
	case pipeline.IsThreadName(e):
		n.threads = grown(n.threads, track)
		n.threads[track].add(one)
	default:
		n.processes = grown(n.processes, process)
		n.processes[process].add(one)
	}
	return bin{}
}

func grown(list []bin, i int) []bin {
	if i < len(list) {
		return list
	}
	return append(list, make([]bin, i+1-len(list))...)
}

// all is what all names take.
func (n *naming) all() (sum bin) {
	for _, list := range [][]bin{n.threads, n.processes} {
		for _, b := range list {
			sum.add(b)
		}
	}
	return sum
}

// uses are the times at which tracks have events, by bins of time that widen when there
// are too many of them.
type uses struct {
	shift  uint
	tracks []trackUses
	count  int
}

// trackUses are those of a track, in order of time unless they are to be sorted.
type trackUses struct {
	all    []use
	sorted bool
}

// use is a bin in which a track has events, and by how many more or fewer slices are
// open at its end than at its start.
type use struct {
	bin  int64
	open int32
}

const (
	useShift = 12      // of the first bins: 4 µs
	fewUses  = 1 << 18 // that are held whatever the number of tracks
	someUses = 16      // that are held for each track, on average
)

// add notes that a track has something from one time to another.
func (u *uses) add(from, to trace.Time, track int) {
	u.shift = max(u.shift, useShift)
	for len(u.tracks) <= track {
		u.tracks = append(u.tracks, trackUses{sorted: true})
	}
	open := int32(0)
	if to>>u.shift > from>>u.shift {
		open = 1
		if to != trace.MaxTime {
			u.note(track, use{int64(to) >> u.shift, -1})
		}
	}
	u.note(track, use{int64(from) >> u.shift, open})
	for u.count > max(fewUses, someUses*len(u.tracks)) {
		u.widen()
	}
}

func (u *uses) note(track int, one use) {
	t := &u.tracks[track]
	for i := len(t.all) - 1; i >= max(0, len(t.all)-2); i-- {
		if t.all[i].bin == one.bin {
			t.all[i].open += one.open
			return
		}
	}
	if n := len(t.all); n > 0 && t.all[n-1].bin > one.bin {
		t.sorted = false
	}
	t.all = append(t.all, one)
	u.count++
}

// widen makes bins of four, or as many as leave half of the uses.
func (u *uses) widen() {
	for most := max(fewUses, someUses*len(u.tracks)) / 2; u.count > most; {
		u.widenTo(u.shift + 2)
		if u.shift > 60 {
			return
		}
	}
}

func (u *uses) widenTo(shift uint) {
	by := shift - u.shift
	u.shift, u.count = shift, 0
	for i := range u.tracks {
		t := &u.tracks[i]
		if !t.sorted {
			slices.SortFunc(t.all, func(a, b use) int { return cmp.Compare(a.bin, b.bin) })
			t.sorted = true
		}
		kept := t.all[:0]
		for _, one := range t.all {
			one.bin >>= by
			if n := len(kept); n > 0 && kept[n-1].bin == one.bin {
				kept[n-1].open += one.open
			} else {
				kept = append(kept, one)
			}
		}
		t.all = kept
		u.count += len(kept)
	}
}

// nameSweep tells what the names of a window take that moves through time.
type nameSweep struct {
	*naming
	shift  uint
	order  []trackUse // by bin
	at     int        // the first that is still to come
	latest int        // where the bin begins that was gone through last

	cost   bin // of the names of the window, up to here
	opened bin // of the names of what is open
	seen   bin // of all names that some window has

	window int64 // bin in which it begins
	epoch  int32 // number of the window
	open   []int32
	openIn []int32 // by process
	used   []int32 // number of the window that has the track
	usedIn []int32 // by process
}

type trackUse struct {
	use
	track int32
}

// sweep begins before all, with bins that are no narrower than 1<<shift ns.
func (n *naming) sweep(shift uint) *nameSweep {
	n.uses.widenTo(max(n.uses.shift, shift))
	s := &nameSweep{naming: n, shift: n.uses.shift, epoch: 1, window: -1 << 63}
	for track := range n.uses.tracks {
		for _, one := range n.uses.tracks[track].all {
			s.order = append(s.order, trackUse{one, int32(track)})
		}
	}
	slices.SortFunc(s.order, func(a, b trackUse) int { return cmp.Or(cmp.Compare(a.bin, b.bin), cmp.Compare(a.track, b.track)) })
	tracks, processes := len(n.processOf), 0
	for _, p := range n.processOf {
		processes = max(processes, p+1)
	}
	n.threads, n.processes = grown(n.threads, tracks), grown(n.processes, processes)
	s.open, s.used = make([]int32, tracks), make([]int32, tracks)
	s.openIn, s.usedIn = make([]int32, processes), make([]int32, processes)
	return s
}

// advance goes through the bins that begin before a time.
func (s *nameSweep) advance(to trace.Time) {
	for s.at < len(s.order) && s.order[s.at].bin < int64(to-1)>>s.shift+1 {
		u := &s.order[s.at]
		if u.bin != s.order[s.latest].bin {
			s.latest = s.at
		}
		s.use(u.track)
		s.change(u)
		s.at++
	}
}

// use counts the names of a track for the window, unless it has them.
func (s *nameSweep) use(track int32) {
	p := s.processOf[track]
	if s.usedIn[p] == 0 {
		s.seen.add(s.processes[p])
	}
	if s.used[track] == 0 {
		s.seen.add(s.threads[track])
	}
	if s.usedIn[p] != s.epoch {
		s.usedIn[p] = s.epoch
		if s.openIn[p] == 0 {
			s.cost.add(s.processes[p])
		}
	}
	if s.used[track] != s.epoch {
		s.used[track] = s.epoch
		if s.open[track] == 0 {
			s.cost.add(s.threads[track])
		}
	}
}

// change opens or closes slices.
func (s *nameSweep) change(u *trackUse) {
	p, was := s.processOf[u.track], s.open[u.track]
	s.open[u.track] += u.open
	switch now := s.open[u.track]; {
	case was <= 0 && now > 0:
		if s.openIn[p]++; s.openIn[p] == 1 {
			s.opened.add(s.processes[p])
		}
		s.opened.add(s.threads[u.track])
	case was > 0 && now <= 0:
		if s.openIn[p]--; s.openIn[p] == 0 {
			s.opened.sub(s.processes[p])
		}
		s.opened.sub(s.threads[u.track])
	}
}

// begin begins another window, in the bin that was gone through last or behind it. It
// has what was used anywhere in that bin.
func (s *nameSweep) begin(at trace.Time) {
	if s.naming == nil || int64(at)>>s.shift == s.window {
		return
	}
	s.window = int64(at) >> s.shift
	s.epoch++
	s.cost = s.opened
	for i := s.latest; i < s.at; i++ {
		if s.order[i].bin == s.window {
			s.use(s.order[i].track)
		}
	}
}

// memory is about how many bytes u takes.
func (u *uses) memory() int {
	const track, one = 32, 16
	return track*len(u.tracks) + 2*one*u.count
}
