package requests

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"tracekit/filter"
	"tracekit/filter/producer"
	"tracekit/trace"
	"tracekit/transform/internal/pairs"
)

// CollectOptions say where ids of requests stand in a trace.
type CollectOptions struct {
	// Keys are args whose value is an id, or a list of ids. Nil means
	// producer.RequestKeys, unless there is a Pattern.
	Keys []string
	// Pattern finds an id in a name: the group named id, else the first group,
	// else all that it matches.
	Pattern *regexp.Regexp
	// By is the field that differs from request to request, such as tid where each has a track
	// of its own. Pattern finds the id in it, then, and not in names.
	By *filter.Value
}

// Collector finds requests by ids in the events of a trace. A request lasts
// from the start of the first event that names it to the end of the last. An
// async slice belongs to a request if one of its events names it; if no event
// names any, slices whose category or name is request are requests themselves, each
// begin with its own end: an id that comes again is another request.
// Of other slices the end counts if it names the request too. Where nothing else tells, threads that
// are called by requests are these.
//
// What it keeps grows with the number of requests and of async events that have
// to do with them.
type Collector struct {
	keys    [][]byte  // with quotes
	ending  []byte    // that all keys share
	before  [256]bool // what stands before it in a key
	pattern *regexp.Regexp
	group   int

	by     *filter.Value
	env    filter.Env
	tracks trackTimes

	found  []seen
	at     map[string]int // in found, by id
	asyncs map[string]*asyncs
	events int              // of all of them
	names  map[string]int32 // of async events
	key    []byte

	usual   bool   // the keys are those that servers use, and nothing else names requests
	settled []life // of all asyncs in a snapshot; nil if there is none
}

// seen is a request, as far as it has been seen.
type seen struct {
	id         string
	start, end trace.Time
	begun      bool // before the trace
	open       bool // no end is known
}

// NewCollector returns a Collector that has seen nothing.
func NewCollector(o CollectOptions) (*Collector, error) {
	c := &Collector{pattern: o.Pattern, by: o.By, at: map[string]int{}, asyncs: map[string]*asyncs{}, names: map[string]int32{"": 0}}
	if o.Pattern != nil {
		if c.group = max(o.Pattern.SubexpIndex("id"), 0); c.group == 0 && o.Pattern.NumSubexp() > 0 {
			c.group = 1
		}
	}
	if o.By != nil && !o.By.IsText() {
		return nil, fmt.Errorf("requests by %v: it names nothing", o.By)
	}
	if o.Keys == nil && o.Pattern == nil && o.By == nil {
		o.Keys, c.usual = producer.RequestKeys, true
	}
	for _, k := range o.Keys {
		if k == "" {
			return nil, errors.New("the key of a request's id is empty")
		}
		c.keys = append(c.keys, []byte(`"`+k+`"`))
	}
	c.ending = sharedEnding(c.keys)
	for _, k := range c.keys {
		if n := len(k) - len(c.ending); n > 0 {
			c.before[k[n-1]] = true
			continue
		}
		for i := range c.before { // anything may stand before a whole key
			c.before[i] = true
		}
	}
	return c, nil
}

// sharedEnding is the longest ending of all keys, a quote at least.
func sharedEnding(keys [][]byte) []byte {
	if len(keys) == 0 {
		return nil
	}
	for n := range keys[0] {
		ending := keys[0][n:]
		if !slices.ContainsFunc(keys, func(k []byte) bool { return !bytes.HasSuffix(k, ending) }) {
			return ending
		}
	}
	return []byte{'"'}
}

// Learn looks at an event. It keeps nothing of e.
func (c *Collector) Learn(e *trace.Event) {
	c.tracks.learn(e, c.by)
	if !e.Shown() && !(e.IsEnd() && e.Has&trace.HasTS != 0 && e.TS >= 0) {
		return
	}
	request := c.named(e)
	switch e.Phase {
	case 'b', 'n', 'e':
		c.async(e, request)
	}
}

// named enters the event for the requests that it names, and returns the last
// of them, -1 if there is none.
func (c *Collector) named(e *trace.Event) int {
	request := -1
	if args := e.Args(); c.hasKey(args) {
		for m := range trace.Members(args) {
			if !c.isKey(m.Key) {
				continue
			}
			if len(m.Value) > 0 && m.Value[0] == '[' {
				for v := range trace.Elements(m.Value) {
					request = c.enter(e, v, request)
				}
				continue
			}
			request = c.enter(e, m.Value, request)
		}
	}
	if c.by != nil {
		return c.enterBy(e, request)
	}
	if c.pattern != nil {
		if at := c.pattern.FindSubmatchIndex(e.Name()); at != nil && at[2*c.group] >= 0 {
			id := e.Name()[at[2*c.group]:at[2*c.group+1]]
			request = c.enter(e, append(append([]byte{'"'}, id...), '"'), request)
		}
	}
	return request
}

// hasKey is a quick look for any of the keys: one search for what they share.
func (c *Collector) hasKey(args []byte) bool {
	if len(c.keys) == 0 {
		return false
	}
	for at := 0; ; {
		i := bytes.Index(args[at:], c.ending)
		if i < 0 {
			return false
		}
		at += i + len(c.ending)
		if !c.likely(args[:at-len(c.ending)]) {
			continue
		}
		for _, k := range c.keys {
			if bytes.HasSuffix(args[:at], k) {
				return true
			}
		}
	}
}

// likely tells by the byte before an ending whether a key may end there. Many keys
// of other things end with the same.
func (c *Collector) likely(before []byte) bool {
	return len(before) > 0 && c.before[before[len(before)-1]]
}

func (c *Collector) isKey(key []byte) bool {
	for _, k := range c.keys {
		if string(key) == string(k[1:len(k)-1]) {
			return true
		}
	}
	return false
}

// enter widens the window of the request whose id is the JSON text v. What is
// no id leaves things as they are.
func (c *Collector) enter(e *trace.Event, v []byte, before int) int {
	if len(v) == 0 || v[0] != '"' && v[0] != '-' && v[0]-'0' > 9 || string(v) == `""` {
		return before
	}
	n, ok := c.at[string(v)]
	if !ok {
		n = c.add(string(v), trace.Unquote(v), e)
	}
	s := &c.found[n]
	s.start, s.end = min(s.start, e.TS), max(s.end, e.End())
	return n
}

// add enters a new request. Ids that differ in how they are written only, as
// 7 and "7", are the same.
func (c *Collector) add(text, id string, e *trace.Event) int {
	n, ok := c.at[id]
	if !ok {
		n = len(c.found)
		c.found = append(c.found, seen{id: id, start: e.TS, end: e.End()})
		c.at[id] = n
	}
	c.at[text] = n
	return n
}

// async joins events of a pair, of which only one may name the request.
func (c *Collector) async(e *trace.Event, request int) {
	isRequest := producer.IsRequest(e.Cat()) || producer.IsRequest(e.Name())
	if c.key = pairs.AppendAsyncKey(c.key[:0], e); !pairs.HasAsyncID(e, c.key) {
		return
	}
	a := c.asyncs[string(c.key)]
	if a == nil {
		if request < 0 && !isRequest {
			return
		}
		a = &asyncs{id: asyncID(e)}
		c.asyncs[string(c.key)] = a
	}
	a.isRequest = a.isRequest || isRequest
	name, known := c.names[string(e.Name())]
	if !known {
		name = int32(len(c.names))
		c.names[string(e.Name())] = name
	}
	c.events++
	a.events = append(a.events, asyncEvent{e.TS, name, int32(request), e.Phase})
}

func asyncID(e *trace.Event) string {
	if len(e.ID()) > 0 {
		return trace.Unquote(e.ID())
	}
	id2, _ := e.Member("id2")
	for m := range trace.Members(id2) {
		return trace.Unquote(m.Value)
	}
	return ""
}

// Requests gives what was found, in order of start. A slice that was not closed
// makes its request unfinished: it reaches to the end of the trace. One that
// ends without a beginning had begun before, and reaches from the trace's
// start. Of several with one id the second is called id#2.
func (c *Collector) Requests(clock Clock) []Request {
	all := append([]seen(nil), c.found...)
	if c.by != nil {
		all = append(all, c.tracks.found(func(name []byte) []byte {
			id, _ := c.idIn(name, true)
			return id
		})...)
	}
	named := len(all) > 0
	for _, l := range c.lives() {
		switch {
		case l.request >= 0:
			all[l.request].widen(&l.seen)
		case !named && l.isRequest && l.id != "":
			all = append(all, l.seen)
		}
	}
	if len(all) == 0 && c.usual {
		all = c.tracks.byRequest()
	}
	requests := make([]Request, len(all))
	for i, s := range all {
		requests[i] = Request{ID: s.id, Start: s.start, End: s.end, Source: Events,
			Begun: s.begun, Unfinished: s.open, FirstStep: -1, LastStep: -1}
		if s.begun {
			requests[i].Start = min(s.start, clock.Zero)
		}
		if s.open {
			requests[i].End = max(s.end, clock.end())
		}
	}
	sortRequests(requests)
	tellApart(requests)
	return requests
}

// Memory is about how many bytes c takes.
func (c *Collector) Memory() int {
	const request, id, async, event = 48, 100, 180, 40
	return request*cap(c.found) + id*len(c.at) + async*len(c.asyncs) + event*c.events + c.tracks.memory()
}

func (s *seen) widen(o *seen) {
	s.start, s.end = min(s.start, o.start), max(s.end, o.end)
	s.begun, s.open = s.begun || o.begun, s.open || o.open
}

// tellApart gives requests of one id names of their own.
func tellApart(all []Request) {
	times := map[string]int{}
	for i := range all {
		id := all[i].ID
		if times[id]++; times[id] > 1 {
			all[i].ID = id + "#" + strconv.Itoa(times[id])
		}
	}
}
