package filter

import (
	"cmp"
	"context"
	"slices"
	"sort"

	"tracekit/filter"
	"tracekit/internal/budget"
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/internal/flows"
	"tracekit/transform/internal/keep"
	"tracekit/transform/internal/launches"
	"tracekit/transform/internal/pairs"
	"tracekit/transform/pipeline"
)

// relations knows the whole of a trace as far as a condition asks for it: names,
// depth, and the slices that are related to those that meet it. It grows with the
// number of those, and of flows if they are asked for.
type relations struct {
	Options
	names    names
	shape    pairs.Nesting
	tracks   *trace.Tracks
	known    bool // the condition can be asked before the whole trace is known
	apart    bool // each event alone says whether it meets the condition
	matches  []matches
	launches *launches.Launches
	flows    flows.Binder
	slices   launches.Noted       // that may have a part in launches or flows
	idless   map[sliceFacts]bool  // of those of a device that nothing joins, one of each kind
	joined   map[flows.Slice]bool // slices that flows join to seeds
}

// sliceFacts is what a slice shows of where it happened, and whether it is a mirror.
type sliceFacts struct {
	filter.Place
	mirror bool
}

// matches are the slices on a track that meet the condition, by start.
type matches struct {
	slices []match
	ends   []trace.Time // the largest end up to each
	within []trace.Time // the smallest end from each on
}

type match struct{ start, end trace.Time }

func newRelations(o Options, log *spill.Log) *relations {
	k := &relations{
		Options: o, apart: true, known: o.Expr.Needs()&needsWhole == 0, launches: launches.New(o.Given),
		slices: launches.Noted{Log: log}, idless: map[sliceFacts]bool{}, joined: map[flows.Slice]bool{},
	}
	k.tracks = &k.shape.Tracks
	k.launches.Tracks = k.tracks
	k.shape.Levels = o.Expr.Needs()&filter.NeedsDepth != 0
	return k
}

// asksNesting reports whether it matters which slices lie in which.
func (k *relations) asksNesting() bool {
	return k.Related.Parents || k.Related.Children || k.Expr.Needs()&filter.NeedsDepth != 0
}

// learn takes a part on the first pass.
func (k *relations) learn(p *trace.Part, m *matching) {
	k.apart = k.apart && isDecided(p)
	if k.Related.Device || k.Expr.Needs()&filter.NeedsKinds != 0 {
		k.launches.Learn(p)
	}
	for i := range p.Events {
		e := &p.Events[i]
		switch k.shape.Learn(e); {
		case e.IsMeta():
			k.names.learn(e)
		case k.Related == (Related{}) || e.Has&trace.HasTS == 0:
		case e.Phase == 'X':
			k.learnSlice(e, m)
		case e.IsFlow() && k.Related.Flows:
			k.flows.NoteFlow(k.tracks.Of(e), e, false)
		}
	}
}

func (k *relations) learnSlice(e *trace.Event, m *matching) {
	track := k.tracks.Of(e)
	if k.known && m.match(e, e.End()) {
		k.add(track, e.TS, e.End())
	}
	n := launches.NotedSlice{Track: track, Start: e.TS, End: e.End()}
	if k.Related.Device {
		n.Look, n.Mirror = k.launches.Device.PlaceOf(e), launches.IsMirror(e)
		if n.IDs = launches.IDsOf(e); !n.IDs.Any() {
			if k.idless[sliceFacts{n.Look, n.Mirror}] && !k.Related.Flows {
				return
			}
			k.idless[sliceFacts{n.Look, n.Mirror}] = true
		}
	} else if !k.Related.Flows {
		return
	}
	k.slices.Add(&n)
}

// gather finds the slices that meet the condition, and then what is related to
// them.
func (k *relations) gather(ctx context.Context, p *keep.Plan, m *matching) error {
	if !k.known || !k.apart {
		if err := k.gatherSeeds(ctx, p, m); err != nil {
			return err
		}
	}
	for i := range k.matches {
		k.matches[i].prepare()
	}
	if k.Related.Flows {
		if err := k.join(); err != nil {
			return err
		}
	}
	if !k.Related.Device {
		return nil
	}
	stays := func(track int, start, end trace.Time) bool { return k.line(track).around(start, end) }
	if k.apart {
		return k.launches.GatherNoted(ctx, &k.slices, p.Read, stays)
	}
	return k.launches.Gather(ctx, p.Read, stays)
}

func (k *relations) gatherSeeds(ctx context.Context, p *keep.Plan, m *matching) error {
	k.matches = nil
	n := 0
	return pipeline.EachEvent(ctx, p.Read, func(e *trace.Event) {
		switch e.Phase {
		case 'X':
			if e.Has&trace.HasTS != 0 && m.match(e, e.End()) {
				k.add(k.tracks.Of(e), e.TS, e.End())
			}
		case 'B', 'E', 'b', 'e':
			if q := &k.shape.Partners[n]; q.Is() == pairs.IsBegin && m.matchPair(e, q) {
				k.add(k.tracks.Of(e), e.TS, q.Stop)
			}
			n++
		}
	})
}

func (k *relations) add(track int, start, end trace.Time) {
	for len(k.matches) <= track {
		k.matches = append(k.matches, matches{})
	}
	k.matches[track].slices = append(k.matches[track].slices, match{start, end})
}

// join finds the slices at the other ends of the flows that are bound to seeds.
func (k *relations) join() error {
	k.flows.Prepare(nil, k.shape.HasPairs)
	bind := func(track int, start, end trace.Time, is flows.Is) {
		if k.line(track).has(start, end) {
			is |= flows.Kept
		}
		k.flows.Bind(track, start, end, is)
	}
	if err := k.slices.EachSlice(func(n *launches.NotedSlice) { bind(n.Track, n.Start, n.End, 0) }); err != nil {
		return err
	}
	for i := range k.shape.Partners {
		if q := &k.shape.Partners[i]; q.Is() == pairs.IsBegin {
			bind(q.Track(), q.Start, q.Stop, flows.Pair)
		}
	}
	k.flows.Resolve()
	some := func(n int32) bool { return k.flows.Bound(n).IsSet() }
	matches := func(n int32) bool { return k.flows.Bound(n).Is&flows.Kept != 0 }
	for flow := range k.flows.Chains(some) {
		if !slices.ContainsFunc(flow, matches) {
			continue
		}
		for _, n := range flow {
			if some(n) {
				k.joined[k.flows.Slice(n)] = true
			}
		}
	}
	return nil
}

// keeps reports whether the slice of e, which ends at end, is related to a seed.
func (k *relations) keeps(e *trace.Event, end trace.Time) bool {
	if e.Has&trace.HasTS == 0 {
		return false
	}
	track := k.tracks.Of(e)
	l := k.line(track)
	switch {
	case k.Related.Parents && l.inside(e.TS, end),
		k.Related.Children && l.around(e.TS, end),
		k.Related.Flows && k.joined[flows.Slice{Track: track, Start: e.TS, End: end}]:
		return true
	}
	if !k.Related.Device || e.Phase != 'X' {
		return false
	}
	keeps, _ := k.launches.Judge(e)
	return keeps
}

func (k *relations) line(track int) *matches {
	if track < 0 || track >= len(k.matches) {
		return &matches{}
	}
	return &k.matches[track]
}

func (s *matches) prepare() {
	slices.SortFunc(s.slices, func(a, b match) int {
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
func (s *matches) inside(start, end trace.Time) bool {
	i := sort.Search(len(s.slices), func(i int) bool { return s.slices[i].start >= start })
	return i < len(s.slices) && s.within[i] <= end
}

// around reports whether [start, end] lies in a seed.
func (s *matches) around(start, end trace.Time) bool {
	i := sort.Search(len(s.slices), func(i int) bool { return s.slices[i].start > start })
	return i > 0 && s.ends[i-1] >= end
}

// has reports whether [start, end] is a seed.
func (s *matches) has(start, end trace.Time) bool {
	_, found := slices.BinarySearchFunc(s.slices, match{start, end}, func(a, b match) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end))
	})
	return found
}

// addMemory adds what k takes.
func (k *relations) addMemory(s *budget.Sum) {
	const match, joined, list, idless = 32, 80, 72, 140
	s.Add("slices and how they nest", k.shape.Memory())
	s.Add("names of threads", k.names.memory())
	n := joined*len(k.joined) + list*cap(k.matches) + idless*len(k.idless)
	for i := range k.matches {
		n += match * cap(k.matches[i].slices)
	}
	s.Add("slices that meet the condition", n)
	s.Add("ids of launches and flows", k.launches.Memory()+k.flows.Memory())
}
