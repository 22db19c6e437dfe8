package trace

import "bytes"

// Limits of the search for the next event after a broken one. An object that
// the search found and that runs on for this long was no event.
const maxFound = 1 << 20

// runaway reports that an object of n bytes so far, found by a search, is too
// long to be believed.
func (d *document) runaway(n int) bool { return d.resync && n > maxFound }

// skipBroken counts the broken text at buf[at] and returns where the next
// event may stand, or where the search has to go on once there is more text.
func (d *document) skipBroken(buf []byte, at int, off int64, last bool) int {
	next := at + 1
	if buf[at] != '{' {
		if end, vst := skipValue(buf, at); vst == scanned {
			next = end
		} else if end := skipToken(buf, at); end > at {
			next = end
		}
	}
	to := findEvent(buf, next, last)
	if !d.resync {
		d.damage.lose(BrokenEvent, off+int64(at), 0)
	}
	d.damage.finds[BrokenEvent].Bytes += int64(to - at)
	d.resync = true
	return to
}

// eventKeys are the members an event may start with.
var eventKeys = []string{"ph", "name", "cat", "ts", "pid", "tid", "dur", "id", "args", "s", "bp", "tts"}

// findEvent looks for the next object that could be an event: it starts with
// a key of the format and, as far as it can be seen, reads through to its end
// with a phase. It returns the end of the array if that comes first, else
// where the search has to go on.
func findEvent(buf []byte, p int, last bool) int {
	for {
		i := bytes.IndexByte(buf[p:], '{')
		if i < 0 {
			return closingBracket(buf, p)
		}
		at := p + i
		key := skipSpace(buf, at+1)
		if key >= len(buf) || len(buf)-key < 8 {
			if last {
				return closingBracket(buf, p)
			}
			return at
		}
		if buf[key] == '"' && startsWithKey(buf[key+1:], eventKeys) {
			var e Event
			end, st := scanEvent(buf, at, at, &e)
			if st == partial && !last {
				return at
			}
			if st == scanned && e.Phase != 0 && !hasRawControl(buf[at:end]) {
				return at
			}
		}
		p = at + 1
	}
}

func startsWithKey(b []byte, keys []string) bool {
	for _, k := range keys {
		if len(b) > len(k) && string(b[:len(k)]) == k && b[len(k)] == '"' {
			return true
		}
	}
	return false
}

// documentKeys are members that follow an array of events in real traces.
var documentKeys = []string{
	"traceName", "displayTimeUnit", "baseTimeNanoseconds", "schemaVersion", "deviceProperties",
	"distributedInfo", "metadata", "otherData", "trace_id", "INFO", "WARNING", "ERROR",
	"systemTraceEvents", "stackFrames", "samples", "record_shapes", "with_stack", "traceEvents",
}

// closingBracket finds the end of the array of events in text that holds no
// further event: a ] before a } that ends the text, or before a member that
// documents have. Without one, all of the text is passed over.
func closingBracket(buf []byte, p int) int {
	for {
		i := bytes.IndexByte(buf[p:], ']')
		if i < 0 {
			return len(buf)
		}
		at := p + i
		q := skipSpace(buf, at+1)
		if q < len(buf) && buf[q] == '}' && skipSpace(buf, q+1) == len(buf) {
			return at
		}
		if q < len(buf) && buf[q] == ',' {
			q = skipSpace(buf, q+1)
			if q < len(buf) && buf[q] == '"' && startsWithKey(buf[q+1:], documentKeys) {
				return at
			}
		}
		p = at + 1
	}
}

// hasRawControl reports a control character inside a string: one that stands
// there is a sign that the quotes are read the wrong way round.
func hasRawControl(obj []byte) bool {
	for p := 0; p < len(obj); {
		i := bytes.IndexByte(obj[p:], '"')
		if i < 0 {
			return false
		}
		end, st := skipString(obj, p+i)
		if st != scanned {
			return true
		}
		for _, c := range obj[p+i : end] {
			if c < 0x20 {
				return true
			}
		}
		p = end
	}
	return false
}
