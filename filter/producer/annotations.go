package producer

import (
	"slices"
	"strings"
)

// stepPatterns are the forms of markers of steps as patterns of Matches.
var stepPatterns = func() (all []string) {
	for _, p := range All {
		for _, m := range p.Markers {
			if m.Rank != Serving && m.Rank != Training {
				continue
			}
			for _, f := range m.Forms {
				all = append(all, f.pattern())
			}
		}
	}
	return all
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
	switch PartOf(name) {
	case PromptBatch, DecodeBatch, FlatBatch, RankBatch:
		return true
	}
	return slices.ContainsFunc(stepPatterns, func(p string) bool { return Matches(p, name) })
}

// IsAnnotation reports whether an event of that name that has no category belongs to the
// timeline that a server writes itself.
func IsAnnotation(name []byte) bool { return PartOf(name) != NoPart }
