package cut

import (
	"cmp"
	"context"
	"slices"
	"sort"

	"tracekit/filter"
	"tracekit/internal/spill"
	"tracekit/trace"
)

// kinship knows the whole of a trace as far as a condition asks for it: names,
// depth, and the slices that are kin to those that meet it. It grows with the
// number of those, and of arrows if they are asked for.
type kinship struct {
	FilterOptions
	names    names
	shape    shape
	tracks   *trace.Tracks
	known    bool // the condition can be asked before the whole trace is known
	apart    bool // each event alone tells whether it meets the condition
	seeds    []seeds
	launches *launches
	arrows   arrows
	slices   sliced        // that may have a part in launches or arrows
	idless   map[look]bool // of those of a device that nothing joins, one of each kind
	joined   map[span]bool // slices that arrows join to seeds
}

// look is what a slice shows of where it happened, and whether it is a mirror.
type look struct {
	filter.Look
	mirror bool
}

// seeds are the slices on a track that meet the condition, by start.
type seeds struct {
	slices []seed
	ends   []trace.Time // the largest end up to each
	within []trace.Time // the smallest end from each on
}

type seed struct{ start, end trace.Time }

func newKinship(o FilterOptions, log *spill.Packed) *kinship {
	k := &kinship{
		FilterOptions: o, apart: true, known: o.Expr.Needs()&needsWhole == 0, launches: newLaunches(),
		slices: sliced{log: log}, idless: map[look]bool{}, joined: map[span]bool{},
	}
	k.tracks = &k.shape.tracks
	k.launches.tracks = k.tracks
	k.shape.levels = o.Expr.Needs()&filter.NeedsDepth != 0
	return k
}

// learn takes a part on the first pass.
func (k *kinship) learn(p *trace.Part, m *matching) {
	k.apart = k.apart && isDecided(p)
	if k.Kin.Device {
		k.launches.learn(p)
	}
	for i := range p.Events {
		e := &p.Events[i]
		switch k.shape.learn(e); {
		case e.IsMeta():
			k.names.learn(e)
		case k.Kin == (Kin{}) || e.Has&trace.HasTS == 0:
		case e.Phase == 'X':
			k.learnSlice(e, m)
		case e.IsFlow() && k.Kin.Flows:
			k.arrows.note(k.tracks.Of(e), e)
		}
	}
}

func (k *kinship) learnSlice(e *trace.Event, m *matching) {
	track := k.tracks.Of(e)
	if k.known && m.match(e, e.End()) {
		k.add(track, e.TS, e.End())
	}
	n := notedSlice{track: track, start: e.TS, end: e.End()}
	if k.Kin.Device {
		n.look, n.mirror = k.launches.device.Look(e), isMirror(e)
		if n.joint = jointOf(e); len(n.joint[0])+len(n.joint[1]) == 0 {
			if k.idless[look{n.look, n.mirror}] && !k.Kin.Flows {
				return
			}
			k.idless[look{n.look, n.mirror}] = true
		}
	} else if !k.Kin.Flows {
		return
	}
	k.slices.add(&n)
}

// gather finds the slices that meet the condition, and then what is kin to
// them.
func (k *kinship) gather(ctx context.Context, p *plan, m *matching) error {
	if !k.known || !k.apart {
		if err := k.gatherSeeds(ctx, p, m); err != nil {
			return err
		}
	}
	for i := range k.seeds {
		k.seeds[i].prepare()
	}
	if k.Kin.Flows {
		if err := k.join(); err != nil {
			return err
		}
	}
	if !k.Kin.Device {
		return nil
	}
	stays := func(track int, start, end trace.Time) bool { return k.line(track).around(start, end) }
	if k.apart {
		return k.launches.gatherNoted(ctx, &k.slices, p.read, stays)
	}
	return k.launches.gather(ctx, p.read, stays)
}

func (k *kinship) gatherSeeds(ctx context.Context, p *plan, m *matching) error {
	k.seeds = nil
	n := 0
	return eachEvent(ctx, p.read, func(e *trace.Event) {
		switch e.Phase {
		case 'X':
			if e.Has&trace.HasTS != 0 && m.match(e, e.End()) {
				k.add(k.tracks.Of(e), e.TS, e.End())
			}
		case 'B', 'E', 'b', 'e':
			if q := &k.shape.partners[n]; q.is == isBegin && m.matchPair(e, q) {
				k.add(k.tracks.Of(e), e.TS, q.stop)
			}
			n++
		}
	})
}

func (k *kinship) add(track int, start, end trace.Time) {
	for len(k.seeds) <= track {
		k.seeds = append(k.seeds, seeds{})
	}
	k.seeds[track].slices = append(k.seeds[track].slices, seed{start, end})
}

// join finds the slices at the other ends of the arrows that are bound to seeds.
func (k *kinship) join() error {
	k.arrows.prepare(len(k.tracks.All))
	bind := func(track int, start, end trace.Time) {
		k.arrows.bind(track, start, end, false, k.line(track).has(start, end))
	}
	if err := k.slices.each(func(n *notedSlice) { bind(n.track, n.start, n.end) }); err != nil {
		return err
	}
	for i := range k.shape.partners {
		if q := &k.shape.partners[i]; q.is == isBegin {
			bind(int(q.track), q.start, q.stop)
		}
	}
	for _, chain := range k.arrows.each() {
		if chain[0].start && slices.ContainsFunc(chain, func(p *arrowPoint) bool { return p.bound && p.stays }) {
			for _, p := range chain {
				if p.bound {
					k.joined[span{track: int(p.track), start: p.from, end: p.to}] = true
				}
			}
		}
	}
	return nil
}

// keeps reports whether the slice of e, which ends at end, is kin to a seed.
func (k *kinship) keeps(e *trace.Event, end trace.Time) bool {
	if e.Has&trace.HasTS == 0 {
		return false
	}
	track := k.tracks.Of(e)
	l := k.line(track)
	switch {
	case k.Kin.Parents && l.inside(e.TS, end),
		k.Kin.Children && l.around(e.TS, end),
		k.Kin.Flows && k.joined[span{track: track, start: e.TS, end: end}]:
		return true
	}
	if !k.Kin.Device || e.Phase != 'X' {
		return false
	}
	v, _ := k.launches.judge(e)
	return v != out
}

func (k *kinship) line(track int) *seeds {
	if track < 0 || track >= len(k.seeds) {
		return &seeds{}
	}
	return &k.seeds[track]
}

func (s *seeds) prepare() {
	slices.SortFunc(s.slices, func(a, b seed) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end))
	})
	n := len(s.slices)
	s.ends, s.within = make([]trace.Time, n), make([]trace.Time, n)
	latest, first := trace.MinTime, trace.MaxTime
	for i := range s.slices {
		latest = max(latest, s.slices[i].end)
		first = min(first, s.slices[n-1-i].end)
		s.ends[i], s.within[n-1-i] = latest, first
	}
}

// inside reports whether a seed lies in [start, end].
func (s *seeds) inside(start, end trace.Time) bool {
	i := sort.Search(len(s.slices), func(i int) bool { return s.slices[i].start >= start })
	return i < len(s.slices) && s.within[i] <= end
}

// around reports whether [start, end] lies in a seed.
func (s *seeds) around(start, end trace.Time) bool {
	i := sort.Search(len(s.slices), func(i int) bool { return s.slices[i].start > start })
	return i > 0 && s.ends[i-1] >= end
}

// has reports whether [start, end] is a seed.
func (s *seeds) has(start, end trace.Time) bool {
	_, found := slices.BinarySearchFunc(s.slices, seed{start, end}, func(a, b seed) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end))
	})
	return found
}

// names knows what processes and threads are called, from the metadata of a
// whole trace.
type names struct {
	tracks    trace.Tracks
	processes map[int]string
	threads   map[int]string
}

func (n *names) learn(e *trace.Event) {
	if n.processes == nil {
		n.processes, n.threads = map[int]string{}, map[int]string{}
	}
	track := n.tracks.Of(e)
	for m := range trace.Members(e.Args()) {
		if string(m.Key) != "name" {
			continue
		}
		switch string(e.Name()) {
		case "process_name":
			n.processes[n.tracks.All[track].Process] = trace.Unquote(m.Value)
		case "thread_name":
			n.threads[track] = trace.Unquote(m.Value)
		}
	}
}

// Process is the name of a process.
func (n *names) Process(pid []byte) string {
	if track := n.tracks.Find(string(pid), string(pid)); track >= 0 {
		return n.processes[n.tracks.All[track].Process]
	}
	for i, p := range n.tracks.Processes {
		if p == string(pid) {
			return n.processes[i]
		}
	}
	return ""
}

// Thread is the name of a thread.
func (n *names) Thread(pid, tid []byte) string {
	if track := n.tracks.Find(string(pid), string(tid)); track >= 0 {
		return n.threads[track]
	}
	return ""
}
