package trace

import (
	"bytes"

	"tracekit/internal/jsonlex"
)

// Where reading goes on after a broken event, and what a broken event is, is one
// rule for every verb. FORMATS.md states it, internal/testkit/reference has it a second time.
//
// An element that is no event is left out, and reading goes on at the next place
// behind its first byte where an object begins that reads as an event with a ph, or
// where the array ends. To find that out for every object costs too much where
// objects lie in each other, so up to the byte at which a broken one could not be
// read any further, the zone of doubt, only what is small and flat counts.
const (
	doubtSize  = 1 << 20 // bytes
	doubtDepth = 16      // brackets in each other, the event's own included
)

// finding is what was found at a place in an array of events.
type finding uint8

const (
	yes  finding = iota
	no           // it is something else
	more         // text that is not there yet decides
)

// object reads the object at buf[at] into e, whose text must start at buf[from]. It
// is broken if it is no event, and where it has no end within what it may take.
func (d *document) object(buf []byte, from, at int, off int64, last bool, e *Event) (end int, st status) {
	size, depth := MaxEvent, maxNesting
	doubted := off+int64(at) < d.doubt
	if doubted {
		size, depth = doubtSize, doubtDepth
	}
	text := buf
	if len(text)-at > size {
		text, last = buf[:at+size], true
	}
	end, st = scanEvent(text, from, at, depth, e)
	d.searched += int64(end - at)
	if st == partial && !last {
		return end, st
	}
	if st != scanned && !doubted {
		d.doubt = off + int64(end)
	}
	if st == partial {
		st = broken
	}
	return end, st
}

// lose counts broken text, which begins at an offset.
func (d *document) lose(before, off int64) {
	d.damage.lose(BrokenEvent, off, 1)
	d.resync, d.lost = true, before
}

// search passes over broken text from buf[p] on, and returns where it goes on, which
// may want more text.
func (d *document) search(buf []byte, p int, off int64, last bool) (next int, found finding) {
	next, found = d.findEvent(buf, p, off, last)
	d.damage.finds[BrokenEvent].Bytes += int64(next - p)
	d.resync = found != yes
	return next, found
}

// findEvent looks from buf[p] on for an object that reads as an event with a ph, or
// for the bracket that ends the array.
func (d *document) findEvent(buf []byte, p int, off int64, last bool) (at int, found finding) {
	for ; ; p++ {
		i := bytes.IndexAny(buf[p:], "{]")
		if i < 0 {
			return len(buf), no
		}
		if p += i; buf[p] == ']' {
			found = d.endsAfterDamage(buf, p, last)
		} else {
			found = d.eventAt(buf, p, off, last)
		}
		if found != no {
			return p, found
		}
	}
}

// startsObject reports whether a key may follow the brace at buf[at].
func startsObject(buf []byte, at int, last bool) finding {
	c, found := behind(buf, at+1, last)
	if found == yes && c != '"' {
		return no
	}
	return found
}

// textEnds stands for the byte behind the last.
const textEnds = -1

// behind returns the byte at buf[p] or behind the white space there, or textEnds; and no
// where there is too much white space.
func behind(buf []byte, p int, last bool) (c int, found finding) {
	q := jsonlex.SkipSpace(buf[:min(len(buf), p+maxLead)], p)
	switch {
	case q == p+maxLead:
		return 0, no
	case q < len(buf):
		return int(buf[q]), yes
	case last:
		return textEnds, yes
	}
	return 0, more
}

// endsArray reports whether the bracket at buf[at] ends the array of events: not if
// more elements follow, or another bracket.
func (d *document) endsArray(buf []byte, at int, last bool) finding {
	if d.chosen {
		return no
	}
	c, found := behind(buf, at+1, last)
	if c == ',' {
		c, found = behind(buf, jsonlex.SkipSpace(buf, at+1)+1, last)
		if c == '{' || c == '[' {
			return no
		}
	} else if c == ']' {
		return no
	}
	if found == more {
		return more
	}
	return yes
}

// endsAfterDamage is endsArray where the text before is broken, so that the bracket
// may be one in an event: it counts if the text ends behind it, or an object around the
// array does, or a member of documents follows.
func (d *document) endsAfterDamage(buf []byte, at int, last bool) finding {
	if d.chosen {
		return no
	}
	c, found := behind(buf, at+1, last)
	if found != yes {
		return found
	}
	next := jsonlex.SkipSpace(buf, at+1)
	switch {
	case c == textEnds:
		return yes
	case d.bare:
		return no
	case c == '}':
		if c, found = behind(buf, next+1, last); found == yes && (c == ',' || c == '}' || c == ']') {
			return no
		}
		return found
	case c == ',':
		if c, found = behind(buf, next+1, last); found == yes && c == '"' {
			return startsMember(buf, jsonlex.SkipSpace(buf, next+1)+1, last)
		}
		return max(found, no)
	}
	return no
}

// documentKeys are members that follow an array of events in real traces.
var documentKeys = []string{
	"traceName", "displayTimeUnit", "baseTimeNanoseconds", "schemaVersion", "deviceProperties",
	"distributedInfo", "metadata", "otherData", "trace_id", "INFO", "WARNING", "ERROR", "host_name",
	"systemTraceEvents", "stackFrames", "samples", "record_shapes", "with_stack", "traceEvents",
}

// startsMember reports whether one of the documentKeys stands at buf[p], and a quote.
func startsMember(buf []byte, p int, last bool) finding {
	for _, k := range documentKeys {
		n := min(len(k)+1, len(buf)-p)
		if string(buf[p:p+n]) == (k + `"`)[:n] {
			if n <= len(k) && !last {
				return more
			}
			if n > len(k) {
				return yes
			}
		}
	}
	return no
}

// EventAt reports whether reading may go on at text[at] after a broken event, as far as
// text tells: sure is false if more of it decides. last says that there is no more.
func EventAt(text []byte, at int, last bool) (is, sure bool) {
	d := document{doubt: int64(at) + 1}
	found := d.eventAt(text, at, 0, last)
	return found == yes, found != more
}

// eventAt reports whether the object at buf[at] reads as an event with a ph.
func (d *document) eventAt(buf []byte, at int, off int64, last bool) finding {
	if found := startsObject(buf, at, last); found != yes {
		return found
	}
	var e Event
	end, st := d.object(buf, at, at, off, last, &e)
	switch {
	case st == partial:
		return more
	case st == broken:
		return no
	case e.Phase == 0:
		d.doubt = max(d.doubt, off+int64(end))
		return no
	}
	return yes
}
