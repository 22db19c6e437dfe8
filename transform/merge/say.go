package merge

import (
	"fmt"
	"strings"

	"tracekit/transform/internal/clocks"
)

// Lines say for people which file is of which rank, and how clocks were corrected.
func (p *Plan) Lines() (lines []string) {
	for _, r := range p.Ranks {
		lines = append(lines, fmt.Sprintf("%s (by %s): %s", r.Label, r.By, strings.Join(r.Files, ", ")))
	}
	lines = append(lines, p.clockLines()...)
	return append(lines, p.Notes...)
}

func (p *Plan) clockLines() (lines []string) {
	switch {
	case p.Clocks == nil:
		return nil
	case p.Clocks.Reference == "":
		lines = append(lines, "clocks: corrected as "+p.Clocks.By+" says")
	default:
		lines = append(lines, fmt.Sprintf("clocks: by %s; %s is the reference", p.Clocks.By, p.Clocks.Reference))
	}
	if p.Clocks.Nothing() {
		return []string{fmt.Sprintf("clocks: not corrected: fewer than %d matches by %s", clocks.LeastMatches, p.Clocks.By)}
	}
	for _, h := range p.Clocks.Hosts {
		if h.Name != p.Clocks.Reference {
			lines = append(lines, "clock of "+h.String())
		}
	}
	return lines
}
