package filter

import (
	"bytes"
	"slices"

	"tracekit/filter/producer"
	"tracekit/trace"
)

// Recognizer tells what ran on a device, and other kinds of events that take
// more than the event itself to know. It learns as a trace goes by, in one
// pass: from the text of the document, from every event, and from the names at
// the end if the trace has them there. What it remembers grows with processes
// and threads only. The zero value is ready to use.
//
// Names come too late for most traces, so the categories decide, and what the
// document says of devices. What neither can tell is Unsure. That happens only
// to Python frames in process 0: the profiler puts frames there whose thread
// it does not know, and it is the process of the first device too. On CUDA and
// ROCm all of that process goes for the device's; on Gaudi a Python thread in
// it is a Python thread. The first device event in that process tells which,
// and if none comes, the frames are the host's.
type Recognizer struct {
	tracks  trace.Tracks
	seen    []evidence // by process
	threads []threadIs // by track
	listed  map[string]bool
	env     Env

	// Learnt counts how often something was learnt that may change what was said.
	Learnt int
}

// evidence is what is known of a process.
type evidence uint8

const (
	isListed     evidence = 1 << iota // its pid is the id of a device in the document
	isLabelled                        // it is labelled or named as a device
	isGaudi                           // it is named as a Gaudi, or has an engine's events
	hasStream                         // it has events of a stream
	hasHost                           // it has operators or runtime calls
	isHostByName                      // it is labelled as the CPU
)

type threadIs uint8

const (
	isEngine  threadIs = 1 << iota // an engine of a Gaudi
	isSynapse                      // a thread of Synapse's own profile of the host
)

// Clone returns a Recognizer that knows the same, for use at the same time. Neither
// shall learn more: what both know of devices they share.
func (r *Recognizer) Clone() *Recognizer {
	c := *r
	c.env, c.tracks = Env{}, *r.tracks.Known()
	c.seen, c.threads = slices.Clone(r.seen), slices.Clone(r.threads)
	return &c
}

// LearnDocument takes text of the document, outside of its events. It shall
// hold whole members.
func (r *Recognizer) LearnDocument(text []byte) {
	const key = `"deviceProperties"`
	_, rest, ok := bytes.Cut(text, []byte(key))
	if rest = bytes.TrimLeft(rest, " \t\r\n"); !ok || len(rest) == 0 || rest[0] != ':' {
		return
	}
	for device := range trace.Elements(bytes.TrimLeft(rest[1:], " \t\r\n")) {
		id, ok := lookup(device, "id", &r.env)
		name, _ := lookup(device, "name", &r.env)
		if !ok || producer.IsGaudi(name) {
			continue
		}
		if r.listed == nil {
			r.listed = map[string]bool{}
		}
		r.listed[string(id)] = true
	}
	for i, pid := range r.tracks.Processes[:len(r.seen)] {
		if r.listed[pid] {
			r.see(i, isListed)
		}
	}
}

// Learn takes what e tells of its process and thread. Call it for every event,
// before Side and Kinds.
func (r *Recognizer) Learn(e *trace.Event) { r.learn(e) }

// LearnSide is Learn and then Side.
func (r *Recognizer) LearnSide(e *trace.Event) Side {
	c, known, track := r.learn(e)
	return r.sideAt(e, c, known, track)
}

// learn is Learn, and returns what it looked up.
func (r *Recognizer) learn(e *trace.Event) (c producer.Category, known bool, track int) {
	track, process := r.place(e)
	if e.IsMeta() {
		r.learnName(e, track, process)
		return c, known, track
	}
	c, known = producer.CategoryOf(e.Cat())
	switch {
	case e.IsFlow():
	case c.Place == producer.OnDevice:
		if r.seen[process]&(hasStream|isGaudi) != hasStream && r.threads[track]&isEngine == 0 {
			r.learnDevice(e, track, process)
		}
	case c.Place == producer.OnHost && r.seen[process]&hasHost == 0 && producer.IsHostOnly(e.Cat()):
		r.see(process, hasHost)
	}
	return c, known, track
}

// Settled reports, for an event that was learnt from, that nothing can be learnt from
// others that are alike, and that they are of the same side and kinds as long as Learnt
// stays what it is.
func (r *Recognizer) Settled(e *trace.Event) bool {
	track, process := r.place(e)
	c, _ := producer.CategoryOf(e.Cat())
	return IsByCategory(e) &&
		(c.Place != producer.OnDevice || e.IsFlow() || r.seen[process]&(hasStream|isGaudi) == hasStream || r.threads[track]&isEngine != 0)
}

func (r *Recognizer) see(process int, what evidence) {
	if r.seen[process]&what != what {
		r.seen[process] |= what
		r.Learnt++
	}
}

func (r *Recognizer) takeFor(track int, what threadIs) {
	if r.threads[track]&what == 0 {
		r.threads[track] |= what
		r.Learnt++
	}
}

// learnDevice looks into a device's event for what kind of device it is.
func (r *Recognizer) learnDevice(e *trace.Event, track, process int) {
	switch {
	case isEngineEvent(e, &r.env):
		r.see(process, isGaudi)
		r.takeFor(track, isEngine)
	case hasArg(e, &r.env, "stream", "correlation"):
		r.see(process, hasStream)
	}
}

// isEngineEvent tells events of Gaudi's engines by their args.
func isEngineEvent(e *trace.Event, env *Env) bool {
	return hasArg(e, env, producer.EngineArgs...)
}

func hasArg(e *trace.Event, env *Env, keys ...string) bool {
	for m := range trace.Members(e.Args()) {
		for _, key := range keys {
			if keyIs(m.Key, key, env) {
				return true
			}
		}
	}
	return false
}

func (r *Recognizer) learnName(e *trace.Event, track, process int) {
	key := "name"
	if string(e.Name()) == "process_labels" {
		key = "labels"
	}
	value, _ := lookup(e.Args(), key, &r.env)
	text := valueText(value, &r.env)
	switch string(e.Name()) {
	case "process_labels":
		r.see(process, evidenceOf(producer.Label(text)))
	case "process_name":
		r.see(process, evidenceOf(producer.Process(text)))
	case "thread_name":
		if producer.IsEngine(text) {
			r.takeFor(track, isEngine)
		}
		if producer.IsSynapse(text) {
			r.takeFor(track, isSynapse)
		}
	}
}

// evidenceOf is what a name or label says of a process.
func evidenceOf(says producer.Names) evidence {
	switch says {
	case producer.Host:
		return isHostByName
	case producer.HPU:
		return isGaudi
	case producer.Device:
		return isLabelled
	}
	return 0
}

// Side tells where e happened, by what was learnt until now. Arrows to a
// device count as the device's, whichever end e is. Metadata is never a
// device's here: names go with what they name.
func (r *Recognizer) Side(e *trace.Event) Side {
	c, known := producer.CategoryOf(e.Cat())
	track, _ := r.place(e)
	return r.sideAt(e, c, known, track)
}

// sideAt is Side for an event of which the category and the track are known.
func (r *Recognizer) sideAt(e *trace.Event, c producer.Category, known bool, track int) Side {
	if e.IsMeta() {
		return Host
	}
	side, byArgs := r.side(look(e, c, known, track))
	if byArgs && isEngineEvent(e, &r.env) {
		return Device
	}
	return side
}

// Look is what an event shows of where it happened: enough to ask SideOf later,
// when more was learnt.
type Look struct {
	Track int32 // as the Recognizer numbers them
	Says  uint8
}

// What a Look says besides the lane of the category, which has the lower two bits.
const (
	looksPython  = 4 << iota
	looksZero    // it is in process 0
	looksUnknown // nothing but its args may tell
	looksEngine  // and they do
)

// Look looks at e, which is no metadata.
func (r *Recognizer) Look(e *trace.Event) Look {
	c, known := producer.CategoryOf(e.Cat())
	track, _ := r.place(e)
	l := look(e, c, known, track)
	if l.Says&looksUnknown != 0 && isEngineEvent(e, &r.env) {
		l.Says |= looksEngine
	}
	return l
}

// SideOf is Side for an event that was looked at.
func (r *Recognizer) SideOf(l Look) Side {
	side, byArgs := r.side(l)
	if byArgs && l.Says&looksEngine != 0 {
		return Device
	}
	return side
}

func look(e *trace.Event, c producer.Category, known bool, track int) Look {
	l := Look{Track: int32(track), Says: uint8(c.Place)}
	if c.Place == producer.OnDevice {
		return l
	}
	kinds := kindsOf(e, c, known)
	if kinds&Python != 0 {
		l.Says |= looksPython
	}
	if string(e.Pid()) == "0" {
		l.Says |= looksZero
	}
	if !known && kinds&(Runtime|Flow) == 0 {
		l.Says |= looksUnknown
	}
	return l
}

// side is SideOf as far as it is no question of args.
func (r *Recognizer) side(l Look) (side Side, byArgs bool) {
	is := producer.Place(l.Says & 3)
	if is == producer.OnDevice {
		return Device, false
	}
	seen := r.seen[r.tracks.All[l.Track].Process]
	engine, python := r.threads[l.Track]&isEngine != 0, l.Says&looksPython != 0
	switch {
	case seen&isGaudi != 0 || engine:
	case r.isDevice(seen):
		return Device, false
	case is == producer.OnStream && seen&(hasHost|isHostByName) == 0:
		return Device, false
	case python && l.Says&looksZero != 0 && seen&(hasHost|isHostByName) == 0:
		return Unsure, false
	}
	switch {
	case is == producer.OnHost || python || seen&isHostByName != 0:
		return Host, false
	case engine:
		return Device, false
	}
	return Host, l.Says&looksUnknown != 0
}

// isDevice reports a process all of whose events are a device's. The pid of a
// host process may be the id of a device as well, where it is small, as in a
// container: what is labelled by both names, or lists a device and has
// operators, is judged by category.
func (r *Recognizer) isDevice(seen evidence) bool {
	switch {
	case seen&isHostByName != 0:
		return false
	case seen&isLabelled != 0:
		return true
	}
	return seen&(isListed|hasStream) != 0 && seen&hasHost == 0
}

// Kinds is KindsOf, and knows the calls of Gaudi's runtime by their thread.
func (r *Recognizer) Kinds(e *trace.Event) Kinds {
	k := KindsOf(e)
	if track, _ := r.place(e); r.threads[track]&isSynapse != 0 && !e.IsMeta() && k&(Python|Counter|Flow) == 0 {
		k |= Runtime
	}
	return k
}

// place returns the numbers of e's track and process, and makes room for what
// is known of them.
func (r *Recognizer) place(e *trace.Event) (track, process int) {
	track = r.tracks.Of(e)
	process = r.tracks.All[track].Process
	for len(r.threads) < len(r.tracks.All) {
		r.threads = append(r.threads, 0)
	}
	for len(r.seen) < len(r.tracks.Processes) {
		pid := r.tracks.Processes[len(r.seen)]
		var known evidence
		if r.listed[pid] {
			known = isListed
		}
		if len(pid) > 5 && pid[:5] == `"GPU ` { // counters of a device have a process of their own
			known = isLabelled
		}
		r.seen = append(r.seen, known)
	}
	return track, process
}
