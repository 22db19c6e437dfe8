package check

import (
	"bytes"
	"cmp"
	"context"

	"tracekit/internal/budget"
	"tracekit/internal/minheap"
	"tracekit/internal/perfetto"
	"tracekit/internal/spill"
	"tracekit/trace"
)

// Judge judges events one at a time for those who repair them. What it is told to
// keep can then be looked at in order of time, as Perfetto takes it.
type Judge struct {
	event event
	probe *consumer // judges, and keeps nothing
	keeps *consumer
}

// NewJudge returns a Judge that calls temp for a temporary file when it has to
// keep more than fits into memory.
func NewJudge(temp func() (*spill.File, error)) *Judge {
	return &Judge{probe: newProbe(), keeps: newBlind(temp)}
}

// newBlind returns a consumer that counts what it finds, without places.
func newBlind(temp func() (*spill.File, error)) *consumer {
	r := newReport()
	r.blind = true
	return newConsumer(&document{window: &window{}, report: r}, runRecords, temp)
}

func newProbe() *consumer {
	c := newBlind(nil)
	c.probe = true
	return c
}

// Close gives back the temporary file.
func (j *Judge) Close() { j.keeps.order.Close() }

// EventState is what Perfetto makes of an event.
type EventState uint8

// The states, from good to bad.
const (
	Clean   EventState = iota // nothing to repair
	Flawed                    // it loads, but not as it was meant
	Refused                   // it stops the load
	Cut                       // the text ends first
)

// Look judges the event whose object starts at b[p], and returns where it ends.
// b must go on behind the object, if only by white space.
func (j *Judge) JudgeEvent(b []byte, p int) (end int, v EventState) {
	e := &j.event
	end, st := e.read(b, p)
	switch {
	case st == incomplete:
		return end, Cut
	case st == broken || e.stuck || e.crashing:
		return end, Refused
	}
	if len(j.probe.names.all) > shownNames {
		j.probe = newProbe()
	}
	r := j.probe.report
	flaws := r.flaws
	r.Loads = true
	j.probe.event(e, 0, 0)
	switch {
	case !r.Loads:
		return end, Refused
	case r.flaws > flaws || b[p] != '{':
		return end, Flawed
	}
	return end, Clean
}

// Keep keeps what the replay needs of the event that was looked at last, under
// a number by which the caller knows it. Numbers must rise. The event's bytes
// must still be there.
func (j *Judge) Keep(seq int64) error {
	j.keeps.event(&j.event, seq, 0)
	return j.keeps.failed
}

// EventTime is when an event is drawn: its phase, and whether it is drawn by its
// time. Times are in ns, as Perfetto reads them.
type EventTime struct {
	Phase   byte
	Drawn   bool
	TS, Dur int64 // Dur is 0 for what has none
}

// LastEvent describes the event that was judged last.
func (j *Judge) LastEvent() EventTime {
	e := &j.event
	l := EventTime{Phase: e.phase, TS: e.ts}
	switch e.phase {
	case 'X', 'T':
		l.Dur = max(e.dur, 0)
		l.Drawn = e.ts != perfetto.Absent
	case 'B', 'E', 'b', 'n', 'e', 'i', 'I', 'R', 'C':
		l.Drawn = e.ts != perfetto.Absent
	}
	return l
}

// Extent returns the stretch of time that the events that were kept cover, without
// those at impossible times.
func (j *Judge) Extent() trace.Extent {
	x, _ := j.keeps.times.Extent()
	return x
}

// HasPairs reports whether some of the events that were kept begin or end what others end or begin.
func (j *Judge) HasPairs() bool { return j.keeps.kept.pairs }

// HasFlows reports whether some of the events that were kept are of flows, or slices that name one.
func (j *Judge) HasFlows() bool { return j.keeps.kept.flows }

// Coarse is how many of the events that were kept have times that Perfetto rounds.
func (j *Judge) Coarse() int64 { return j.keeps.coarse }

// Record is what is kept of an event that begins or ends on a track, or is part
// of a flow.
type Record struct {
	Seq       int64
	TS, Dur   int64 // ns, as Perfetto reads them; Dur of X
	Phase     byte  // i stands for all instants
	Track     uint32
	Thread    bool // Track is a thread, and Perfetto shows the event on it
	Async     uint64
	Name, Cat uint32 // numbers of strings, 0 for none
	Flow      Flow   // of a flow event whose id can be read
	Enclosing bool   // a flow event that binds to the slice around it
	AsFiled   bool   // it keeps the file's order among those of its time
}

// Sorted makes Each and Replay take events of one time as Perfetto does if it
// sorts all of them, as it does when one at time zero stands behind all others
// and there are slices. It reports whether that changes the order of any that are kept.
func (j *Judge) Sorted(ctx context.Context, slices bool, leaves func(*Record) bool) (changes bool, err error) {
	var last record
	var told Record
	n := 0
	err = j.keeps.order.Each(ctx, func(r *record) error {
		n++
		if told = j.recordOf(r); leaves(&told) {
			return nil
		}
		changes = changes || n > 1 && r.ts == last.ts && r.off < last.off
		last = *r
		return nil
	})
	s := &j.keeps.sorting
	s.start, s.min, s.slow = max(s.start, 1), 0, slices
	return changes, err
}

// EachKept visits what was kept, in order of time.
func (j *Judge) EachKept(ctx context.Context, visit func(*Record)) error {
	var out Record // of all, so that none needs memory of its own
	return j.keeps.ordered(ctx, func(r *record) {
		out = j.recordOf(r)
		visit(&out)
	})
}

// recordOf is what others learn of a record.
func (j *Judge) recordOf(r *record) Record {
	out := Record{Seq: r.off, TS: r.ts, Dur: r.dur, Phase: r.phase, Track: r.track, Async: r.cookie,
		Name: r.name, Cat: r.cat, Enclosing: r.flags&rEnclosing != 0, AsFiled: j.keeps.sorting.asFiled(r.ts)}
	out.Thread = r.phase != 'b' && r.phase != 'n' && r.phase != 'e' && r.flags&(rGlobal|rProcess) == 0
	if r.phase == 's' || r.phase == 't' || r.phase == 'f' {
		out.Flow = Flow{r.flow, r.cat, r.name}
	}
	if r.flags&rLocal != 0 {
		out.Async ^= (uint64(r.track) + 1) * 0x9e3779b97f4a7c15
	}
	return out
}

// Tracks returns how many threads were met, and whether a number serves one of
// them as pid or tid.
func (j *Judge) Tracks() (n int, used func(id uint64) bool) {
	t := j.keeps.tracks
	ids := map[uint64]bool{}
	for k := range t.byKey {
		ids[k.pid], ids[k.tid] = true, true
	}
	return len(t.process), func(id uint64) bool { return ids[id] }
}

// AddMemory adds what is remembered of the events that were kept.
func (j *Judge) AddMemory(s *budget.Sum) { j.keeps.addMemory(s) }

// Track returns the number of the thread of the event that was looked at last.
func (j *Judge) Track() uint32 { return j.keeps.tracks.of(&j.event) }

// Process returns the number of the process of the event that was looked at last.
// They count from 0.
func (j *Judge) Process() uint32 { return j.keeps.tracks.process[j.Track()] }

// Flow is what joins the events of a flow.
type Flow struct {
	ID        uint64
	Cat, Name uint32 // numbers of strings
}

// Rank returns the rank that the pid of the event that was looked at last names, as tools that
// join the traces of ranks write it in front: [TP00] 100. It is empty for others.
func (j *Judge) Rank() []byte {
	pid := j.event.pidName
	if len(pid) == 0 || pid[0] != '[' {
		return nil
	}
	return pid[:bytes.IndexByte(pid, ']')+1]
}

// ProcessOf returns the number of the process that a thread belongs to.
func (j *Judge) ProcessOf(track uint32) uint32 { return j.keeps.tracks.process[track] }

// BadFlow reports whether the event that was looked at last is of a flow whose id can't be read.
func (j *Judge) BadFlow() bool {
	e := &j.event
	if e.phase != 's' && e.phase != 't' && e.phase != 'f' {
		return false
	}
	_, good := flowID(e.id)
	return !good
}

// Legacy are the phases of async events that were before today's, and those.
var Legacy = map[byte]byte{'S': 'b', 'T': 'n', 'p': 'n', 'F': 'e'}

// IsLegacy reports whether the event that was looked at last is of such a phase, with an
// id and a process, and nothing that makes it the state of a thread.
func (j *Judge) IsLegacy() bool {
	e := &j.event
	switch e.phase {
	case 'S', 'T', 'p', 'F':
		return e.id.kind != noID && e.has(hasPid) && (e.phase != 'T' || e.dur == perfetto.Absent)
	}
	return false
}

// HighLevel reports whether the event that was looked at last is one of vLLM's own.
func (j *Judge) HighLevel() bool { return j.event.highLevel() }

// Categorised reports whether the event that was looked at last has a category.
func (j *Judge) Categorised() bool { return len(j.event.cat) > 0 }

// IsLoose reports whether the event that was looked at last could be one of vLLM's by its members
// alone: it has no category, and is no metadata.
func (j *Judge) IsLoose() bool { return j.event.phase != 'M' && !j.Categorised() }

// Move is what becomes of an event before a replay.
type Move struct {
	Track uint32 // the thread that it stands on
	Out   bool   // it is left out
	Empty bool   // it is a slice of no length
	Lane  int    // beside its async track, 0 for that itself
	Flow  uint64 // the id of its flow, 0 for that which it has
	Close int64  // ns at which a begin is ended by an event behind all others, or 0
}

// Replay does with what was kept what Perfetto does, after move has said what
// becomes of each event, and calls found for what would be dropped or never
// ends. Of threads there are so many, and of begins that it closes.
func (j *Judge) Replay(ctx context.Context, threads, closed int, move func(*Record) Move, found func(k Kind, seq int64, phase byte)) error {
	p := newReplay(newReport(), "", j.keeps.names, threads)
	p.onFind, p.started = found, map[uint64]*record{}
	budget.Register(ctx, p.addMemory)
	var due closings
	due.Grow(closed)
	budget.Register(ctx, func(s *budget.Sum) { s.Add("ends that are missing", closingBytes*max(due.Len(), closed)) })
	var moved record
	var known Record
	err := j.keeps.ordered(ctx, func(r *record) {
		moved, known = *r, j.recordOf(r)
		to := move(&known)
		if to.Out {
			return
		}
		due.before(&moved, known.AsFiled, p.replayRecord)
		if to.Empty {
			moved.phase, moved.dur = 'X', 0
		}
		moved.cookie += uint64(to.Lane)
		if to.Flow != 0 {
			moved.flow = to.Flow
		}
		if known.Thread {
			moved.track = to.Track
			p.grow(to.Track)
		}
		p.replayRecord(&moved)
		if to.Close > 0 {
			due.Push(closingOf(&moved, to.Close))
		}
	})
	due.before(nil, true, p.replayRecord)
	p.finish()
	return err
}

// closings are ends that stand behind all other events of the file, the
// innermost first. Their dur is the time of their begin.
type closings struct{ minheap.Heap[dueClosing] }

// dueClosing is what is left of the record of such an end. There may be millions.
type dueClosing struct {
	ts, dur, off     int64
	cookie           uint64
	track, name, cat uint32
	phase            byte
	flags            rflag
}

const closingBytes = 48

// closingOf is the end of a begin, at a time in ns.
func closingOf(r *record, ts int64) dueClosing {
	return dueClosing{ts, r.ts, r.off, r.cookie, r.track, r.name, r.cat, r.phase + 'E' - 'B', r.flags & rLocal} // or 'e' - 'b'
}

func (c *dueClosing) record() record {
	return record{ts: c.ts, dur: c.dur, off: c.off, cookie: c.cookie, track: c.track, name: c.name, cat: c.cat, phase: c.phase, flags: c.flags}
}

// before takes what is due before r, or everything.
func (c *closings) before(r *record, asFiled bool, take func(*record)) {
	for c.Len() > 0 {
		if r != nil {
			e := c.Top()
			first := e.phase == 'E' && r.phase != 'E' && !asFiled
			if e.ts > r.ts || e.ts == r.ts && !first {
				return
			}
		}
		due := c.Pop()
		e := due.record()
		take(&e)
	}
}

func (a dueClosing) Before(b dueClosing) bool {
	return cmp.Or(cmp.Compare(a.ts, b.ts), cmp.Compare(a.phase, b.phase), cmp.Compare(b.dur, a.dur), cmp.Compare(b.off, a.off)) < 0
}
