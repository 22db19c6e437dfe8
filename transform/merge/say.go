package merge

import (
	"fmt"
	"math"
	"strings"

	"tracekit/internal/jsondoc"
)

// Text is c as JSON, as it is read again.
func (c *Clocks) Text() ([]byte, error) { return jsondoc.Marshal(c) }

// Lines tell people which file is of which rank, and how clocks were corrected.
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
	if p.Clocks.nothing() {
		return []string{fmt.Sprintf("clocks: not corrected: fewer than %d matches by %s", leastMatches, p.Clocks.By)}
	}
	for _, h := range p.Clocks.Hosts {
		if h.Name != p.Clocks.Reference {
			lines = append(lines, "clock of "+h.String())
		}
	}
	return lines
}

// nothing reports that no clock has to do with another.
func (c *Clocks) nothing() bool {
	for _, h := range c.Hosts {
		if h.Name != c.Reference && (h.Matches > 0 || h.Corrected) {
			return false
		}
	}
	return c.Reference != ""
}

// String tells of a clock in a line.
func (h *Host) String() string {
	text := fmt.Sprintf("%s: %s us, drift %.3f ppm", h.Name, micros(h.Offset), h.DriftPPM)
	if r := h.Residuals; r != nil {
		text += fmt.Sprintf("; %d matches, off by %s us at the median, %s at p90, %s at most", h.Matches, micros(r.P50)[1:], micros(r.P90)[1:], micros(r.Max)[1:])
	}
	if h.Why != "" {
		if h.Residuals == nil {
			text = fmt.Sprintf("%s: %d matches", h.Name, h.Matches)
		}
		text += "; not corrected: " + h.Why
	}
	return text
}

// micros writes ns as microseconds, with a sign.
func micros(ns int64) string {
	sign := "+"
	if ns < 0 {
		sign = "-"
	}
	return fmt.Sprintf("%s%.3f", sign, math.Abs(float64(ns))/1000)
}
