package requests

import (
	"bytes"

	"tracekit/filter"
	"tracekit/filter/producer"
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
// go by the names of these, which metadata may tell at the end of the file. Unless a field is
// named, these are threads.
type trackTimes struct {
	tracks  trace.Tracks
	threads bool // not processes
	times   []seen
	names   []string
	likely  []string // threads that seem to be requests, a few of them
	called  []seen   // in a snapshot: the threads that are called by a request
}

func (t *trackTimes) learn(e *trace.Event, by *filter.Value) {
	if by == nil {
		t.guess(e)
	}
	if t.threads = by == nil || by.OfThread(); !t.threads && !by.OfProcess() {
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
				if string(m.Key) == "name" && (by != nil || producer.RequestOfThread(bytes.Trim(m.Value, `"`)) != nil) {
					t.names[n] = trace.Unquote(m.Value)
				}
			}
		}
	} else if e.Shown() || e.IsEnd() && e.Has&trace.HasTS != 0 && e.TS >= 0 {
		t.times[n].start, t.times[n].end = min(t.times[n].start, e.TS), max(t.times[n].end, e.End())
	}
}

// found are the threads or processes that have names and events, by the ids in these. Those of one id are one.
func (t *trackTimes) found(idIn func(name []byte) []byte) (all []seen) {
	at := map[string]int{}
	for i := range t.times {
		id := idIn([]byte(t.names[i]))
		if len(id) == 0 || t.times[i].start > t.times[i].end {
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

// byRequest are the threads that are called by a request, if there are several.
func (t *trackTimes) byRequest() []seen {
	if t.called != nil {
		return t.called
	}
	if all := t.found(producer.RequestOfThread); len(all) > 1 {
		return all
	}
	return nil
}

// memory is about how many bytes t takes.
func (t *trackTimes) memory() int {
	const each = 64
	return t.tracks.Memory() + each*cap(t.times)
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
