package split

import (
	"encoding/binary"
	"slices"

	"tracekit/trace"
	"tracekit/transform/pipeline"
)

// nameIndex tells which shared records are names of which thread and process.
type nameIndex struct {
	always             []int32 // records that every piece needs
	threads, processes map[int][]int32
}

func indexNames(shared []record, tracks *trace.Tracks) *nameIndex {
	x := &nameIndex{threads: map[int][]int32{}, processes: map[int][]int32{}}
	for i := range shared {
		e := &shared[i].event
		switch {
		case shared[i].text != nil || pipeline.IsAlwaysKept(e):
			x.always = append(x.always, int32(i))
		case pipeline.IsThreadName(e):
			track := tracks.Of(e)
			x.threads[track] = append(x.threads[track], int32(i))
		default:
			process := tracks.Process(e)
			x.processes[process] = append(x.processes[process], int32(i))
		}
	}
	return x
}

// usedNames finds the names that a piece needs, in memory that it uses again: if each
// piece went through all of them, threads in their thousands would cost their number
// times that of the pieces.
type usedNames struct {
	piece   int
	threads []int // by track, the latest piece that has it
	process []int
	wanted  []int32
	records []record
}

// names are the shared records that may be needed where a piece has the events of some
// records.
func (u *usedNames) names(s *spool, tracks *trace.Tracks, records []byte) ([]record, error) {
	u.piece++
	u.wanted = append(u.wanted[:0], s.names.always...)
	for len(records) > 0 {
		_, size := binary.Uvarint(records)
		if size <= 0 {
			return nil, errSpool
		}
		var e trace.Event
		var ok bool
		if records, ok = e.Unpack(records[size:]); !ok {
			return nil, errSpool
		}
		track := tracks.Of(&e)
		process := tracks.All[track].Process
		if first(&u.threads, track, u.piece) {
			u.wanted = append(u.wanted, s.names.threads[track]...)
		}
		if first(&u.process, process, u.piece) {
			u.wanted = append(u.wanted, s.names.processes[process]...)
		}
	}
	slices.Sort(u.wanted)
	u.records = u.records[:0]
	for _, i := range u.wanted {
		u.records = append(u.records, s.shared[i])
	}
	return u.records, nil
}

// first reports whether a piece has the i-th of a list for the first time.
func first(list *[]int, i, piece int) bool {
	for len(*list) <= i {
		*list = append(*list, 0)
	}
	is := (*list)[i] != piece
	(*list)[i] = piece
	return is
}
