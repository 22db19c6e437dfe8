package open

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tracekit/trace"
	"tracekit/transform/strip"
)

// Cut is a piece that the page asks for.
type Cut struct {
	From     string   `json:"from"` // ns on the trace's own clock; empty for its start
	To       string   `json:"to"`   // behind the last; empty for its end
	Launched bool     `json:"launched"`
	Strip    []string `json:"strip"` // of strip.Kinds
	Cats     []string `json:"cats"`
	Target   int64    `json:"target"` // bytes of JSON to thin out to; 0 for none
}

// Bounds of what a request may ask for.
const (
	mostCats   = 200
	longestCat = 1000
	leastBytes = 1_000_000
)

// Verbs returns the commands that make the piece, each of which reads what the one
// before it writes. It fails if the page asks for what there is not.
func (c *Cut) Verbs() ([][]string, error) {
	var verbs [][]string
	slice := []string{"slice"}
	for _, b := range []struct{ flag, ns string }{{"--from", c.From}, {"--to", c.To}} {
		if b.ns == "" {
			continue
		}
		t, err := strconv.ParseInt(b.ns, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is not a number of ns", strings.TrimLeft(b.flag, "-"), b.ns)
		}
		slice = append(slice, b.flag, "@"+string(trace.AppendMicros(nil, trace.Time(t))))
	}
	if c.Launched {
		if len(slice) == 1 {
			return nil, errors.New("to follow launches takes a range")
		}
		slice = append(slice, "--device", "launched")
	}
	if len(slice) > 1 {
		verbs = append(verbs, slice)
	}
	call := []string{"strip"}
	for _, k := range strip.Kinds {
		if slices.Contains(c.Strip, k) {
			call = append(call, "--"+k)
		}
	}
	if len(call)-1 != len(c.Strip) {
		return nil, fmt.Errorf("strip: some of %q is unknown, or there twice", c.Strip)
	}
	if len(c.Cats) > mostCats {
		return nil, fmt.Errorf("%d categories; %d at most", len(c.Cats), mostCats)
	}
	for _, cat := range c.Cats {
		if cat == "" || len(cat) > longestCat {
			return nil, fmt.Errorf("a category of %d bytes", len(cat))
		}
		call = append(call, "--cat", cat)
	}
	if len(call) > 1 {
		verbs = append(verbs, call)
	}
	switch {
	case c.Target == 0:
	case c.Target < leastBytes:
		return nil, fmt.Errorf("target: %d bytes; %d at least", c.Target, leastBytes)
	default:
		verbs = append(verbs, []string{"downsample", "--target-size", strconv.FormatInt(c.Target/1e6, 10) + "MB"})
	}
	return verbs, nil
}
