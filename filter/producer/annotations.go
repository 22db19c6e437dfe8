package producer

import (
	"slices"
	"strings"
)

// stepPatterns are the forms of markers of steps as patterns of Matches, and stepNames the
// names of what makes up a step where none marks it.
var stepPatterns, stepNames, partNames = func() (patterns, steps, parts []string) {
	for _, p := range All {
		for _, m := range p.Markers {
			if m.Rank == Serving || m.Rank == Training {
				for _, f := range m.Forms {
					patterns = append(patterns, f.pattern())
				}
			}
		}
		for _, part := range p.Parts {
			switch part.Part {
			case PromptBatch, DecodeBatch, FlatBatch, RankBatch:
				steps = append(steps, part.Name)
			}
			parts = append(parts, part.Name)
		}
	}
	return patterns, steps, parts
}()

// pattern returns the form as Matches takes it.
func (f Form) pattern() string {
	var b strings.Builder
	escape := strings.NewReplacer("#", `\#`, "+", `\+`, "*", `\*`, `\`, `\\`)
	rest := f.Text
	for {
		before, behind, more := strings.Cut(rest, "{")
		b.WriteString(escape.Replace(before))
		if !more {
			return b.String()
		}
		name, after, _ := strings.Cut(behind, "}")
		switch name {
		case "mode":
			b.WriteByte('+')
		case "keys":
			b.WriteByte('*')
		default:
			b.WriteByte('#')
		}
		rest = after
	}
}

// IsStep reports whether an annotation of that name marks a step of a server's engine or of a
// training loop, or is one of the batches that make up a step where nothing marks it.
func IsStep(name []byte) bool {
	return isPart(name, stepNames) || slices.ContainsFunc(stepPatterns, func(p string) bool { return Matches(p, name) })
}

// IsAnnotation reports whether an event of that name that has no category belongs to the
// timeline that a server writes itself.
func IsAnnotation(name []byte) bool { return isPart(name, partNames) }

// isPart reports a name among those of parts, of which some say only how it begins.
func isPart(name []byte, parts []string) bool {
	for _, p := range parts {
		if begin, any := strings.CutSuffix(p, "*"); any && strings.HasPrefix(string(name), begin) || p == string(name) {
			return true
		}
	}
	return false
}
