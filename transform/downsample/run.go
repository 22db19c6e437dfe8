package downsample

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"tracekit/trace"
)

// isMerged reports a slice that an earlier run has made: its args speak for many,
// and it is not merged once more.
func isMerged(e *trace.Event) bool {
	first := bytes.TrimLeft(e.Args(), "{ \t\r\n")
	return bytes.HasPrefix(first, []byte(`"tracekit.count"`))
}

const mergedArgs = `{"tracekit.count": `

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
	inside     children  // runs at hand in the slices
	held       []byte    // texts of runs inside that start with it, which have to follow it
	waiting    []waiting // points of flows that are bound to the first slice, while it is alone
}

// waiting is a point of a flow by its number.
type waiting struct {
	flow  uint32
	stays bool // even if the slice is not alone
}

// sums are numbers and durations of slices by name.
type sums struct {
	count, busy int64
	names       map[uint32]sum
}

type sum struct{ count, busy int64 }

// reset begins a run with r.
func (b *run) reset(r *record, depth int, parent *run) {
	if b.names == nil {
		b.names = map[uint32]sum{}
	}
	clear(b.names)
	*b = run{
		track: r.Track, depth: depth, start: r.Start, end: r.End, first: *r, min: r.dur(), max: r.dur(),
		sums: sums{names: b.names}, cat: r.Cat, parent: parent, held: b.held[:0], waiting: b.waiting[:0],
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

// add puts a slice beside the others.
func (b *run) add(r *record) {
	b.mixed = b.mixed || r.Cat != b.cat
	b.end = max(b.end, r.End)
	b.min, b.max = min(b.min, r.dur()), max(b.max, r.dur())
	b.count++
	b.busy += r.dur()
	n := b.names[r.Name]
	b.names[r.Name] = sum{n.count + 1, n.busy + r.dur()}
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

// text appends the slice that b becomes.
func (b *run) text(dst []byte, texts []string, track trace.Track) []byte {
	names := b.order(texts)
	dst = append(dst, "\n{\"ph\": \"X\""...)
	if cat := b.category(texts); cat != "" {
		dst = append(append(append(dst, `, "cat": "`...), cat...), '"')
	}
	dst = append(append(append(dst, `, "name": "`...), b.name(names, texts)...), '"')
	dst = b.first.Thread.append(dst, track)
	dst = append(append(dst, `, "ts": `...), trace.AppendMicros(nil, trace.Time(b.start))...)
	dst = micros(append(dst, `, "dur": `...), b.end-b.start)
	dst = append(dst, `, "args": `+mergedArgs...)
	dst = strconv.AppendInt(dst, b.count, 10)
	dst = micros(append(dst, `, "tracekit.busy": `...), b.busy)
	dst = micros(append(dst, `, "tracekit.min": `...), b.min)
	dst = micros(append(dst, `, "tracekit.max": `...), b.max)
	dst = b.appendNames(append(dst, `, "tracekit.names": `...), names, texts)
	return append(dst, "}}"...)
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

func micros(dst []byte, ns int64) []byte { return trace.AppendMicros(dst, trace.Time(ns)) }

// order returns the names, the busiest first.
func (s *sums) order(texts []string) []uint32 {
	names := make([]uint32, 0, len(s.names))
	for n := range s.names {
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(s.names[b].busy, s.names[a].busy), strings.Compare(texts[a], texts[b]))
	})
	return names
}

// appendNames appends the number and the time of each name.
func (s *sums) appendNames(dst []byte, names []uint32, texts []string) []byte {
	for i, n := range names {
		open := `, "`
		if i == 0 {
			open = `{"`
		}
		dst = append(append(append(dst, open...), texts[n]...), `": [`...)
		dst = strconv.AppendInt(dst, s.names[n].count, 10)
		dst = append(micros(append(dst, ", "...), s.names[n].busy), ']')
	}
	return append(dst, '}')
}

// name tells how many slices there are, and of what: their name, how their names begin
// up to the end of a word, their category, or the name that took most of the time.
func (b *run) name(names []uint32, texts []string) string {
	shared := texts[names[0]]
	for _, n := range names[1:] {
		shared = sharedStart(shared, texts[n])
	}
	what := texts[names[0]] + " …"
	if start := wholeWords(shared); len(names) > 1 && start != "" {
		what = start + "*"
	} else if cat := b.category(texts); len(names) > 1 && cat != "" {
		what = cat + ": " + what
	} else if len(names) == 1 {
		what = texts[names[0]]
	}
	return strconv.FormatInt(b.count, 10) + " × " + what
}

// wholeWords is the start of a name up to where one of its words ends, such as aten:: or
// void at::native::; empty if there is too little of it.
func wholeWords(start string) string {
	const least = 3
	i := strings.LastIndexAny(start, " :._-/<(,#@|$")
	if start = start[:i+1]; len(start) < least {
		return ""
	}
	return start
}

// sharedStart is the start that two JSON texts share, without half a character
// or escape at its end.
func sharedStart(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	for n > 0 && n < len(a) && !utf8.RuneStart(a[n]) {
		n--
	}
	const escape = len(`\u0000`)
	if i := strings.LastIndexByte(a[max(0, n-escape):n], '\\'); i >= 0 {
		n = max(0, n-escape) + i
		for n > 0 && a[n-1] == '\\' {
			n--
		}
	}
	return a[:n]
}
