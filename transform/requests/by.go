package requests

import (
	"bytes"

	"tracekit/filter"
	"tracekit/trace"
)

// enterBy enters the event for the request that a field names, and returns that, or before if
// there is none.
func (c *Collector) enterBy(e *trace.Event, before int) int {
	text, ok := c.by.TextOf(e, &c.env)
	if text, ok = c.idIn(text, ok); !ok {
		return before
	}
	n, known := c.at[string(text)]
	if !known {
		n = c.add(string(text), string(text), e)
	}
	s := &c.found[n]
	s.start, s.end = min(s.start, e.TS), max(s.end, e.End())
	return n
}

// idIn is the id in a text, by the pattern if there is one.
func (c *Collector) idIn(text []byte, ok bool) ([]byte, bool) {
	if !ok || len(text) == 0 || c.pattern == nil {
		return text, ok && len(text) > 0
	}
	at := c.pattern.FindSubmatchIndex(text)
	if at == nil || at[2*c.group] < 0 {
		return nil, false
	}
	return text[at[2*c.group]:at[2*c.group+1]], true
}

// trackTimes knows when something happened on each thread or in each process, where requests
// go by the names of these, which metadata may tell at the end of the file.
type trackTimes struct {
	tracks  trace.Tracks
	threads bool // not processes
	times   []seen
	names   []string
	likely  []string // threads that seem to be requests, a few of them
}

func (t *trackTimes) learn(e *trace.Event, by *filter.Value) {
	if by == nil {
		t.guess(e)
		return
	}
	if t.threads = by.OfThread(); !t.threads && !by.OfProcess() {
		return
	}
	n := t.tracks.Process(e)
	if t.threads {
		n = t.tracks.Of(e)
	}
	for len(t.times) <= n {
		t.times, t.names = append(t.times, seen{start: trace.MaxTime, end: trace.MinTime}), append(t.names, "")
	}
	if e.IsMeta() {
		if what := string(e.Name()); what == "thread_name" && t.threads || what == "process_name" && !t.threads {
			for m := range trace.Members(e.Args()) {
				if string(m.Key) == "name" {
					t.names[n] = trace.Unquote(m.Value)
				}
			}
		}
	} else if e.Shown() {
		t.times[n].start, t.times[n].end = min(t.times[n].start, e.TS), max(t.times[n].end, e.End())
	}
}

// found are the threads or processes that have names and events. Those of one name are one.
func (t *trackTimes) found(c *Collector) (all []seen) {
	at := map[string]int{}
	for i := range t.times {
		id, ok := c.idIn([]byte(t.names[i]), true)
		if !ok || t.times[i].start > t.times[i].end {
			continue
		}
		n, known := at[string(id)]
		if !known {
			n = len(all)
			at[string(id)] = n
			all = append(all, seen{id: string(id), start: trace.MaxTime, end: trace.MinTime})
		}
		all[n].widen(&t.times[i])
	}
	return all
}

// mostLikely bounds the threads that are told as examples.
const mostLikely = 3

// guess notes threads whose ids are words that seem to count something up: chatcmpl-7.
func (t *trackTimes) guess(e *trace.Event) {
	tid := e.Tid()
	if len(tid) < 4 || tid[0] != '"' || len(t.likely) == mostLikely || !e.Shown() || bytes.IndexByte(tid, ' ') >= 0 || !bytes.ContainsAny(tid, "0123456789") {
		return
	}
	for _, known := range t.likely {
		if known == string(tid) {
			return
		}
	}
	t.likely = append(t.likely, string(tid))
}
