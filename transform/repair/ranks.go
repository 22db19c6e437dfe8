package repair

import (
	"slices"

	"tracekit/transform/check"
)

// rankedFlows tells apart flows of different ranks that have one id, as they do where
// the traces of ranks were joined as they are. It grows with the flow events of ranks.
type rankedFlows struct {
	flows map[check.Flow][]rankUse
	order []check.Flow
	ids   map[uint64]bool
	own   map[int64]uint64 // what the id of an event is to be, by its number
}

// rankUse are the events of a flow in one rank.
type rankUse struct {
	rank   string
	starts bool
	seqs   []int64
}

func newRankedFlows() rankedFlows {
	return rankedFlows{flows: map[check.Flow][]rankUse{}, ids: map[uint64]bool{}, own: map[int64]uint64{}}
}

// see takes note of an event of a flow.
func (f *rankedFlows) see(flow check.Flow, rank []byte, starts bool, seq int64) {
	uses, known := f.flows[flow]
	if !known {
		f.order = append(f.order, flow)
		f.ids[flow.ID] = true
	}
	k := slices.IndexFunc(uses, func(u rankUse) bool { return u.rank == string(rank) })
	if k < 0 {
		k = len(uses)
		uses = append(uses, rankUse{rank: string(rank)})
	}
	uses[k].starts = uses[k].starts || starts
	uses[k].seqs = append(uses[k].seqs, seq)
	f.flows[flow] = uses
}

// firstFlow is where new ids begin.
const firstFlow = 1 << 48

// settle gives flows ids of their own where more than one rank has one and each of these
// begins it, and returns how many events have another id for it.
func (f *rankedFlows) settle() (n int64) {
	next := uint64(firstFlow)
	for _, flow := range f.order {
		uses := f.flows[flow]
		if len(uses) < 2 || slices.ContainsFunc(uses, func(u rankUse) bool { return !u.starts }) {
			continue
		}
		for _, u := range uses[1:] {
			for f.ids[next] {
				next++
			}
			for _, seq := range u.seqs {
				f.own[seq] = next
			}
			n += int64(len(u.seqs))
			next++
		}
	}
	f.flows, f.order = nil, nil
	return n
}
