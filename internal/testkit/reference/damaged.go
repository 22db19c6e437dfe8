package reference

import (
	"regexp"
	"strings"
)

// Damaged is what is left of an array of events, whatever happened to its text, by the
// rule that FORMATS.md states.
type Damaged struct {
	Events []string // their text
	Broken int      // stretches that were left out
	Lost   int      // bytes of these

	text  string
	over  *regexp.Regexp // the end of the array behind something broken
	doubt int            // where the zone of doubt ends
}

// Bounds of the rule, in bytes and brackets.
const (
	mostEvent    = 64 << 20
	doubtedEvent = 1 << 20
	doubtedDepth = 16
	mostBlank    = 4 << 10
)

var (
	aString   = regexp.MustCompile(`(?s)^"(?:[^"\\]|\\.)*"`)
	aWord     = regexp.MustCompile(`^[-+.0-9A-Za-z]+`)
	across    = regexp.MustCompile(`\}[ ,\n\r\t]*\{[ \n\r\t]*"$`)
	continues = regexp.MustCompile(`^\][ \n\r\t]*(?:\]|,[ \n\r\t]*[{\[])`)
	starts    = regexp.MustCompile(`^\{[ \n\r\t]*"`)
	isLast    = regexp.MustCompile(`^\][ \n\r\t]*$`)
	isOver    = regexp.MustCompile(`^\][ \n\r\t]*(?:$|\}[ \n\r\t]*(?:[^],} \n\r\t]|$)|,[ \n\r\t]*"(?:traceName|displayTimeUnit|baseTimeNanoseconds|schemaVersion|deviceProperties|distributedInfo|metadata|otherData|trace_id|INFO|WARNING|ERROR|host_name|systemTraceEvents|stackFrames|samples|record_shapes|with_stack|traceEvents)")`)
)

// ReadDamaged reads the text behind the bracket that opens an array of events, which
// is the document itself if it is bare.
func ReadDamaged(text string, bare bool) *Damaged {
	d := &Damaged{text: text, over: isOver}
	if bare {
		d.over = isLast
	}
	for p := 0; p < len(text); {
		switch c := text[p]; {
		case strings.IndexByte(", \n\r\t", c) >= 0:
			p++
			continue
		case c == ']' && !continues.MatchString(text[p:]):
			return d
		case c == '{':
			if end, whole, _ := d.object(p); whole {
				if bare && len(d.Events) == 0 && skip(text, p+1) == end-1 { // a viewer takes not a trace that begins so
					p = end
					continue
				}
				d.Events = append(d.Events, text[p:end])
				p = end
				continue
			}
		}
		next := p + 1
		for next < len(text) && !d.mayGoOn(next) {
			next++
		}
		d.Broken++
		d.Lost += next - p
		p = next
	}
	return d
}

// mayGoOn reports whether reading goes on at text[p] after something broken.
func (d *Damaged) mayGoOn(p int) bool {
	if starts.MatchString(d.text[p:]) {
		end, whole, hasPh := d.object(p)
		if whole && !hasPh {
			d.doubt = max(d.doubt, end)
		}
		return whole && hasPh
	}
	return d.text[p] == ']' && d.over.MatchString(d.text[p:])
}

// object reads the object at text[at]. It returns where it ends, or where it could
// not be read any further.
func (d *Damaged) object(at int) (end int, whole, hasPh bool) {
	size, depth := mostEvent, 1<<30
	if at < d.doubt {
		size, depth = doubtedEvent, doubtedDepth
	}
	s := d.text[:min(len(d.text), at+size)]
	if end, whole, hasPh = readEvent(s, at, depth); !whole && at >= d.doubt {
		d.doubt = end
	}
	return end, whole, hasPh
}

// readEvent reads the object at s[at], in which brackets lie no deeper than depth.
func readEvent(s string, at, depth int) (end int, whole, hasPh bool) {
	p := skip(s, at+1)
	if p < len(s) && s[p] == '}' {
		return p + 1, true, false
	}
	for {
		key := aString.FindString(s[p:])
		if key == "" {
			return unread(s, p), false, false
		}
		if p = skip(s, p+len(key)); p == len(s) || s[p] != ':' {
			return p, false, false
		}
		if p = skip(s, p+1); p == len(s) {
			return p, false, false
		}
		from := p
		switch s[p] {
		case '"':
			p += len(aString.FindString(s[p:]))
		case '{', '[':
			if p, whole = readBracket(s, p, depth-1); !whole {
				return p, false, false
			}
		default:
			p += len(aWord.FindString(s[p:]))
		}
		if p == from {
			return unread(s, p), false, false
		}
		if unquote(key) == "ph" {
			hasPh = s[from] == '"' && p-from > 2 && s[from+1] != 0
		}
		p = skip(s, p)
		if p < len(s) && s[p] == '}' {
			return p + 1, true, hasPh
		}
		if p == len(s) || s[p] != ',' {
			return p, false, false
		}
		p = skip(s, p+1)
	}
}

// unread is where a token ends the reading that is none: at its start, but an open
// string runs to the end of the text.
func unread(s string, p int) int {
	if p < len(s) && s[p] == '"' {
		return len(s)
	}
	return p
}

func skip(s string, p int) int {
	for p < len(s) && strings.IndexByte(" \n\r\t", s[p]) >= 0 {
		p++
	}
	return p
}

// readBracket reads what stands in the bracket at s[at].
func readBracket(s string, at, depth int) (end int, whole bool) {
	open := ""
	for p := at; p < len(s); p++ {
		switch c := s[p]; c {
		case '"':
			t := aString.FindString(s[p:])
			if t == "" {
				return len(s), false
			}
			if after := s[p+len(t):]; across.MatchString(t) && after != "" && after[0] > ' ' && strings.IndexByte(",:}])", after[0]) < 0 {
				return p, false
			}
			p += len(t) - 1
		case '{', '[':
			before := strings.TrimRight(s[at:p], " \n\r\t")
			value := strings.HasSuffix(before, ":") || strings.HasSuffix(before, "(")
			element := strings.HasSuffix(open, "[") && (strings.HasSuffix(before, "[") || strings.HasSuffix(before, ","))
			if len(open) == depth || c == '{' && p > at && !value && !element {
				return p, false
			}
			open += string(c)
		case '}', ']':
			opens, others := "{", "["
			if c == ']' {
				opens, others = others, opens
			}
			if s[at:at+1] == opens { // what is open within does not count
				open = strings.TrimRight(open, others)
			}
			open = strings.TrimSuffix(open, opens)
			if open == "" {
				return p + 1, true
			}
		}
	}
	return len(s), false
}
