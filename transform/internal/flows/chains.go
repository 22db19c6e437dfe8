package flows

import (
	"cmp"
	"iter"
	"slices"

	"tracekit/trace"
)

// Chains gives each flow: events of one Chain in order of time, from a start for which
// begins is true up to the last before the next flow, as Order divides them. The list is
// valid until the next.
func (b *Binder) Chains(begins func(n int32) bool) iter.Seq[[]int32] {
	return func(yield func([]int32) bool) {
		order, ends := b.buckets(begins)
		from := int32(0)
		for _, end := range ends {
			if !b.chainsOf(order[from:end], begins, yield) {
				return
			}
			from = end
		}
	}
}

// buckets are all events of chains that have a start for which begins is true, and of a
// few others, in no order but that each chain is in one bucket, with few others. ends
// is where each bucket ends.
func (b *Binder) buckets(begins func(n int32) bool) (order, ends []int32) {
	mask := uint64(1)
	for mask < uint64(len(b.Events)) {
		mask = 2*mask + 1
	}
	starts := make([]bool, mask+1)
	for i := range b.Events {
		if e := &b.Events[i]; e.Phase == 's' && begins(int32(i)) {
			starts[e.Chain&mask] = true
		}
	}
	ends = make([]int32, mask+1)
	for i := range b.Events {
		if n := b.Events[i].Chain & mask; starts[n] {
			ends[n]++
		}
	}
	next, sum := make([]int32, mask+1), int32(0)
	for i, n := range ends {
		next[i] = sum
		sum += n
		ends[i] = sum
	}
	order = make([]int32, sum)
	for i := range b.Events {
		if n := b.Events[i].Chain & mask; starts[n] {
			order[next[n]] = int32(i)
			next[n]++
		}
	}
	return order, ends
}

func (b *Binder) chainsOf(order []int32, begins func(n int32) bool, yield func([]int32) bool) bool {
	slices.SortFunc(order, func(a, c int32) int {
		x, y := &b.Events[a], &b.Events[c]
		return cmp.Or(cmp.Compare(x.Chain, y.Chain), cmp.Compare(x.TS, y.TS), cmp.Compare(a, c))
	})
	for len(order) > 0 {
		n := b.flow(order)
		i := slices.IndexFunc(order[:n], func(e int32) bool { return b.Events[e].Phase == 's' && begins(e) })
		if i >= 0 && !yield(order[i:n]) {
			return false
		}
		order = order[n:]
	}
	return true
}

// flow is how many events at the start of order are of one flow.
func (b *Binder) flow(order []int32) int {
	var of Order
	for i, n := range order {
		if e := &b.Events[n]; of.Begins(e.Chain, e.Phase) && i > 0 {
			return i
		}
	}
	return len(order)
}

// Keep decides which events are kept, once they are bound: those of a flow that are
// bound to slices which are kept, if a start and an end of it are. An event that is Far
// is kept only if it is an end.
func (b *Binder) Keep() []bool {
	kept := make([]bool, len(b.Events))
	binds := func(n int32) bool {
		e := &b.Events[n]
		return b.bound[n].Is&Kept != 0 && (!e.Far || e.Phase == 'f')
	}
	for flow := range b.Chains(binds) {
		ends := slices.ContainsFunc(flow, func(n int32) bool { return b.Events[n].Phase == 'f' && binds(n) })
		for _, n := range flow {
			kept[n] = ends && binds(n)
		}
	}
	return kept
}

// Link joins the slices at two ends of a flow.
type Link struct{ From, To Slice }

// Links are sorted by the slice that they lead to.
type Links []Link

// Launches are the links that lead from a host's slice to a device's.
func (b *Binder) Launches() (all Links) {
	if b.bound == nil {
		return nil // none had to be bound
	}
	fromHost := func(n int32) bool { return b.bound[n].IsSet() && b.bound[n].Is&Device == 0 }
	for flow := range b.Chains(fromHost) {
		for _, n := range flow[1:] {
			if b.bound[n].Is&Device != 0 {
				all = append(all, Link{b.Slice(flow[0]), b.Slice(n)})
			}
		}
	}
	slices.SortFunc(all, func(a, b Link) int { return cmp.Or(compareSlices(a.To, b.To), compareSlices(a.From, b.From)) })
	return all
}

func compareSlices(a, b Slice) int {
	return cmp.Or(cmp.Compare(a.Track, b.Track), cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
}

// To gives the slices from which links lead to one.
func (l Links) To(track int, start, end trace.Time) iter.Seq[Slice] {
	return func(yield func(Slice) bool) {
		to := Slice{track, start, end}
		i, _ := slices.BinarySearchFunc(l, to, func(a Link, to Slice) int { return compareSlices(a.To, to) })
		for ; i < len(l) && l[i].To == to; i++ {
			if !yield(l[i].From) {
				return
			}
		}
	}
}

// MayEndAt reports whether a flow may end at one of some slices, before any is bound.
func (b *Binder) MayEndAt(some []Slice) bool {
	starts := map[uint64]bool{}
	for i := range b.Events {
		if b.Events[i].Phase == 's' {
			starts[b.Events[i].Chain] = true
		}
	}
	ends := map[int][]trace.Time{}
	for i := range b.Events {
		if e := &b.Events[i]; e.Phase != 's' && starts[e.Chain] {
			if e.next {
				return true // which slice begins next, not all slices tell
			}
			ends[int(e.Track)] = append(ends[int(e.Track)], e.TS)
		}
	}
	for _, on := range ends {
		slices.Sort(on)
	}
	for _, s := range some {
		on := ends[s.Track]
		if i, _ := slices.BinarySearch(on, s.Start); i < len(on) && on[i] <= s.End {
			return true
		}
	}
	return false
}
