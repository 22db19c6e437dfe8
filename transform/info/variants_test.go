package info

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// member is a member of an event, as it stands.
type member struct {
	key   string
	value json.RawMessage
}

// ordered reads an object and keeps the order of its members; nil for what is none.
func ordered(data []byte) (members []member) {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	members = []member{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil
		}
		m := member{key: key.(string)}
		if d.Decode(&m.value) != nil {
			return nil
		}
		members = append(members, m)
	}
	return members
}

// objectOf is the text of an object.
func objectOf(members []member) json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			b.WriteByte(',')
		}
		key, _ := json.Marshal(m.key)
		b.Write(key)
		b.WriteByte(':')
		b.Write(m.value)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// rewritten is a trace with other events, each of which comes from one of it; nil if it is not plain JSON.
func rewritten(data []byte, change func(events [][]member) [][]member) []byte {
	var list []json.RawMessage
	document := ordered(data)
	if document == nil && json.Unmarshal(data, &list) != nil {
		return nil
	}
	at := slices.IndexFunc(document, func(m member) bool { return m.key == "traceEvents" })
	if document != nil && (at < 0 || json.Unmarshal(document[at].value, &list) != nil || list == nil) {
		return nil
	}
	var events [][]member
	for _, e := range list {
		m := ordered(e)
		if m == nil {
			return nil
		}
		events = append(events, m)
	}
	var out bytes.Buffer
	out.WriteByte('[')
	for i, e := range change(events) {
		if i > 0 {
			out.WriteByte(',')
		}
		out.Write(objectOf(e))
	}
	out.WriteByte(']')
	if document == nil {
		return out.Bytes()
	}
	document[at].value = out.Bytes()
	return objectOf(document)
}

// each changes every event by itself.
func each(change func(e []member) []member) func([][]member) [][]member {
	return func(events [][]member) [][]member {
		for i := range events {
			events[i] = change(events[i])
		}
		return events
	}
}

// valueOf is the text of a member, empty if there is none.
func valueOf(e []member, key string) string {
	for _, m := range e {
		if m.key == key {
			return string(m.value)
		}
	}
	return ""
}

// quoted writes numbers as texts.
func quoted(keys ...string) func([]member) []member {
	return func(e []member) []member {
		for i, m := range e {
			if slices.Contains(keys, m.key) && m.value[0] != '"' && m.value[0] != '{' && m.value[0] != 'n' {
				e[i].value = json.RawMessage(`"` + string(m.value) + `"`)
			}
		}
		return e
	}
}

func quotedArgs(e []member) []member {
	for i, m := range e {
		if args := ordered(m.value); m.key == "args" && args != nil {
			e[i].value = objectOf(quoted("correlation", "External id", "stream", "device", "Python id", "Python parent id")(args))
		}
	}
	return e
}

func namesBehind(events [][]member) [][]member {
	rank := func(e []member) int {
		if valueOf(e, "ph") == `"M"` {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(events, func(a, b []member) int { return rank(a) - rank(b) })
	return events
}

// beginEnd writes complete slices as begins and ends.
func beginEnd(events [][]member) (out [][]member) {
	for _, e := range events {
		ts, err := strconv.ParseFloat(valueOf(e, "ts"), 64)
		dur, err2 := strconv.ParseFloat(valueOf(e, "dur"), 64)
		if valueOf(e, "ph") != `"X"` || err != nil || err2 != nil || dur <= 0 {
			out = append(out, e)
			continue
		}
		var b, end []member
		for _, m := range e {
			switch m.key {
			case "ph":
				b, end = append(b, member{"ph", []byte(`"B"`)}), append(end, member{"ph", []byte(`"E"`)})
			case "ts":
				b, end = append(b, m), append(end, member{"ts", []byte(strconv.FormatFloat(ts+dur, 'f', 3, 64))})
			case "dur":
			case "args":
				b = append(b, m)
			default:
				b, end = append(b, m), append(end, m)
			}
		}
		out = append(out, b, end)
	}
	return out
}

var numbered = regexp.MustCompile(`((?:[GHTNX]PU|Device|device|Stream|stream|gpu|TPC|MME)[ :#]?)(\d+)`)

// TestSamplesWrittenOtherwise writes each sample in other ways that say the same, and asserts
// that the same is recognised.
func TestSamplesWrittenOtherwise(t *testing.T) {
	ends := regexp.MustCompile(`(?m)^  E .*\n`)
	otherwise := []struct {
		name  string
		write func([]byte) []byte
		norm  func(string) string // takes out what has to differ
	}{
		{"keys in order", func(d []byte) []byte {
			return rewritten(d, each(func(e []member) []member {
				slices.SortFunc(e, func(a, b member) int { return strings.Compare(a.key, b.key) })
				return e
			}))
		}, nil},
		{"keys reversed", func(d []byte) []byte {
			return rewritten(d, each(func(e []member) []member { slices.Reverse(e); return e }))
		}, nil},
		{"names last", func(d []byte) []byte { return rewritten(d, namesBehind) }, nil},
		{"ids in quotes", func(d []byte) []byte { return rewritten(d, each(quoted("pid", "tid"))) },
			func(s string) string { return strings.ReplaceAll(s, `"`, "") }},
		{"times in quotes", func(d []byte) []byte { return rewritten(d, each(quoted("ts", "dur"))) }, nil},
		{"args in quotes", func(d []byte) []byte { return rewritten(d, each(quotedArgs)) }, nil},
		{"begins and ends", func(d []byte) []byte { return rewritten(d, beginEnd) },
			func(s string) string { return strings.ReplaceAll(ends.ReplaceAllString(s, ""), "  B ", "  X ") }},
		{"other numbers", func(d []byte) []byte {
			if rewritten(d, namesBehind) == nil {
				return nil
			}
			return numbered.ReplaceAll(d, []byte("${1}1${2}"))
		}, func(s string) string { return numbered.ReplaceAllString(s, "${1}") }},
	}
	differs := map[string]bool{
		"46-float-ids ids in quotes":                 true, // a text is no number with a fraction
		"59-kineto-relative-ts-zero begins and ends": true, // ends are no longer at time zero
	}
	written := 0
	for name, sample := range samples(t) {
		want := recognisedText(t, sample)
		for _, o := range otherwise {
			data := o.write(bytes.Clone(sample))
			if data == nil || differs[name+" "+o.name] {
				continue
			}
			written++
			want, got := want, recognisedText(t, data)
			if o.norm != nil {
				want, got = o.norm(want), o.norm(got)
			}
			if diff := differ(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("%s, %s:\n%s", name, o.name, diff)
			}
		}
	}
	if written < 400 {
		t.Errorf("only %d samples were written otherwise", written)
	}
}
