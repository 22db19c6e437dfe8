package cut

import (
	"cmp"
	"context"
	"slices"
	"sort"

	"tracekit/filter"
	"tracekit/trace"
)

// kinship knows the whole of a trace as far as a condition asks for it: names,
// depth, and the slices that are kin to those that meet it. It grows with the
// number of those, and of arrows if they are asked for.
type kinship struct {
	FilterOptions
	names    names
	shape    shape
	tracks   trace.Tracks
	seeds    []seeds // by track
	launches *launches
	arrows   arrows
	joined   map[span]bool // slices that arrows join to seeds
}

// seeds are the slices on a track that meet the condition, by start.
type seeds struct {
	slices []seed
	ends   []trace.Time // the largest end up to each
	within []trace.Time // the smallest end from each on
}

type seed struct{ start, end trace.Time }

func newKinship(o FilterOptions) *kinship {
	k := &kinship{FilterOptions: o, joined: map[span]bool{}, launches: newLaunches()}
	k.shape.levels = o.Expr.Needs()&filter.NeedsDepth != 0
	return k
}

func (k *kinship) learn(p *trace.Part) {
	if k.Kin.Device {
		k.launches.learn(p)
	}
	for i := range p.Events {
		e := &p.Events[i]
		if e.IsMeta() {
			k.names.learn(e)
		}
		k.shape.learn(e)
	}
}

// gather finds the slices that meet the condition, and then what is kin to
// them.
func (k *kinship) gather(ctx context.Context, p *plan, m *matching) error {
	n := 0
	if err := eachEvent(ctx, p.read, func(e *trace.Event) {
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
		case 's', 't', 'f':
			if k.Kin.Flows {
				k.arrows.note(k.tracks.Of(e), e)
			}
		}
	}); err != nil {
		return err
	}
	for i := range k.seeds {
		k.seeds[i].prepare()
	}
	if k.Kin.Flows {
		if err := k.join(ctx, p); err != nil {
			return err
		}
	}
	if !k.Kin.Device {
		return nil
	}
	return k.launches.gather(ctx, p.read, func(track int, start, end trace.Time) bool {
		t := k.launches.tracks.All[track]
		return k.line(k.tracks.Find(t.Pid, t.Tid)).around(start, end)
	})
}

func (k *kinship) add(track int, start, end trace.Time) {
	for len(k.seeds) <= track {
		k.seeds = append(k.seeds, seeds{})
	}
	k.seeds[track].slices = append(k.seeds[track].slices, seed{start, end})
}

// join finds the slices at the other ends of the arrows that are bound to seeds.
func (k *kinship) join(ctx context.Context, p *plan) error {
	k.arrows.prepare(len(k.tracks.All))
	n := 0
	if err := eachEvent(ctx, p.read, func(e *trace.Event) {
		track := k.tracks.Of(e)
		switch e.Phase {
		case 'X':
			if e.Has&trace.HasTS != 0 {
				k.arrows.bind(track, e.TS, e.End(), false, k.line(track).has(e.TS, e.End()))
			}
		case 'B', 'E', 'b', 'e':
			if q := &k.shape.partners[n]; q.is == isBegin {
				k.arrows.bind(track, e.TS, q.stop, false, k.line(track).has(e.TS, q.stop))
			}
			n++
		}
	}); err != nil {
		return err
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
