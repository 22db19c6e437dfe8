// Package clocks finds how the clocks of hosts differ whose traces are of one run: by the ends of
// collectives, which all members leave together, or else by those of steps. [Align] returns the
// corrections of hosts, [Lags] the shifts by which collectives match. It does not change times: that is for
// package merge.
package clocks

import (
	"fmt"
	"math"
	"slices"

	"tracekit/internal/jsondoc"
	"tracekit/trace"
)

// Clock maps times of one file to those of the merged trace.
type Clock struct {
	Shift trace.Time
	Drift float64
	Pivot trace.Time // of the file, where drift counts from
}

// Same reports that it changes no time.
func (c *Clock) Same() bool { return c.Shift == 0 && c.Drift == 0 }

// At is a time of the file in the merged trace. It never turns the order of two.
func (c *Clock) At(t trace.Time) trace.Time {
	t = t.Add(c.Shift)
	if c.Drift != 0 {
		t = t.Add(trace.Time(math.Round(c.Drift * float64(t-c.Shift-c.Pivot))))
	}
	return t
}

// Before is the first time of the file that is not before one of the merged trace.
func (c *Clock) Before(t trace.Time) trace.Time {
	was := t.Add(-c.Shift)
	if c.Drift != 0 {
		was = was.Add(-trace.Time(math.Round(c.Drift * float64(was-c.Pivot) / (1 + c.Drift))))
		for c.At(was) >= t {
			was--
		}
		for c.At(was) < t {
			was++
		}
	}
	return was
}

// Clocks are how the clocks of hosts differ.
type Clocks struct {
	// By is what tells: collectives, steps, or a file.
	By        string  `json:"by"`
	Reference string  `json:"reference,omitempty"`
	Hosts     []*Host `json:"hosts"`
}

// Host is a clock, that of a host, or of a rank whose host is not known.
type Host struct {
	Name  string   `json:"host"`
	Ranks []string `json:"ranks,omitempty"`
	// Offset is added to its times, in ns, and DriftPPM millionths of what has passed since At,
	// which is a wall clock, or the trace's own where that is not known, in ns.
	Offset   int64   `json:"offset_ns"`
	DriftPPM float64 `json:"drift_ppm"`
	At       int64   `json:"at_ns"`
	Matches  int     `json:"matches"` // with the hosts before
	// Residuals are how far matches are from what the correction says, in ns.
	Residuals *Residuals `json:"residuals,omitempty"`
	Corrected bool       `json:"corrected"`
	Why       string     `json:"why,omitempty"` // it is not

	traces []*Trace
}

// Residuals are absolute differences in ns.
type Residuals struct {
	P50 int64 `json:"p50_ns"`
	P90 int64 `json:"p90_ns"`
	Max int64 `json:"max_ns"`
}

// LeastMatches are needed to correct a clock.
const LeastMatches = 20

// What the clocks are told by.
const (
	ByCollectives = "ends of collectives"
	BySteps       = "ends of steps, since no collectives are recorded"
)

// Text is c as JSON, as it is read again.
func (c *Clocks) Text() ([]byte, error) { return jsondoc.Marshal(c) }

// Nothing reports that no clock has to do with another.
func (c *Clocks) Nothing() bool {
	for _, h := range c.Hosts {
		if h.Name != c.Reference && (h.Matches > 0 || h.Corrected) {
			return false
		}
	}
	return c.Reference != ""
}

// Add takes a trace of a rank, whose times are the host's.
func (h *Host) Add(t *Trace, rank string) {
	if !slices.Contains(h.traces, t) {
		h.traces = append(h.traces, t)
	}
	if !slices.Contains(h.Ranks, rank) {
		h.Ranks = append(h.Ranks, rank)
	}
}

// Has reports whether the times of a trace are the host's.
func (h *Host) Has(t *Trace) bool { return slices.Contains(h.traces, t) }

// CorrectBy gives the traces of a host a correction.
func (h *Host) CorrectBy(known *Host) {
	for _, t := range h.traces {
		c := &t.Clock
		c.Drift = known.DriftPPM / 1e6
		c.Pivot = trace.Time(known.At).Add(-c.Shift)
		c.Shift = c.Shift.Add(trace.Time(known.Offset))
	}
}

// Align finds how the clocks of hosts differ by the samples of their traces, and corrects them.
func Align(by string, hosts []*Host) *Clocks {
	c := &Clocks{By: by, Hosts: hosts}
	a := aligner{clocks: c, ends: map[Meeting]*ends{}}
	a.align()
	for _, h := range hosts {
		if h.Corrected {
			h.CorrectBy(h)
		}
	}
	return c
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
