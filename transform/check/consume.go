package check

import (
	"cmp"
	"context"
	"hash/maphash"
	"slices"

	"tracekit/internal/budget"
	"tracekit/internal/extsort"
	"tracekit/internal/perfetto"
	"tracekit/internal/spill"
)

// consumer judges events one by one, in the order of the file, and keeps what
// the replay in order of time needs of them.
type consumer struct {
	*document
	names   *names
	tracks  *tracks
	order   *extsort.Sorter[record]
	keeps   bool // records, in order
	kept    kept
	times   times
	quirk   quirk
	hash    hashSeed
	sorting sorting
	off     int64
	line    int64
	coarse  int64 // events whose times are rounded
	probe   bool  // it only finds what is wrong with each event, and remembers nothing
}

// newConsumer returns a consumer that keeps so many records in memory, and calls temp for a
// file if there are more; if it is nil, none are kept.
func newConsumer(d *document, records int, temp func() (*spill.File, error)) *consumer {
	c := &consumer{document: d, names: newNames(), tracks: newTracks(), hash: hashSeed{maphash.MakeSeed()}}
	c.order, c.keeps = extsort.New(&inOrder, records, &extsort.Scratch{}, temp), temp != nil
	d.sink = c.event
	return c
}

// held tells what c takes.
func (c *consumer) addMemory(s *budget.Sum) {
	s.Add("threads", c.tracks.memory())
	s.Add("names and categories", c.names.memory())
}

// sorting follows how Perfetto decides from which time on it sorts again: what
// stood in order before the first slice keeps the order of the file.
type sorting struct {
	max   int64
	n     int64
	start int64
	min   int64
	slow  bool
}

func (s *sorting) push(ts int64, isSlice bool) {
	s.slow = s.slow || isSlice
	switch {
	case ts > s.max || !s.slow && ts == s.max:
		s.max = ts
	case s.start == 0:
		s.start, s.min = s.n, ts
	default:
		s.min = min(s.min, ts)
	}
	s.n++
}

// asFiled reports whether events of one time keep the order of the file.
func (s *sorting) asFiled(ts int64) bool { return s.start == 0 || !s.slow || ts < s.min }

// ordered visits the records in the order in which Perfetto takes them.
func (c *consumer) ordered(ctx context.Context, visit func(r *record)) error {
	var group []record // of one time, to be put back into the order of the file
	flush := func() {
		slices.SortFunc(group, func(a, b record) int { return cmp.Compare(a.off, b.off) })
		for i := range group {
			visit(&group[i])
		}
		group = group[:0]
	}
	err := c.order.Each(ctx, func(r *record) error {
		if len(group) > 0 && group[0].ts != r.ts {
			flush()
		}
		if c.sorting.asFiled(r.ts) {
			group = append(group, *r)
		} else {
			visit(r)
		}
		return nil
	})
	flush()
	return err
}

func (c *consumer) here() Place {
	return Place{Member: c.file, Offset: c.off, Line: c.line, Head: c.head(int(c.off - c.document.off))}
}

func (c *consumer) found(k Kind) { c.report.find(k, c.here) }

// strictness are the findings that marks stand for.
var strictness = []struct {
	mark marks
	kind Kind
}{{control, ControlChar}, {notUTF8, BadUTF8}, {duplicate, DuplicateKey}}

func (c *consumer) event(e *event, off, line int64) {
	c.off, c.line = off, line
	c.members(e)
	if e.notJSON || !e.argsCut && (e.argsOdd || e.argsMarks&noEscapes != 0) {
		c.found(NotJSON)
	}
}

func (c *consumer) members(e *event) {
	if m := (e.marks | e.argsMarks) & (control | notUTF8 | duplicate); m != 0 {
		for _, s := range strictness {
			if m&s.mark != 0 {
				c.found(s.kind)
			}
		}
	}
	if e.marks&(unknownEscape|bigNumber) != 0 {
		if e.marks&unknownEscape != 0 {
			c.found(BadEscape)
		}
		if e.marks&bigNumber != 0 {
			c.found(Garbled)
		}
	}
	if e.trailing {
		c.found(TrailingComma)
	}
	if e.path {
		c.found(UnescapedPath)
	}
	if e.badID2 {
		c.found(BadID2)
	}
	if e.crashing {
		c.crash(Crash, "an id2 with brackets that do not match")
	}
	if e.phase == 0 {
		if e.has(members) {
			c.found(NoPhase)
		}
		return
	}
	if e.ts == perfetto.Absent {
		if e.phase != 'M' {
			c.found(NoTime)
			return
		}
		e.ts = 0
	}
	c.timed(e)
}

// timed takes an event that has a phase and a time.
func (c *consumer) timed(e *event) {
	if e.flags&(quotedTime|overTime|outOfRange|coarse|garbledTime) != 0 {
		for _, f := range []struct {
			flag flag
			kind Kind
		}{{quotedTime, QuotedNumber}, {overTime, TimeOverflow}, {outOfRange, IDOutOfRange}, {coarse, CoarseTime}} {
			if e.has(f.flag) {
				c.found(f.kind)
			}
		}
		if e.has(garbledTime) && e.marks&bigNumber == 0 {
			c.found(Garbled)
		}
	}
	if e.has(coarse) {
		c.coarse++
	}
	if e.phase == 'P' {
		if _, good := flowID(e.id); e.id.kind == textID && !good {
			c.found(BadSampleID)
		}
		c.found(Ignored)
		return
	}
	if e.ts < 0 {
		c.found(NegativeTime)
		return
	}
	track := uint32(0)
	if !c.probe {
		track = c.place(e)
	}
	switch e.phase {
	case 'X':
		c.slice(e, track)
	case 'B', 'E', 'b', 'n', 'e', 'i', 'I', 'R':
		if c.probe {
			track = c.tracks.of(e)
		}
		c.nested(e, track)
	case 's', 't', 'f':
		c.flowEvent(e, track)
	case 'C':
		c.shown(e)
		c.counter(e)
	case 'M':
		c.metadata(e)
	case 'T':
		c.shown(e)
		c.state(e)
	default:
		c.found(Ignored)
	}
}

// place notes where an event stands, and returns the number of its thread.
func (c *consumer) place(e *event) (track uint32) {
	c.sorting.push(e.ts, e.phase == 'X')
	track = c.tracks.of(e)
	where := c.here
	if c.report.blind {
		where = func() Place { return Place{} }
	}
	c.quirk.see(e, c.tracks.process[track], where)
	return track
}

// kept says which records there are.
type kept struct{ pairs, flows bool }

func (c *consumer) keep(r record) {
	switch r.phase {
	case 'B', 'E', 'b', 'e':
		c.kept.pairs = true
	case 's', 't', 'f':
		c.kept.flows = true
	}
	c.kept.flows = c.kept.flows || r.flags&rFlow != 0
	if c.keeps && c.failed == nil {
		c.failed = c.order.Add(&r)
	}
}

func (c *consumer) record(e *event, track uint32) record {
	r := record{ts: e.ts, off: c.off, line: c.line, track: track, phase: e.phase}
	if e.bind.kind != noID {
		if id, good := flowID(e.bind); good {
			r.flow = id
			r.flags |= rFlow
		}
	}
	if e.has(flowIn) {
		r.flags |= rIn
	}
	if e.has(flowOut) {
		r.flags |= rOut
	}
	return r
}

func (c *consumer) slice(e *event, track uint32) {
	c.shown(e)
	if e.dur == perfetto.Absent {
		c.found(NoDur)
		return
	}
	if e.dur < 0 && c.report.blind {
		c.report.flaws++ // counted in the replay
	}
	c.sliceArgs(e)
	if c.probe {
		return
	}
	r := c.record(e, track)
	r.dur, r.late = e.dur, e.rounded()
	if c := string(e.cat); c == "kernel" || c == "Kernel" {
		r.flags |= rKernel
	}
	r.name = c.names.shown(e.name)
	c.keep(r)
}

// nested takes what begins or ends on a track, X apart.
func (c *consumer) nested(e *event, track uint32) {
	r := c.record(e, track)
	r.name, r.cat = c.names.of(e.name), c.names.of(e.cat)
	switch e.phase {
	case 'b', 'n', 'e':
		if !c.async(e, &r) {
			c.found(NoID)
			return
		}
	case 'i', 'I', 'R':
		r.phase = 'i'
		r.flags &^= rFlow
		switch {
		case e.scope == 'g':
			r.flags |= rGlobal
		case e.scope == 'p' && e.has(hasPid):
			r.flags |= rProcess
			r.track = c.tracks.process[track]
		case e.scope == 'p' || !e.has(hasTid):
			c.found(NoTid)
			return
		}
	}
	c.shown(e)
	c.sliceArgs(e)
	c.keep(r)
}

// async finds out which async track r belongs to.
func (c *consumer) async(e *event, r *record) bool {
	if !e.has(hasPid) {
		return false
	}
	r.track = c.tracks.process[r.track]
	switch {
	case e.id.kind != noID:
		r.cookie = c.hash.ident(e.id, e.cat)
	case e.global.kind != noID:
		r.cookie = c.hash.ident(e.global, e.cat)
	case e.local.kind != noID:
		r.cookie = c.hash.ident(e.local, e.cat)
		r.flags |= rLocal
	default:
		return false
	}
	return true
}

func (c *consumer) flowEvent(e *event, track uint32) {
	if c.probe {
		return // it has no faults of its own
	}
	r := record{ts: e.ts, off: c.off, line: c.line, track: track, phase: e.phase}
	r.name, r.cat = c.names.of(e.name), c.names.of(e.cat)
	id, good := flowID(e.id)
	r.flow = id
	if !good {
		r.flags |= rBadFlow
	}
	if e.has(enclosing) {
		r.flags |= rEnclosing
	}
	c.keep(r)
}

// sliceArgs judges the args of what becomes a slice.
func (c *consumer) sliceArgs(e *event) {
	const closer = badUnicode | bigNumber | unknownEscape
	if len(e.args) == 0 || !e.argsOdd && e.argsMarks&closer == 0 {
		return
	}
	switch {
	case !walkArgs(e.args):
		c.found(CutArgs)
		e.argsCut = true
		return
	case e.argsMarks&bigNumber != 0:
		c.found(Garbled)
	}
	if e.argsMarks&unknownEscape != 0 {
		c.found(BadEscape)
		e.argsCut = true
	}
}

func (c *consumer) counter(e *event) {
	if len(e.args) == 0 {
		c.found(BadCounter)
		return
	}
	st := fields(e.args, func(_ []byte, v value) {
		if v.kind == num || v.kind == text && perfetto.IsFloatText(v.text) {
			c.report.CounterSamples++
			if v.number.Garbled {
				c.found(Garbled)
			}
			return
		}
		c.found(BadCounter)
	})
	c.argsEnd(st)
}

// argsEnd judges args that Perfetto can't reach the end of, where it does not
// give up.
func (c *consumer) argsEnd(st status) {
	switch st {
	case broken:
		c.crash(ArgsHang, "the args of a counter, name or sort index")
	case incomplete:
		c.crash(Crash, "args with brackets that do not match")
	}
}

func (c *consumer) crash(k Kind, detail string) {
	if c.report.blind {
		c.report.Loads = false
		return
	}
	p := c.here()
	p.Detail = detail
	c.report.fail(k, p)
}

func (c *consumer) metadata(e *event) {
	name := string(e.name)
	sort := name == "process_sort_index" || name == "thread_sort_index"
	if len(e.args) == 0 || !sort && name != "process_name" && name != "thread_name" {
		return
	}
	c.argsEnd(fields(e.args, func(key []byte, v value) {
		switch {
		case sort && string(key) == "sort_index" && v.kind != num,
			!sort && string(key) == "name" && (v.kind != text || len(v.text) == 0):
			c.found(BadMeta)
		}
	}))
}

func (c *consumer) state(e *event) {
	if e.dur == perfetto.Absent {
		c.found(NoDur)
		return
	}
	if len(e.args) == 0 {
		return
	}
	if fields(e.args, func([]byte, value) {}) != ok {
		c.found(BadState)
	}
}
