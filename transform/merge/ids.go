package merge

import (
	"bytes"
	"cmp"
	"math"
	"math/bits"
	"slices"
	"strconv"

	"tracekit/trace"
)

// Ids from wide on are addresses, hashes or the like, and no numbers that were counted.
const wide = 1 << 40

// mostPid is the largest pid that every viewer takes.
const mostPid = math.MaxInt32

// assign gives the processes and ids of each rank numbers that no other rank has. The first
// rank that has a pid keeps it, and the ids of the first rank stay what they are.
func (p *Plan) assign() {
	most := uint64(0)
	mostPids, largest := 0, uint64(0)
	for _, f := range p.files {
		most = max(most, f.maxID)
		for _, q := range f.order {
			q.rank = f.rankOf(q.pid)
			if n, plain := plainPid(q.pid); plain {
				largest = max(largest, uint64(n))
			}
		}
	}
	p.step = tenfold(most)
	taken := map[string]bool{}
	for _, r := range p.Ranks {
		r.ids = uint64(r.place) * p.step
		r.pid, r.sort = map[string]string{}, map[string]int{}
		for _, f := range r.files {
			for _, q := range f.order {
				if _, known := r.pid[q.pid]; !known && q.rank == r {
					r.pids = append(r.pids, q.pid)
					r.pid[q.pid] = r.distinct(q.pid, tenfold(largest), taken)
				}
			}
		}
		mostPids = max(mostPids, len(r.pids))
	}
	places := max(100, int(tenfold(uint64(mostPids))))
	for _, r := range p.Ranks {
		r.order(r.place * places)
	}
}

// tenfold is the smallest power of ten above n, 1000 or more.
func tenfold(n uint64) uint64 {
	t := uint64(1000)
	for t <= n && t < wide*10 {
		t *= 10
	}
	return t
}

// distinct returns a pid that is not taken, and takes it: pid itself, the same with the rank
// before it, or some other number.
func (r *Rank) distinct(pid string, step uint64, taken map[string]bool) string {
	try := func(pid string) bool {
		key := shownPid(pid)
		if taken[key] {
			return false
		}
		taken[key] = true
		return true
	}
	if len(pid) > 0 && pid[0] == '"' && r.tag == "" {
		if name := trace.Unquote([]byte(pid)); name == "" {
			pid = `"` + r.Label + `"`
		} else if _, plain := plainPid(pid); !plain {
			pid = `"` + r.Label + ": " + pid[1:]
		}
	}
	if try(pid) {
		return pid
	}
	n, _ := plainPid(pid)
	next := uint64(r.place)*step + uint64(n)
	for ; next <= mostPid; next++ {
		if s := strconv.FormatUint(next, 10); try(s) {
			return s
		}
	}
	for next = mostPid; ; next-- {
		if s := strconv.FormatUint(next, 10); try(s) {
			return s
		}
	}
}

// plainPid reads a pid that viewers take for a number.
func plainPid(pid string) (uint32, bool) {
	n, err := strconv.ParseUint(trace.Unquote([]byte(pid)), 10, 32)
	return uint32(n), err == nil
}

// shownPid is what a viewer takes a pid for: numbers that it has no room for are 0.
func shownPid(pid string) string {
	if n, plain := plainPid(pid); plain {
		return strconv.Itoa(int(n))
	}
	if len(pid) > 0 && pid[0] == '"' {
		return pid
	}
	return "0"
}

// order gives processes sort indexes from first on, in the order that they have in their rank:
// what has none stands at 0.
func (r *Rank) order(first int) {
	at := map[string]int64{}
	for _, f := range r.files {
		for _, q := range f.order {
			if q.rank == r && q.sorted {
				at[q.pid] = q.sort
			}
		}
	}
	sorted := slices.Clone(r.pids)
	slices.SortStableFunc(sorted, func(a, b string) int { return cmp.Compare(at[a], at[b]) })
	for i, pid := range sorted {
		r.sort[pid] = first + i
	}
}

// idKind is how an id is written.
type idKind uint8

const (
	noID   idKind = iota
	number        // 12
	digits        // "12"
	hex           // "0xc" or "c"
	text          // any other string
)

// spelling says how a string is read that is an id.
type spelling uint8

const (
	decimal     spelling = iota // in args
	hexadecimal                 // of flows, as Perfetto takes them
	opaque                      // of async events, unless it begins with 0x
)

// parseID reads an id.
func parseID(v []byte, strings spelling) (n uint64, kind idKind) {
	kind, base := number, uint64(10)
	if len(v) >= 2 && v[0] == '"' {
		if v = v[1 : len(v)-1]; len(v) == 0 {
			return 0, noID
		}
		kind = digits
		switch {
		case len(v) > 2 && v[0] == '0' && v[1]|0x20 == 'x':
			kind, base, v = hex, 16, v[2:]
		case strings == hexadecimal:
			kind, base = hex, 16
		case strings == opaque:
			return 0, text
		}
	}
	if len(v) == 0 {
		return 0, noID
	}
	for i, c := range v {
		d := uint64(99)
		switch {
		case c-'0' <= 9:
			d = uint64(c - '0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			d = uint64(c|0x20-'a') + 10
		case c == '.' && kind == number && i > 0:
			return n, number // 12.0 is 12, as for viewers
		}
		hi, lo := bits.Mul64(n, base)
		if d >= base || hi != 0 || lo+d < lo {
			if kind == number {
				return 0, noID
			}
			return 0, text
		}
		n = lo + d
	}
	return n, kind
}

// appendID appends the id of a rank as it is in the merged trace, written as it was.
func (r *Rank) appendID(dst, v []byte, n uint64, kind idKind) []byte {
	switch kind {
	case number:
		return strconv.AppendUint(dst, r.shift(n), 10)
	case digits:
		dst = append(dst, '"')
		return append(strconv.AppendUint(dst, r.shift(n), 10), '"')
	case hex:
		dst = append(dst, '"')
		if len(v) > 3 && v[2]|0x20 == 'x' {
			dst = append(dst, v[1:3]...)
			return append(appendHex(dst, r.shift(n), len(v)-4), '"')
		}
		return append(appendHex(dst, r.shift(n), len(v)-2), '"')
	case text:
		dst = append(append(append(dst, '"'), r.Label...), ": "...)
		return append(dst, v[1:]...)
	}
	return append(dst, v...)
}

// appendHex appends n in as many digits at least.
func appendHex(dst []byte, n uint64, width int) []byte {
	for ; width > 1 && n>>(4*min(width-1, 15)) == 0; width-- {
		dst = append(dst, '0')
	}
	return strconv.AppendUint(dst, n, 16)
}

// shift is what an id of the rank is in the merged trace. Counted ones move behind those of
// the ranks before; for wide ones there is no room for that, and they are scattered so that
// two of different ranks are not the same but by a chance of one in 2^62.
func (r *Rank) shift(n uint64) uint64 {
	if n < wide || r.ids == 0 {
		return n + r.ids
	}
	x := n + uint64(r.place)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return (x^x>>31)&(1<<62-1) | 1<<62
}

// Args that hold ids: of what was launched, and of Python frames. Of the former 0 is none.
var (
	launchArgs = []string{"correlation", "External id", "external id", "External Id", "wait_on_cuda_event_record_corr_id"}
	pythonArgs = []string{"Python id", "Python parent id", "Python module id"}
)

// idArg reports whether a key of args holds an id, and whether 0 is none.
func idArg(key []byte) (is, zeroIsNone bool) {
	if len(key) < len("Python id") || len(key) > len("wait_on_cuda_event_record_corr_id") {
		return false, false
	}
	for _, k := range launchArgs {
		if string(key) == k {
			return true, true
		}
	}
	for _, k := range pythonArgs {
		if string(key) == k {
			return true, false
		}
	}
	return false, false
}

// mayHaveIDs reports whether args may have one of these keys, at once.
func mayHaveIDs(args []byte) bool {
	return bytes.Contains(args, []byte("corr")) || bytes.Contains(args, []byte("xternal ")) || bytes.Contains(args, []byte("Python "))
}

// mostID is the largest id of an event that is not wide, 0 if it has none.
func mostID(e *trace.Event) (most uint64) {
	eachID(e, func(_, _ int, _ []byte, n uint64, _ idKind) {
		if n < wide {
			most = max(most, n)
		}
	})
	return most
}

// eachID calls f for every id of an event that may be another rank's too, with its place in
// the object.
func eachID(e *trace.Event, f func(from, to int, v []byte, n uint64, kind idKind)) {
	if e.Has&trace.HasID != 0 && e.Phase != 'C' {
		strings := opaque
		if e.IsFlow() {
			strings = hexadecimal
		}
		from, to := e.Place(trace.FieldID)
		if n, kind := parseID(e.ID(), strings); kind != noID {
			f(from, to, e.ID(), n, kind)
		}
	}
	if e.Has&(trace.HasID2|trace.HasBind) != 0 {
		eachRareID(e, f)
	}
	if e.Has&trace.HasArgs == 0 || e.IsMeta() || e.Phase == 'C' || !mayHaveIDs(e.Args()) {
		return
	}
	at, _ := e.Place(trace.FieldArgs)
	for m := range trace.Members(e.Args()) {
		is, zeroIsNone := idArg(m.Key)
		if !is {
			continue
		}
		n, kind := parseID(m.Value, decimal)
		if kind == noID || kind == text || n == 0 && zeroIsNone {
			continue
		}
		f(at+m.At, at+m.At+len(m.Value), m.Value, n, kind)
	}
}

// eachRareID is eachID for bind_id and for the part of id2 that is not of one process.
func eachRareID(e *trace.Event, f func(from, to int, v []byte, n uint64, kind idKind)) {
	for m := range trace.Members(e.Raw()) {
		switch string(m.Key) {
		case "bind_id":
			if n, kind := parseID(m.Value, hexadecimal); kind != noID {
				f(m.At, m.At+len(m.Value), m.Value, n, kind)
			}
		case "id2":
			for g := range trace.Members(m.Value) {
				if n, kind := parseID(g.Value, opaque); string(g.Key) == "global" && kind != noID {
					f(m.At+g.At, m.At+g.At+len(g.Value), g.Value, n, kind)
				}
			}
		}
	}
}
