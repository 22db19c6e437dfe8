package tracegen

import (
	"fmt"
	"strings"
)

// shape is the text of a kind of event on one track that stays the same from
// event to event.
type shape struct {
	pre, mid, post string // before the name, from there to the ts, after the ts
	dur            string // before the duration
	null           string // args that are null
	args, endArgs  string // around the args
	end            string
	shown          bool // counts for the trace's beginning
	tally          *Tally
}

// shape makes a shape from a template: an event's members up to its args as
// Kineto lays them out, a line break where it breaks lines, @ for the name and
// # for the timestamp.
func (e *encoder) shape(tally string, shown bool, format string, args ...any) *shape {
	text := fmt.Sprintf(format, args...)
	pre, rest, ok := strings.Cut(text, "@")
	if !ok {
		pre, rest = "", text
	}
	mid, post, _ := strings.Cut(rest, "#")
	if !ok {
		pre, mid = mid, ""
	}
	s := &shape{pre: pre, mid: mid, post: post, shown: shown, dur: `, "dur": `, null: ",\n\"args\": null"}
	for _, part := range []*string{&s.pre, &s.mid, &s.post, &s.dur, &s.null} {
		*part = e.spaced(*part)
	}
	s.args, s.endArgs, s.end = ", \"args\": {", "}", "}"
	switch e.layout {
	case Kineto:
		s.pre = "{\n    " + s.pre
		s.args, s.endArgs, s.end = ",\n    \"args\": {\n      ", "\n    }", "\n  }"
	case Dump:
		s.pre = "{" + s.pre
	case Indent2:
		s.pre = "{\n      " + s.pre
		s.args, s.endArgs, s.end = ",\n      \"args\": {\n        ", "\n      }", "\n    }"
	}
	s.tally = e.tallies[tally]
	if s.tally == nil {
		s.tally = &Tally{}
		e.tallies[tally] = s.tally
	}
	return s
}

// spaced puts the layout's white space between members.
func (e *encoder) spaced(text string) string {
	switch e.layout {
	case Kineto:
		return strings.ReplaceAll(text, ",\n", ",\n    ")
	case Dump:
		return strings.ReplaceAll(text, ",\n", ", ")
	}
	text = strings.ReplaceAll(text, ",\n", ", ")
	return strings.ReplaceAll(text, ", ", ",\n      ")
}

// track is a thread of a process, as JSON values.
type track struct{ pid, tid string }

func (e *encoder) slices(cat string, t track) *shape {
	return e.shape("X:"+cat, true, `"ph": "X", "cat": "%s", "name": "@", "pid": %s, "tid": %s,`+"\n"+`"ts": #`, cat, t.pid, t.tid)
}

// flow makes the shape of a flow event, whose id stands where others have their name.
func (e *encoder) flow(ph, cat string, t track) *shape {
	bind := ""
	if ph == "f" {
		bind = `, "bp": "e"`
	}
	return e.shape(ph+":"+cat, false, `"ph": "%s", "id": @, "pid": %s, "tid": %s, "ts": #,`+"\n"+`"cat": "%s", "name": "%[4]s"%[5]s`, ph, t.pid, t.tid, cat, bind)
}

// high makes the shape of a high-level event of vLLM on Gaudi.
func (e *encoder) high(ph string, t track) *shape {
	return e.shape(ph+":", true, `"pid": %s, "tid": %s, "ph": "%s", "name": "@", "ts": #`, t.pid, t.tid, ph)
}
