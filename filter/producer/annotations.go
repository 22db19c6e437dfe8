package producer

import (
	"bytes"
	"slices"
	"strings"
)

// stepPatterns are the forms of markers of steps.
var stepPatterns = func() (all []Pattern) {
	for _, p := range All {
		for _, m := range p.Markers {
			if m.Rank != Serving && m.Rank != Training {
				continue
			}
			for _, f := range m.Forms {
				all = append(all, f.Pattern())
			}
		}
	}
	return all
}()

// Pattern is a form taken apart.
type Pattern []segment

// segment is text that stands for itself, and the field behind it.
type segment struct {
	text, field string
	last        bool // nothing stands behind the text
}

// Pattern takes the form apart.
func (f Form) Pattern() (p Pattern) {
	rest := f.Text
	for {
		before, behind, more := strings.Cut(rest, "{")
		field, after, _ := strings.Cut(behind, "}")
		p = append(p, segment{before, field, !more})
		if rest = after; !more {
			return p
		}
	}
}

// Match reports whether a name has the form, and calls take for each of its fields.
func (p Pattern) Match(name []byte, take func(field string, text []byte)) bool {
	rest := name
	for i := range p {
		s := &p[i]
		if len(rest) < len(s.text) || string(rest[:len(s.text)]) != s.text {
			return false
		}
		if rest = rest[len(s.text):]; s.last {
			return len(rest) == 0
		}
		n := 0
		switch s.field {
		case "mode":
			n = wordLength(rest)
		case "keys":
			n = len(rest) - len(p[i+1].text)
		default:
			for n < len(rest) && rest[n]-'0' <= 9 {
				n++
			}
		}
		if n <= 0 {
			return false
		}
		take(s.field, rest[:n])
		rest = rest[n:]
	}
	return false
}

func wordLength(text []byte) int {
	for i, c := range text {
		if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && c-'0' > 9 {
			return i
		}
	}
	return len(text)
}

// IsStep reports whether an annotation of that name marks a step of a server's engine or of a
// training loop, or is one of the batches that make up a step where nothing marks it.
func IsStep(name []byte) bool {
	switch PartOf(name) {
	case PromptBatch, DecodeBatch, FlatBatch, RankBatch:
		return true
	}
	return slices.ContainsFunc(stepPatterns, func(p Pattern) bool { return p.Match(name, ignore) })
}

// MayMarkStep reports whether slices of that category are markers of steps if they are named so:
// ranges that a program names, and what no producer is known for, unless it says that it is a
// GPU's. PyTorch once gave the category of operators to its own steps alone.
func MayMarkStep(cat, name []byte) bool {
	switch string(cat) {
	case "", "ProfileStep":
		return true
	case "cpu_op", "Operator":
		return bytes.HasPrefix(name, []byte("ProfilerStep#"))
	case "python_function", "Trace":
		return false
	}
	c, known := CategoryOf(cat)
	if !known {
		return !hasFold(cat, "gpu")
	}
	return c.Place == OnHost && c.Kinds&Annotation != 0
}

// hasFold reports whether text has a word in it, whatever the case.
func hasFold(text []byte, word string) bool {
	for i := 0; i+len(word) <= len(text); i++ {
		if strings.EqualFold(string(text[i:i+len(word)]), word) {
			return true
		}
	}
	return false
}

func ignore(string, []byte) {}

// IsAnnotation reports whether an event of that name that has no category belongs to the
// timeline that a server writes itself.
func IsAnnotation(name []byte) bool { return PartOf(name) != NoPart }
