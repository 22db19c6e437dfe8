package filter

import (
	"bytes"
	"slices"

	"tracekit/filter/producer"
	"tracekit/trace"
)

// Recognizer decides which events ran on a device, and which are of other kinds that the event itself
// does not show. It learns as a trace goes by, in one pass: from the text of the
// document, from every event, and from the names, wherever the trace has them. What it
// remembers grows with processes and threads only. The zero value is ready to use.
//
// Categories decide where they are known, else names of processes and threads, then args
// and the devices that the document lists. What is of no known category is Unsure as long as its
// process has no name. Python frames are the host's always: profilers put frames of threads
// that they do not know into process 0, which is that of the first device too.
type Recognizer struct {
	Given Given // what a user says of events

	tracks    trace.Tracks
	seen      []evidence // by process
	threads   []threadIs // by track
	levels    []producer.Level
	processes []producer.Level
	listed    map[string]bool
	env       Env
	names     givenNames

	// Learnt counts how often something was learnt that may change what was said.
	Learnt int
}

// evidence is what is known of a process.
type evidence uint16

const (
	isListed     evidence = 1 << iota // its pid is the id of a device in the document
	isLabelled                        // it is called as devices are, and as processes may be
	isNamed                           // it is a device's by its name
	isGaudi                           // it is named as a Gaudi, or has an engine's events
	hasStream                         // it has events of a stream
	hasHost                           // it has operators or runtime calls
	isHostByName                      // it is named or labelled as the host's
	makesCalls                        // it is named for the calls that it makes
	hasName                           // it has a name or a label
	linksDevices                      // it shows what moves data between devices
)

// threadIs is what is known of a thread.
type threadIs uint8

const (
	isEngine  threadIs = 1 << iota // an engine of a Gaudi
	isStream                       // a device's, or has events of one
	isHost                         // the host's by its name
	hasHosts                       // it has events of the host
	isCaller                       // it calls the runtime
	showsCall                      // all that it shows are such calls
	isLink                         // an engine that moves data between devices
	ofSteps                        // it shows steps
)

// Clone returns a Recognizer that knows the same, for use at the same time. Neither
// must learn more: what both know of devices they share.
func (r *Recognizer) Clone() *Recognizer {
	c := *r
	c.env, c.tracks = Env{}, *r.tracks.Known()
	c.seen, c.threads = slices.Clone(r.seen), slices.Clone(r.threads)
	c.levels, c.processes = slices.Clone(r.levels), slices.Clone(r.processes)
	return &c
}

// LearnDocument takes text of the document, outside of its events. It must
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

// Learn learns what e shows of its process and thread. Call it for every event,
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
	case c.Place == producer.OnHost:
		r.learnHost(e, c, track, process)
	case c.Place == producer.OnDevice:
		if r.learns(track, process) {
			r.learnDevice(e, track, process)
		}
	case c.Place == producer.OnEngine:
		r.learnEngine(e, track, process)
	case c.Place == producer.ByTrack && e.Phase == 'X' && r.threads[track] == 0 && r.seen[process]&(isNamed|isHostByName|makesCalls) == 0:
		r.learnUnknown(e, track, process)
	}
	return c, known, track
}

// learns reports whether a device's event can tell more of its thread or process.
func (r *Recognizer) learns(track, process int) bool {
	return r.threads[track]&(isStream|isEngine) == 0 ||
		r.seen[process]&(hasStream|isGaudi) != hasStream && r.threads[track]&isEngine == 0
}

// IsFinal reports, for an event that was learnt from, that nothing can be learnt from
// others with the same number, and that they are of the same side and kinds as long as Learnt
// stays what it is.
func (r *Recognizer) IsFinal(e *trace.Event) bool {
	if !IsByCategory(e) || r.Given != (Given{}) {
		return false
	}
	track, process := r.place(e)
	c, _ := producer.CategoryOf(e.Cat())
	switch {
	case e.IsFlow():
		return !r.MayCross(e)
	case c.Place == producer.OnDevice:
		return !r.learns(track, process)
	case c.Place == producer.OnEngine:
		return r.threads[track]&(isEngine|isHost|hasHosts|isCaller) != 0
	}
	return true
}

// ByPlace reports whether all slices of e's name and category on its thread are of its side and kinds,
// whatever their args, as long as Learnt stays what it is.
func (r *Recognizer) ByPlace(e *trace.Event) bool {
	c, known := producer.CategoryOf(e.Cat())
	track, _ := r.place(e)
	switch {
	case r.Given != (Given{}):
		return false
	case c.Place == producer.OnEngine:
		return r.threads[track]&(isEngine|isHost|hasHosts|isCaller) != 0
	}
	return known || !producer.MayBeStage(e.Name())
}

func (r *Recognizer) see(process int, what evidence) {
	if r.seen[process]&what != what {
		r.seen[process] |= what
		r.Learnt++
	}
}

func (r *Recognizer) markThread(track int, what threadIs) {
	if r.threads[track]&what != what {
		r.threads[track] |= what
		r.Learnt++
	}
}

// learnHost learns from an event of the host.
func (r *Recognizer) learnHost(e *trace.Event, c producer.Category, track, process int) {
	is := hasHosts
	if c.Kinds&Runtime != 0 {
		is |= isCaller
	}
	r.markThread(track, is)
	if r.seen[process]&hasHost == 0 && producer.IsHostOnly(e.Cat()) {
		r.see(process, hasHost)
	}
}

// learnDevice looks into a device's event for what kind of device it is.
func (r *Recognizer) learnDevice(e *trace.Event, track, process int) {
	switch {
	case hasArg(e, &r.env, producer.RecipeArgs...):
		r.see(process, isGaudi)
		r.markThread(track, isEngine)
	case hasArg(e, &r.env, "stream", "correlation"):
		r.see(process, hasStream)
	}
	r.markThread(track, isStream)
}

// learnEngine learns from an event that is a call of the host, or an engine's.
func (r *Recognizer) learnEngine(e *trace.Event, track, process int) {
	if r.threads[track]&(isEngine|isCaller) != 0 {
		return
	}
	switch {
	case hasArg(e, &r.env, producer.EngineArgs...):
		r.see(process, isGaudi)
		r.markThread(track, isEngine)
	case producer.IsCall(e.Name()), r.seen[process]&isGaudi == 0 && !hasArg(e, &r.env, producer.RecipeArgs...):
		r.markThread(track, isCaller)
		r.see(process, hasHost)
	}
}

// learnUnknown learns from a slice of no known category by its args.
func (r *Recognizer) learnUnknown(e *trace.Event, track, process int) {
	var set producer.ArgSet
	for m := range trace.Members(e.Args()) {
		set |= producer.DeviceArg(m.Key)
		if r.isEngines(m.Key, process) {
			r.see(process, isGaudi)
			r.markThread(track, isEngine)
			return
		}
	}
	if set != 0 && set.AreDevice() && !producer.IsCall(e.Name()) {
		r.markThread(track, isStream)
	}
}

// isEngines reports a key of args that tells an engine of a Gaudi, in a process that may be one.
func (r *Recognizer) isEngines(raw []byte, process int) bool {
	keys := producer.EngineArgs
	if r.seen[process]&isGaudi != 0 {
		keys = producer.RecipeArgs
	}
	for _, key := range keys {
		if keyIs(raw, key, &r.env) {
			return true
		}
	}
	return false
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
		r.learnProcess(process, producer.LabelIs(text))
	case "process_name":
		r.names.process(&r.Given, e, text)
		r.learnProcess(process, producer.ProcessIs(text))
	case "thread_name":
		r.names.thread(&r.Given, e, text)
		if string(text) == producer.StepThread {
			r.markThread(track, ofSteps)
		}
		r.learnThread(track, producer.ThreadIs(text))
	}
}

var processIs = [...]evidence{
	producer.Host: isHostByName, producer.Calls: isHostByName | makesCalls, producer.Device: isNamed,
	producer.Labelled: isLabelled, producer.Engines: isGaudi,
}

var threadOf = [...]threadIs{
	producer.Host: isHost, producer.Calls: isHost | isCaller | showsCall, producer.Device: isStream,
	producer.Labelled: isStream, producer.Engines: isEngine, producer.Engine: isEngine,
}

func (r *Recognizer) learnProcess(process int, rule producer.Rule) {
	r.see(process, processIs[rule.Is]|hasName)
	if rule.Links {
		r.see(process, linksDevices)
	}
	r.processes[process] = max(r.processes[process], rule.Level)
}

func (r *Recognizer) learnThread(track int, rule producer.Rule) {
	if is := threadOf[rule.Is]; is != 0 {
		r.markThread(track, is)
	}
	if rule.Links {
		r.markThread(track, isLink)
	}
	r.levels[track] = max(r.levels[track], rule.Level)
}

// place returns the numbers of e's track and process, and makes room for what
// is known of them.
func (r *Recognizer) place(e *trace.Event) (track, process int) {
	track = r.tracks.Of(e)
	process = r.tracks.All[track].Process
	if len(r.threads) < len(r.tracks.All) {
		r.grow()
	}
	return track, process
}

// grow makes room for new tracks. Ids that are text tell what names do.
func (r *Recognizer) grow() {
	for len(r.seen) < len(r.tracks.Processes) {
		process, pid := len(r.seen), r.tracks.Processes[len(r.seen)]
		r.seen, r.processes = append(r.seen, 0), append(r.processes, 0)
		if r.listed[pid] {
			r.seen[process] = isListed
		}
		if rule := producer.ProcessIs(textID(pid)); rule.Is != producer.Nothing {
			r.learnProcess(process, rule)
		}
	}
	for len(r.threads) < len(r.tracks.All) {
		track := len(r.threads)
		r.threads, r.levels = append(r.threads, 0), append(r.levels, 0)
		r.learnThread(track, producer.ThreadIs(textID(r.tracks.All[track].Tid)))
	}
}

// textID is the text of an id that is text or below zero, nil for other numbers.
func textID(id string) []byte {
	switch {
	case len(id) < 2:
		return nil
	case id[0] == '-':
		return []byte(id)
	case id[0] != '"':
		return nil
	}
	return []byte(trace.Unquote([]byte(id)))
}
