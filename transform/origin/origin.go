// Package origin reads and writes the member tracekit of a document: which trace a piece was cut
// from, by which call, and which number its first step has. [FromDocument]
// reads it, [Call.Next] makes that of a piece. How steps are numbered is for package steps.
package origin

import (
	"bytes"
	"strconv"

	"tracekit/internal/jsondoc"
	"tracekit/trace"
)

// Member is the name of the member.
const Member = "tracekit"

// Call is what cuts a document.
type Call struct {
	Version string
	Source  string // base name of the file that is cut, empty if it has none
	Call    string // the command, without what does not matter to its result
}

// Origin is what a document says of how it was cut.
type Origin struct {
	Version string   `json:"version"`
	Source  string   `json:"source,omitempty"` // base name of the whole trace
	Call    string   `json:"call"`
	Earlier []string `json:"earlier,omitempty"` // calls before that one, the oldest first
	Range   Range    `json:"range"`             // of the latest call
	Steps   *Steps   `json:"steps,omitempty"`   // nil if it is not known which there are
	Merged  Merged   `json:"merged,omitempty"`  // ranks and clocks of a merged trace, nil for others
}

// Merged is JSON text that later cuts leave as it is.
type Merged []byte

// MarshalJSON returns the text.
func (m Merged) MarshalJSON() ([]byte, error) { return m, nil }

// Range is a range of time, half open, in ns on the trace's clock.
type Range struct {
	Start trace.Time `json:"start_ns"`
	End   trace.Time `json:"end_ns"`
}

// Steps say which number a step has in the whole trace: the first that begins in the piece,
// or else the one that it lies in.
type Steps struct {
	First int64      `json:"first"`
	At    trace.Time `json:"first_ns"` // where it begins
	By    string     `json:"by"`       // whose markers these are
}

// FromDocument returns the origin in text of a document, outside of its events; nil if there is none.
func FromDocument(text []byte) *Origin {
	if !bytes.Contains(text, []byte(`"`+Member+`"`)) {
		return nil
	}
	body := append([]byte("{"), bytes.TrimLeft(text, "{[]}, \t\r\n")...)
	for m := range trace.Members(body) {
		if string(m.Key) == Member && len(m.Value) > 0 && m.Value[0] == '{' {
			return parse(m.Value)
		}
	}
	return nil
}

// FromTrace finds the origin in the texts of a trace that was surveyed.
func FromTrace(v *trace.Survey) *Origin {
	for i := range v.Blocks {
		if o := FromDocument(v.Blocks[i].Text); o != nil {
			return o
		}
	}
	return nil
}

func parse(text []byte) *Origin {
	o := &Origin{}
	for m := range trace.Members(text) {
		switch string(m.Key) {
		case "version":
			o.Version = trace.Unquote(m.Value)
		case "source":
			o.Source = trace.Unquote(m.Value)
		case "call":
			o.Call = trace.Unquote(m.Value)
		case "earlier":
			for call := range trace.Elements(m.Value) {
				o.Earlier = append(o.Earlier, trace.Unquote(call))
			}
		case "merged":
			o.Merged = bytes.Clone(m.Value)
		case "range":
			o.Range = Range{trace.Time(number(m.Value, "start_ns")), trace.Time(number(m.Value, "end_ns"))}
		case "steps":
			o.Steps = &Steps{First: number(m.Value, "first"), At: trace.Time(number(m.Value, "first_ns"))}
			for s := range trace.Members(m.Value) {
				if string(s.Key) == "by" {
					o.Steps.By = trace.Unquote(s.Value)
				}
			}
		}
	}
	return o
}

// number is the whole number that obj has under a key, 0 if there is none.
func number(obj []byte, key string) int64 {
	for m := range trace.Members(obj) {
		if string(m.Key) == key {
			n, _ := strconv.ParseInt(string(m.Value), 10, 64)
			return n
		}
	}
	return 0
}

// Next is the origin of what c cuts out of a trace: where that was cut before, its source is
// still the whole trace.
func (c *Call) Next(before *Origin, r Range) *Origin {
	o := &Origin{Version: c.Version, Source: c.Source, Call: c.Call, Range: r}
	if before != nil {
		o.Source, o.Merged = before.Source, before.Merged
		o.Earlier = append(before.Earlier[:len(before.Earlier):len(before.Earlier)], before.Call)
	}
	return o
}

// Put makes w write o into the document, in place of what it says already.
func (o *Origin) Put(w *trace.Writer) error {
	text, err := o.Text()
	if err == nil {
		w.SetMember(Member, text)
	}
	return err
}

// Text is o as JSON.
func (o *Origin) Text() ([]byte, error) { return jsondoc.Compact(o) }

// Ranks is how many ranks were merged into the trace, 0 for one that was not.
func (o *Origin) Ranks() (n int) {
	if o == nil {
		return 0
	}
	for m := range trace.Members(o.Merged) {
		if string(m.Key) == "ranks" {
			for range trace.Elements(m.Value) {
				n++
			}
		}
	}
	return n
}
