package repair

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"strconv"

	"tracekit/internal/jsonlex"
	"tracekit/internal/perfetto"
	"tracekit/trace"
	"tracekit/transform/check"
	"tracekit/transform/internal/launches"
)

// flowIDs gives flows an id of their own whose id another flow has, too: those of several
// ranks in one file, and those of counters that begin again. It looks closer only at ids that
// begin twice, and grows with the events of these.
type flowIDs struct {
	ranks map[uint32]string // by process, as mergers write them in front of a pid: [TP00] 100
	own   map[int64]uint64  // what the id of an event is to be, by its number

	twice map[check.Flow][]flowEvent
	order []check.Flow
	asked int             // events in twice
	taken map[uint64]bool // ids beyond firstFlow
	found launches.Collisions
}

type flowEvent struct {
	seq     int64
	phase   byte
	process uint32
}

// firstFlow is where new ids begin.
const firstFlow = 1 << 48

func newFlowIDs() flowIDs { return flowIDs{ranks: map[uint32]string{}} }

// held is how many bytes f takes.
func (f *flowIDs) memory() int {
	const flow, event, own = 100, 48, 40
	return flow*len(f.order) + event*f.asked + own*(len(f.own)+len(f.taken))
}

// beginsTwice takes a flow of which Perfetto shows the first start only.
func (f *flowIDs) beginsTwice(flow check.Flow) {
	if f.twice == nil {
		f.twice = map[check.Flow][]flowEvent{}
	}
	if _, known := f.twice[flow]; !known {
		f.twice[flow] = nil
		f.order = append(f.order, flow)
	}
}

// see takes an event of any flow, in order of time.
func (f *flowIDs) see(r *check.Record, process uint32) {
	id := binary.LittleEndian.AppendUint64(nil, r.Flow.ID)
	id = binary.LittleEndian.AppendUint64(id, uint64(r.Flow.Cat)<<32|uint64(r.Flow.Name))
	if r.Phase == 's' {
		f.found.Call(int(process), id, trace.Time(r.TS))
	} else {
		f.found.Work(int(process), id, trace.Time(r.TS))
	}
	if r.Flow.ID >= firstFlow {
		if f.taken == nil {
			f.taken = map[uint64]bool{}
		}
		f.taken[r.Flow.ID] = true
	}
	if events, asked := f.twice[r.Flow]; asked {
		f.twice[r.Flow] = append(events, flowEvent{r.Seq, r.Phase, process})
		f.asked++
	}
}

// assignIDs says which events get which ids, and returns how many do.
func (f *flowIDs) assignIDs() int64 {
	f.own = map[int64]uint64{}
	rankOf := f.rankOf()
	next := uint64(firstFlow)
	for _, flow := range f.order {
		for i, events := range f.splitFlows(f.twice[flow], rankOf) {
			if i == 0 {
				continue // it keeps the id
			}
			for f.taken[next] {
				next++
			}
			for _, e := range events {
				f.own[e.seq] = next
			}
			next++
		}
	}
	f.twice, f.order, f.taken, f.asked, f.found = nil, nil, nil, 0, launches.Collisions{}
	return int64(len(f.own))
}

// splitFlows parts the events of one id into flows.
func (f *flowIDs) splitFlows(events []flowEvent, rankOf func(process uint32) string) (flows [][]flowEvent) {
	ranks := [][]flowEvent{events}
	if parts, sure := f.byRank(events, rankOf); sure {
		ranks = parts
	} else if fifo := inTurn(events); fifo != nil {
		return fifo
	} else if parts != nil {
		ranks = parts
	}
	for _, events := range ranks {
		flows = append(flows, oneByOne(events)...)
	}
	return flows
}

// byRank parts the events of one id where more than one rank has some and each of these
// begins a flow. It is sure if the ranks are named, or each has ends.
func (f *flowIDs) byRank(events []flowEvent, rankOf func(process uint32) string) (parts [][]flowEvent, sure bool) {
	at := map[string]int{}
	begins, ends := map[string]bool{}, map[string]bool{}
	named := true
	for _, e := range events {
		rank := rankOf(e.process)
		i, known := at[rank]
		if !known {
			i = len(parts)
			at[rank] = i
			parts = append(parts, nil)
		}
		parts[i] = append(parts[i], e)
		begins[rank] = begins[rank] || e.phase == 's'
		ends[rank] = ends[rank] || e.phase == 'f'
		named = named && f.ranks[e.process] != ""
	}
	all := func(have map[string]bool) bool {
		for _, has := range have {
			if !has {
				return false
			}
		}
		return true
	}
	if !all(begins) {
		return nil, false
	}
	return parts, named || all(ends)
}

// inTurn parts events of which as many begin a flow as end one, the first begun being the first
// to end. It returns nil if they do not.
func inTurn(events []flowEvent) (flows [][]flowEvent) {
	ended := 0
	for _, e := range events {
		switch {
		case e.phase == 's':
			flows = append(flows, []flowEvent{e})
		case e.phase == 't' || ended == len(flows):
			return nil
		default:
			flows[ended] = append(flows[ended], e)
			ended++
		}
	}
	if ended < len(flows) {
		return nil
	}
	return flows
}

// oneByOne parts events of which each start behind an end begins another flow.
func oneByOne(events []flowEvent) (flows [][]flowEvent) {
	started, ended := false, false
	for i, e := range events {
		if i == 0 || e.phase == 's' && started && ended {
			flows, started, ended = append(flows, nil), false, false
		}
		started = started || e.phase == 's'
		ended = ended || started && e.phase == 'f'
		flows[len(flows)-1] = append(flows[len(flows)-1], e)
	}
	return flows
}

// rankOf returns which rank a process belongs to: the one that its pid names, else that of
// the process whose flows lead to it, else its own.
func (f *flowIDs) rankOf() func(process uint32) string {
	hosts := f.found.Hosts()
	return func(process uint32) string {
		if name, named := f.ranks[process]; named {
			return name
		}
		if host, known := hosts[int(process)]; known {
			process = uint32(host)
		}
		return strconv.Itoa(int(process))
	}
}

// flowID gives an event of a flow an id that viewers read where it has another: text that is
// not hexadecimal, or an id2, which they read for async events only.
func (e *rules) flowID() {
	id, of := e.get("id"), []byte("id ")
	switch id2 := e.get("id2"); {
	case id != nil && (jsonlex.IsNumber(id.val) || isHexText(id.val)):
		return
	case id != nil:
		of = append(of, trace.Unquote(id.val)...)
	case id2 == nil:
		return
	default:
		scope, text := id2Of(id2.val)
		if text == "" {
			return
		}
		if pid := e.get("pid"); scope == "local" && pid != nil {
			of = append(of, pid.val...)
		}
		of = append(append(of, scope...), text...)
	}
	if !e.repairs(FlowIDs) {
		return
	}
	h := fnv.New64a()
	h.Write(of)
	text := fmt.Sprintf("\"0x%x\"", h.Sum64())
	if id == nil {
		e.add("id", text)
	} else {
		id.val = []byte(text)
	}
}

func isHexText(id []byte) bool {
	_, good := perfetto.HexID([]byte(trace.Unquote(id)))
	return good && id[0] == '"'
}

// id2Of returns the id within {"local": "0x1"} and where it holds.
func id2Of(value []byte) (scope, text string) {
	for m := range trace.Members(value) {
		key, id := trace.Unquote(m.Key), string(m.Value)
		if id != "" && id[0] == '"' {
			id = trace.Unquote(m.Value)
		}
		if key == "local" || key == "global" {
			scope, text = key, id
		}
	}
	return scope, text
}
