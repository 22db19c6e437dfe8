package merge

import (
	"bytes"
	"strconv"

	"tracekit/trace"
	"tracekit/transform/internal/clipped"
	"tracekit/transform/internal/clocks"
	"tracekit/transform/pipeline"
)

// rewriter changes the events of one file into those of the merged trace.
type rewriter struct {
	file      *file
	clock     *clocks.Clock
	tracks    trace.Tracks
	byTrack   []placed
	processes map[string]*use
	patches   trace.Patches
	out       []byte
	events    int64 // besides metadata
}

// placed is what becomes of the events of a track.
type placed struct {
	rank *Rank
	use  *use
	pid  string // new one; empty if it is kept
	tid  string // new one, of events that have 0 or none; empty if it is kept
}

// use is what was written of a process.
type use struct {
	rank                *Rank
	was                 string
	busy, named, sorted bool
}

func newRewriter(f *file) *rewriter {
	return &rewriter{file: f, clock: f.clock, processes: map[string]*use{}}
}

// Event writes e as it is in the merged trace.
func (r *rewriter) Event(e *trace.Event, w *trace.Writer) error {
	at := r.place(e)
	if e.Phase == 0 || e.IsMeta() && len(e.Pid()) == 0 && !isOfProcess(e) && !pipeline.IsThreadName(e) {
		return w.Event(e) // nothing that a viewer knows, or of the whole trace
	}
	r.patches.Reset()
	if at.pid != "" {
		r.exchange(e, trace.FieldPid, `"pid"`, at.pid)
	}
	if at.tid != "" && !isOfProcess(e) && isZeroTid(e.Tid()) {
		r.exchange(e, trace.FieldTid, `"tid"`, at.tid)
	}
	if e.IsMeta() {
		r.name(e, at)
	} else {
		at.use.busy = true
		r.events++
		r.move(e)
		if at.rank.ids != 0 {
			eachID(e, func(from, to int, v []byte, n uint64, kind idKind) {
				r.patches.Replace(from, to, func(dst []byte) []byte { return at.rank.appendID(dst, v, n, kind) })
			})
		}
	}
	if r.patches.Empty() {
		return w.Event(e)
	}
	r.out = r.patches.Append(r.out[:0], e.Raw())
	w.SetLead(e)
	return w.Object(r.out)
}

// place returns what is known of e's track.
func (r *rewriter) place(e *trace.Event) *placed {
	track := r.tracks.Of(e)
	for len(r.byTrack) <= track {
		r.byTrack = append(r.byTrack, r.newPlace(r.tracks.All[len(r.byTrack)].Pid))
	}
	return &r.byTrack[track]
}

func (r *rewriter) newPlace(was string) placed {
	rank := r.file.rankOf(was)
	if q := r.file.processes[was]; q != nil {
		rank = q.rank
	}
	u := r.processes[was]
	if u == nil {
		u = &use{rank: rank, was: was}
		r.processes[was] = u
	}
	at := placed{rank: rank, use: u}
	if pid := rank.pid[was]; pid != was {
		at.pid = pid
		if n, plain := plainPid(was); plain && n != 0 {
			at.tid = was // as which a viewer takes 0
		}
	}
	return at
}

// memory is about how many bytes r takes.
func (r *rewriter) memory() int {
	const track, process = 48, 130
	return r.tracks.Memory() + track*cap(r.byTrack) + process*len(r.processes)
}

// exchange gives a field another value, and adds it where there is none.
func (r *rewriter) exchange(e *trace.Event, f trace.Field, key, value string) {
	if from, to := e.Place(f); to > 0 {
		r.patches.Replace(from, to, func(dst []byte) []byte { return append(dst, value...) })
		return
	}
	obj := e.Raw()
	for m := range trace.Members(obj) { // null
		if len(m.Key) == 3 && string(m.Key) == key[1:4] {
			r.patches.Replace(m.At, m.At+len(m.Value), func(dst []byte) []byte { return append(dst, value...) })
			return
		}
	}
	r.patches.Replace(1, 1, func(dst []byte) []byte {
		return append(append(append(append(dst, key...), ':'), value...), ',')
	})
}

// isZeroTid reports a thread that a viewer takes for the process's first.
func isZeroTid(tid []byte) bool {
	return len(tid) == 0 || string(tid) == "0" || string(tid) == "null"
}

// isOfProcess reports what is of a process, whatever thread it names: counters, and its names.
func isOfProcess(e *trace.Event) bool {
	return e.Phase == 'C' || e.IsMeta() && len(e.Name()) > len("process_") && string(e.Name()[:len("process_")]) == "process_"
}

// move gives e its time in the merged trace.
func (r *rewriter) move(e *trace.Event) {
	c := r.clock
	if c.Same() || e.Has&trace.HasTS == 0 || r.file.isImpossible(e.TS) {
		return
	}
	start := r.file.time(e)
	ts := c.At(start)
	from, to := e.Place(trace.FieldTS)
	r.patches.Replace(from, to, func(dst []byte) []byte { return trace.AppendMicros(dst, ts) })
	if c.Drift != 0 && e.Has&trace.HasDur != 0 && e.Span() > 0 {
		from, to = e.Place(trace.FieldDur)
		dur := c.At(start+e.Span()) - ts
		r.patches.Replace(from, to, func(dst []byte) []byte { return trace.AppendMicros(dst, dur) })
	}
	if e.Has&trace.HasArgs == 0 || !bytes.Contains(e.Args(), []byte(clipped.KeyTS)) {
		return
	}
	at, _ := e.Place(trace.FieldArgs)
	for m := range trace.Members(e.Args()) {
		if string(m.Key) != clipped.KeyTS {
			continue
		}
		if was, ok := trace.ParseMicros([]byte(trace.Unquote(m.Value))); ok {
			r.patches.Replace(at+m.At, at+m.At+len(m.Value), func(dst []byte) []byte { return trace.AppendMicros(dst, c.At(was)) })
		}
	}
}

// time is when e began. Where times count from the clocks.Epoch, Python writes a float64, which knows
// quarters of a microsecond, in as few decimals as tell them apart: 59.75 as 59.8.
func (f *file) time(e *trace.Event) trace.Time {
	const quarter = 250
	if f.extent.Zero < clocks.Epoch || e.TS%10 != 0 || e.TS%quarter == 0 {
		return e.TS
	}
	text := e.TSText()
	if at := bytes.IndexByte(text, '.'); at < 0 || len(text)-at > len(".12") {
		return e.TS
	}
	return (e.TS + quarter/2) / quarter * quarter
}

// isImpossible reports a time that is not one of the trace's clock.
func (f *file) isImpossible(ts trace.Time) bool {
	return f.extent.Outside > 0 && (ts < f.extent.Zero || ts > f.extent.Last)
}

// name puts the rank before the name of a process, and its place among all processes where
// it says one.
func (r *rewriter) name(e *trace.Event, at *placed) {
	key := ""
	switch string(e.Name()) {
	case "process_name":
		key, at.use.named = "name", true
	case "process_labels":
		key = "labels"
	case "process_sort_index":
		key, at.use.sorted = "sort_index", true
	default:
		return
	}
	args, _ := e.Place(trace.FieldArgs)
	for m := range trace.Members(e.Args()) {
		if string(m.Key) != key {
			continue
		}
		from, to := args+m.At, args+m.At+len(m.Value)
		switch {
		case key == "sort_index":
			r.patches.Replace(from, to, func(dst []byte) []byte {
				return strconv.AppendInt(dst, int64(at.rank.sort[at.use.was]), 10)
			})
		case m.Value[0] == '"' && at.rank.tag == "":
			r.patches.Replace(from+1, from+1, func(dst []byte) []byte {
				return append(append(dst, at.rank.Label...), ": "...)
			})
		}
	}
}

// End adds the names and places of processes that have events and did not get any.
func (r *rewriter) End(w *trace.Writer) error {
	for _, q := range r.file.order {
		u := r.processes[q.pid]
		if u == nil || !u.busy {
			continue
		}
		pid := u.rank.pid[u.was]
		if !u.named && !u.rank.isNamed(u.was) && pid[0] != '"' {
			name := strconv.Quote(u.rank.Label + ": process " + trace.Unquote([]byte(u.was)))
			if err := putMeta(w, pid, "process_name", "name", name); err != nil {
				return err
			}
		}
		if !u.sorted {
			if err := putMeta(w, pid, "process_sort_index", "sort_index", strconv.Itoa(u.rank.sort[u.was])); err != nil {
				return err
			}
		}
	}
	return nil
}

// isNamed reports whether some trace of the rank names a process.
func (r *Rank) isNamed(pid string) bool {
	for _, f := range r.files {
		if q := f.processes[pid]; q != nil && q.named {
			return true
		}
	}
	return false
}

func putMeta(w *trace.Writer, pid, name, key, value string) error {
	return w.Object([]byte(`{"ph":"M","pid":` + pid + `,"name":"` + name + `","args":{"` + key + `":` + value + `}}`))
}
