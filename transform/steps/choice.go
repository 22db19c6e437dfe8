package steps

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Choice is a choice of steps as a user writes it: 120, 120..128, 120.. for
// all from there, ..128 for all up to there, or several of these with commas
// between. Both ends of a range belong to it.
//
// The numbers are those of the markers if every step has one, as in
// ProfilerStep#120, and else the steps' own, from 0.
type Choice struct {
	text   string
	ranges []numbers
}

type numbers struct{ lo, hi int64 }

// ErrNoStep says that a choice meets none of a run's steps.
var ErrNoStep = errors.New("there is no such step")

// ParseChoice reads a choice of steps.
func ParseChoice(s string) (Choice, error) {
	c := Choice{text: s}
	for item := range strings.SplitSeq(s, ",") {
		n, err := parseRange(strings.TrimSpace(item))
		if err != nil && strings.HasPrefix(err.Error(), strconv.Quote(s)) {
			return Choice{}, err
		}
		if err != nil {
			return Choice{}, fmt.Errorf("%q: %w", s, err)
		}
		c.ranges = append(c.ranges, n)
	}
	return c, nil
}

func parseRange(s string) (numbers, error) {
	from, to, isRange := strings.Cut(s, "..")
	n := numbers{0, math.MaxInt64}
	var err error
	if from != "" || !isRange {
		if n.lo, err = parseNumber(from); err != nil {
			return n, err
		}
	}
	switch {
	case !isRange:
		n.hi = n.lo
	case to != "":
		if n.hi, err = parseNumber(to); err != nil {
			return n, err
		}
	case from == "":
		return n, errors.New("a range needs a first or a last step")
	}
	if n.hi < n.lo {
		return n, fmt.Errorf("%d comes before %d", n.hi, n.lo)
	}
	return n, nil
}

// otherRange is how others write a range.
var otherRange = regexp.MustCompile(`^(\d+)\s*(?:-|:|–|to)\s*(\d+)$`)

func parseNumber(s string) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil {
		if m := otherRange.FindStringSubmatch(s); m != nil {
			return 0, fmt.Errorf("%q: write %s..%s, both included", s, m[1], m[2])
		}
		return 0, fmt.Errorf("%q is no number of a step: write 120, 120..128 or 3,5,7..9", s)
	}
	return int64(n), nil
}

func (c Choice) String() string { return c.text }

// Indices returns the indices of the steps of r that c chooses, in order. It is an
// error that wraps ErrNoStep if a part of c chooses none.
func (c Choice) Indices(r *Run) ([]int, error) {
	numbered := !slices.ContainsFunc(r.Steps, func(s Step) bool { return s.Number < 0 })
	hit := make([]bool, len(c.ranges))
	var chosen []int
	lo, hi := int64(math.MaxInt64), int64(-1)
	for i := range r.Steps {
		n := int64(i)
		if numbered {
			n = r.Steps[i].Number
		}
		lo, hi = min(lo, n), max(hi, n)
		meets := false
		for j, want := range c.ranges {
			if n >= want.lo && n <= want.hi {
				hit[j], meets = true, true
			}
		}
		if meets {
			chosen = append(chosen, i)
		}
	}
	for j, ok := range hit {
		if !ok {
			return nil, fmt.Errorf("%w: %v, the trace has %d to %d", ErrNoStep, c.ranges[j], lo, hi)
		}
	}
	return chosen, nil
}

func (n numbers) String() string {
	switch {
	case n.lo == n.hi:
		return strconv.FormatInt(n.lo, 10)
	case n.hi == math.MaxInt64:
		return strconv.FormatInt(n.lo, 10) + ".."
	}
	return fmt.Sprintf("%d..%d", n.lo, n.hi)
}

// Stretches joins indices that follow one another into pairs of a first and a
// last one.
func Stretches(indices []int) [][2]int {
	var s [][2]int
	for _, i := range indices {
		if n := len(s); n > 0 && s[n-1][1]+1 == i {
			s[n-1][1] = i
			continue
		}
		s = append(s, [2]int{i, i})
	}
	return s
}

// Has reports whether c chooses the step of that number.
func (c Choice) Has(number int64) bool {
	return slices.ContainsFunc(c.ranges, func(r numbers) bool { return number >= r.lo && number <= r.hi })
}
