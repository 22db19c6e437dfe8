package downsample

import (
	"tracekit/trace"
	"tracekit/transform/internal/merged"
)

// run is neighbouring slices at one depth that become one.
type run struct {
	track      uint32
	depth      int
	start, end int64
	first      record
	min, max   int64
	sums       // of the slices
	cat        uint32
	mixed      bool      // of several categories
	needed     bool      // it has to be made even of one slice
	parent     *run      // that the slice around is merged into; nil if that one is kept
	above      *run      // that the nearest slice around is merged into which is merged
	ending     bool      // no more slices come
	estimate   bool      // slices overlap, so that what covers what is not known
	keptInside int64     // time of slices in the run that are kept and lie in no other that is
	inside     children  // runs at hand in the slices
	held       []byte    // texts of runs inside that start with it, which have to follow it
	waiting    []waiting // points of flows that are bound to the first slice, while it is alone
}

// waiting is a point of a flow by its number.
type waiting struct {
	flow   uint32
	always bool // even if the slice is not alone
}

// sums are numbers and durations of slices by name and category.
type sums struct {
	count, busy int64
	names       map[label]sum
}

// label is a name and a category, by their numbers.
type label uint64

func (r *record) label() label { return label(r.Name)<<32 | label(r.Cat) }

func (k label) name() uint32 { return uint32(k >> 32) }
func (k label) cat() uint32  { return uint32(k) }

type sum struct {
	count, busy int64
	nested      int64 // time that slices of the same category in them take
	inner       int64 // of those that lie in merged ones of the same name
}

// reset begins a run with r, which lies in f.
func (b *run) reset(r *record, depth int, f *frame) {
	if b.names == nil {
		b.names = map[label]sum{}
	}
	clear(b.names)
	*b = run{
		track: r.Track, depth: depth, start: r.Start, end: r.End, first: *r, min: r.dur(), max: r.dur(),
		sums: sums{names: b.names}, cat: r.Cat, parent: f.run, above: f.mergedAround(), held: b.held[:0], waiting: b.waiting[:0],
	}
}

// takes reports whether r may become part of the run, so that neither that nor a gap in it
// is as wide as the resolution.
func (b *run) takes(r *record, at resolution) bool {
	short := func(dur, start int64) bool { return dur < 0 || at.isShort(grainOf(dur, start), r.Favoured) }
	if r.dur() == 0 && r.Start == b.end {
		return false // the run would be no longer than what may lie in it, and a viewer could not tell which is inside
	}
	same := b.first.Favoured == r.Favoured && b.first.Thread == r.Thread
	return same && short(r.Start-b.end, r.Start) && short(r.End-b.start, b.start)
}

// add puts a slice beside the others; inner is its time if it lies in a merged one of its
// name.
func (b *run) add(r *record, inner int64) {
	b.mixed = b.mixed || r.Cat != b.cat
	b.end = max(b.end, r.End)
	b.min, b.max = min(b.min, r.dur()), max(b.max, r.dur())
	b.count++
	b.busy += r.dur()
	k := r.label()
	n := b.names[k]
	b.names[k] = sum{n.count + 1, n.busy + r.dur(), n.nested, n.inner + inner}
}

// isMade reports that a slice is made, and the first one is not just kept.
func (b *run) isMade() bool { return b.count > 1 || b.needed }

// category is the one that the slices share, empty if there is none.
func (b *run) category(texts []string) string {
	if b.mixed {
		return ""
	}
	return texts[b.cat]
}

// sum says in to what all slices of the run are together.
func (b *run) sum(to *merged.Slices) {
	*to = merged.Slices{
		Count: b.count, Busy: trace.Time(b.busy), Min: trace.Time(b.min), Max: trace.Time(b.max),
		Names: to.Names[:0], More: to.More[:0], Inside: to.Inside[:0], Estimate: b.estimate,
	}
}

// text appends the slice that b becomes, which stands for s and lists no more than most of
// its names. It returns the others.
func (b *run) text(dst []byte, s *merged.Slices, track trace.Track, most int) (text []byte, cut []merged.Name) {
	dst = append(dst, "\n{\"ph\": \"X\""...)
	cat, shared := s.Cat()
	if len(cat) > 0 {
		dst = append(append(append(dst, `, "cat": "`...), cat...), '"')
	}
	dst = append(s.AppendName(append(dst, `, "name": "`...)), '"')
	dst = b.first.Thread.append(dst, track)
	dst = append(append(dst, `, "ts": `...), trace.AppendMicros(nil, trace.Time(b.start))...)
	dst = trace.AppendMicros(append(dst, `, "dur": `...), trace.Time(b.end-b.start))
	cut = s.Cut(most)
	return append(s.AppendArgs(append(dst, `, "args": `...), shared), '}'), cut
}

// append appends the ids of a slice on a track.
func (t thread) append(dst []byte, track trace.Track) []byte {
	if t != bothAbsent {
		dst = append(append(dst, `, "pid": `...), track.Pid...)
	}
	switch t {
	case tidZero:
		return append(dst, `, "tid": 0`...)
	case tidAsShown:
		return append(append(dst, `, "tid": `...), track.Tid...)
	}
	return dst
}
