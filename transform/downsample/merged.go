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
	args := e.Args()
	if first := bytes.TrimLeft(args, "{ \t\r\n"); !bytes.HasPrefix(first, []byte(`"count"`)) {
		return false
	}
	var keys []string
	for m := range trace.Members(args) {
		if keys = append(keys, string(m.Key)); len(keys) == len(ownArgs) {
			break
		}
	}
	return slices.Equal(keys, ownArgs[:])
}

// ownArgs are the args that each slice has that was made.
var ownArgs = [...]string{"count", "busy", "min", "max"}

const mergedArgs = `{"count": `

// bunch is a run of neighbouring slices that become one.
type bunch struct {
	track      uint32
	start, end int64
	first      record
	min, max   int64
	own        sums // of the slices side by side
	nested     sums // of those inside them
	cat        uint32
	mixed      bool      // of several categories
	waiting    []waiting // arrows that are bound to the first one, while it is alone
}

// waiting is a point of an arrow by its number.
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

func (s *sums) add(name uint32, dur int64) {
	s.count++
	s.busy += dur
	n := s.names[name]
	s.names[name] = sum{n.count + 1, n.busy + dur}
}

func (s *sums) reset() {
	s.count, s.busy = 0, 0
	if s.names == nil {
		s.names = map[uint32]sum{}
	}
	clear(s.names)
}

func (b *bunch) reset(r *record) {
	b.track, b.first = r.Track, *r
	b.start, b.end = r.Start, r.End
	b.min, b.max = r.dur(), r.dur()
	b.cat, b.mixed = r.Cat, false
	b.own.reset()
	b.nested.reset()
	b.waiting = b.waiting[:0]
}

// add takes a slice beside the others, or inside of the latest of them.
func (b *bunch) add(r *record, nested bool) {
	if nested {
		b.nested.add(r.Name, r.dur())
		return
	}
	b.mixed = b.mixed || r.Cat != b.cat
	b.end = max(b.end, r.End)
	b.min, b.max = min(b.min, r.dur()), max(b.max, r.dur())
	b.own.add(r.Name, r.dur())
}

func (b *bunch) size() int64 { return b.own.count + b.nested.count }

// category is the one that the slices share, empty if there is none.
func (b *bunch) category(texts []string) string {
	if b.mixed {
		return ""
	}
	return texts[b.cat]
}

// text appends the slice that b becomes.
func (b *bunch) text(dst []byte, texts []string, track trace.Track) []byte {
	names := b.own.order(texts)
	dst = append(dst, "\n{\"ph\": \"X\""...)
	if cat := b.category(texts); cat != "" {
		dst = append(append(append(dst, `, "cat": "`...), cat...), '"')
	}
	dst = append(append(append(dst, `, "name": "`...), b.name(names, texts)...), '"')
	dst = b.first.Thread.append(dst, track)
	dst = append(append(dst, `, "ts": `...), trace.AppendMicros(nil, trace.Time(b.start))...)
	dst = micros(append(dst, `, "dur": `...), b.end-b.start)
	dst = append(dst, `, "args": `+mergedArgs...)
	dst = strconv.AppendInt(dst, b.own.count, 10)
	dst = micros(append(dst, `, "busy": `...), b.own.busy)
	dst = micros(append(dst, `, "min": `...), b.min)
	dst = micros(append(dst, `, "max": `...), b.max)
	if len(names) > 1 {
		dst = b.own.appendNames(append(dst, `, "names": `...), names, texts)
	}
	if b.nested.count > 0 {
		dst = strconv.AppendInt(append(dst, `, "nested": {"count": `...), b.nested.count, 10)
		dst = micros(append(dst, `, "busy": `...), b.nested.busy)
		dst = b.nested.appendNames(append(dst, `, "names": `...), b.nested.order(texts), texts)
		dst = append(dst, '}')
	}
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

// order is the names, the busiest first.
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

// name is what the names share: all of it, or how they begin; else the category,
// or no more than what they are.
func (b *bunch) name(names []uint32, texts []string) string {
	shared := texts[names[0]]
	for _, n := range names[1:] {
		shared = sharedStart(shared, texts[n])
	}
	const least = 3
	switch {
	case len(names) == 1:
		return shared
	case len(shared) >= least:
		return shared + "…"
	case b.category(texts) != "":
		return b.category(texts) + "…"
	}
	return "slices…"
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
