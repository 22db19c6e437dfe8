package main

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"tracekit/filter"
	"tracekit/trace"
	"tracekit/transform/requests"
	"tracekit/transform/steps"
	"tracekit/transform/window"

	"github.com/urfave/cli/v2"
)

const rangeHelp = `BOUNDS
   10s 1m30s 250ms 1us 40ns   after the start of the trace, as Perfetto's ruler
                              shows it
   -2s                        before its end
   25%                        of its duration
   @6520430064204.583         on the trace's own clock, in microseconds
   2026-03-17T01:09:02Z       wall clock, if the trace knows it`

// rangeFlags are the flags that name a range of time.
func rangeFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "from", Usage: "start of the range, a `BOUND` (default: start of the trace)"},
		&cli.StringFlag{Name: "to", Usage: "end of the range, a `BOUND` (default: end of the trace)"},
		&cli.StringFlag{Name: "for", Usage: "length of the range, a `TIME`, instead of --to"},
		&cli.StringFlag{Name: "step", Usage: "the range is steps `A..B`, both included, by the numbers of their markers or counted from 0"},
		&cli.StringFlag{Name: "request", Usage: "the range is the time of the request `ID`"},
		&cli.StringFlag{Name: "phase", Usage: "the range is a run of steps in a `PHASE`: prefill, decode or mixed; decode:3 is the third run"},
		&cli.BoolFlag{Name: "capture", Usage: "the range is the recording time that the profiler states in the trace; on Gaudi a trace can also hold earlier events"},
		&cli.StringFlag{Name: "part", Usage: "the range is the `N/M`-th of M equal parts of the trace, such as 3/10"},
		&cli.StringFlag{Name: "around", Usage: "the range is the first event whose name matches `REGEX`, or that meets an expression (see tracekit help filter)"},
		&cli.StringFlag{Name: "pad", Usage: "`TIME` to keep on both sides of --around"},
	}
}

// ways are the flags that each name a range alone, and those that go with them.
var ways = []struct {
	name string
	with []string
}{
	{"from", []string{"to", "for"}}, {"to", []string{"from"}}, {"for", []string{"from"}},
	{"capture", nil}, {"part", nil}, {"around", []string{"pad"}}, {"step", nil}, {"phase", nil}, {"request", nil},
}

// rangeOf reads the range that the flags name.
func rangeOf(c *cli.Context) (r window.Range, err error) {
	if err := oneWay(c); err != nil {
		return r, err
	}
	for _, b := range []struct {
		name string
		to   *window.Bound
	}{{"from", &r.From}, {"to", &r.To}} {
		if c.IsSet(b.name) {
			if *b.to, err = window.Parse(c.String(b.name)); err != nil {
				return r, usage("--%s: %v", b.name, err)
			}
		}
	}
	if r.For, err = lengthOf(c, "for"); err != nil {
		return r, err
	}
	if r.Pad, err = lengthOf(c, "pad"); err != nil {
		return r, err
	}
	r.Capture = c.Bool("capture")
	if c.IsSet("part") {
		if r.Part, r.Parts, err = parsePart(c.String("part")); err != nil {
			return r, err
		}
	}
	if r.Marker, err = markerOf(c); err != nil {
		return r, err
	}
	if c.IsSet("step") {
		choice, err := steps.ParseChoice(c.String("step"))
		if err != nil {
			return r, usage("--step: %v", err)
		}
		r.Steps = &choice
	}
	if c.IsSet("phase") {
		phase, n, err := parsePhase(c.String("phase"))
		if err != nil {
			return r, err
		}
		r.Phase, r.PhaseRun = &phase, n
	}
	if c.IsSet("around") {
		if r.Around, err = aroundExpr(c.String("around")); err != nil {
			return r, err
		}
		if _, err := window.NewFinder(r); err != nil {
			return r, usage("--around: %v", err)
		}
	}
	return r, nil
}

// oneWay refuses flags that name different ranges.
func oneWay(c *cli.Context) error {
	some := false
	for _, w := range ways {
		if !c.IsSet(w.name) {
			continue
		}
		some = true
		for _, o := range ways {
			if o.name != w.name && c.IsSet(o.name) && !contains(w.with, o.name) {
				return usage("--%s and --%s exclude each other", w.name, o.name)
			}
		}
	}
	if !some {
		return hint(usage("no range"), "say --from, --to or --for, such as --from 10s --for 250ms, or --step, --request, --phase, --capture, --part or --around")
	}
	if c.IsSet("pad") && !c.IsSet("around") {
		return usage("--pad goes with --around")
	}
	return nil
}

func contains(all []string, s string) bool {
	for _, a := range all {
		if a == s {
			return true
		}
	}
	return false
}

// parsePart reads N/M.
func parsePart(s string) (n, m int, err error) {
	bad := hint(usage("--part %q", s), "write it as 3/10: the third of ten parts")
	var rest string
	if _, err := fmt.Sscanf(s, "%d/%d%s", &n, &m, &rest); err == nil || rest != "" {
		return 0, 0, bad
	}
	if s != strconv.Itoa(n)+"/"+strconv.Itoa(m) || n < 1 || m < n || m > 1e9 {
		return 0, 0, bad
	}
	return n, m, nil
}

var (
	word = regexp.MustCompile(`^\w+$`)
	// comparison is how an expression begins, right or wrong, and hardly a name.
	comparison = regexp.MustCompile(`^[!(\s]*(name|cat|ph|pid|tid|ts|dur|end|id|args\.\S+)\s*([=!<>]=|[=!]~|[<>]|in\s*\(|contains\s)`)
)

// aroundExpr reads an expression, or a regular expression for names, as which a
// single word counts.
func aroundExpr(s string) (*filter.Expr, error) {
	if !word.MatchString(s) {
		if x, err := filter.Parse(s); err == nil {
			return x, nil
		}
		if comparison.MatchString(s) {
			return parseExpression(s)
		}
	}
	x, err := filter.Shorthand{Terms: filter.Terms{Name: []string{"/" + s + "/"}}}.Expr()
	if err != nil {
		return nil, usage("--around %q: it is neither an expression nor a regular expression for names", s)
	}
	return x, nil
}

// parsePhase reads decode or decode:3.
func parsePhase(s string) (steps.Phase, int, error) {
	name, number, numbered := strings.Cut(s, ":")
	n := 1
	phase, err := steps.ParsePhase(name)
	if err == nil && numbered {
		n, err = strconv.Atoi(number)
	}
	if err != nil || n < 1 {
		return 0, 0, hint(usage("--phase %q: there is no such phase", s), "prefill, decode, mixed or other, and :3 for the third run of such steps")
	}
	return phase, n, nil
}

// markerFlags choose among the markers of steps that a trace has.
func markerFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "step-marker", Usage: "steps are the slices whose name matches `REGEX`"},
		&cli.StringFlag{Name: "step-pid", Usage: "markers of the process `PID`"},
		&cli.StringFlag{Name: "step-tid", Usage: "markers of the thread `TID`"},
	}
}

func markerOf(c *cli.Context) (o steps.Options, err error) {
	o.Pid, o.Tid = c.String("step-pid"), c.String("step-tid")
	if c.IsSet("step-marker") {
		if o.Marker, err = regexp.Compile(c.String("step-marker")); err != nil {
			return o, usage("--step-marker: %v", err)
		}
	}
	return o, nil
}

// noSteps tells what was looked for in vain, what there is, and what else to do.
func noSteps(err error, instead string) error {
	var missing *steps.NoMarkersError
	errors.As(err, &missing)
	lines := append(missing.Details(), "--step-marker REGEX names slices that begin and end a step"+instead)
	return hint(err, "%s", strings.Join(lines, "\n"))
}

// rangeError adds to an error of a range what to do about it.
func rangeError(err error) error {
	err = requestError(err)
	switch {
	case errors.As(err, new(*requests.NoneError)):
		return err
	case errors.As(err, new(*steps.NoMarkersError)):
		return noSteps(err, "")
	case errors.Is(err, window.ErrApart):
		return hint(err, "slice keeps one range; split --by step writes many")
	case errors.Is(err, window.ErrRange), errors.Is(err, window.ErrNoMatch), errors.Is(err, window.ErrNoPhase), errors.Is(err, window.ErrNoCapture), errors.Is(err, steps.ErrNoStep):
		return hint(err, "tracekit info shows where the trace begins and ends, and what is in it")
	case errors.Is(err, window.ErrBackwards):
		return usageError{err}
	}
	return err
}

// lengthOf reads the length of time that a flag gives, 0 if it is not given.
func lengthOf(c *cli.Context, name string) (trace.Time, error) {
	if !c.IsSet(name) {
		return 0, nil
	}
	d, err := window.ParseDuration(c.String(name))
	if err == nil && d == 0 && name == "for" {
		err = errors.New("a range of no length holds nothing")
	}
	if err != nil {
		return 0, usage("--%s %q: %v", name, c.String(name), err)
	}
	return d, nil
}
