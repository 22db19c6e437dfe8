package main

import (
	"errors"
	"fmt"
	"strings"

	"tracekit/internal/term"
	"tracekit/trace"
	"tracekit/transform/pipeline"

	"github.com/urfave/cli/v2"
)

const exitText = `EXIT STATUS
   0 done; 1 failed, nothing written; 2 wrong usage; 3 done, but the input was
   damaged and something of it could not be kept (1 with --strict); 129, 130, 143
   ended by a signal, nothing written`

// emptyText is what verbs that can answer no add to exitText.
const emptyText = `; 4 done, but no event was kept (with --fail-empty)`

// convert runs a verb that turns one trace into another: it opens input and
// output, and says on standard error what was done.
func convert(c *cli.Context, std streams, twice bool, work func(*input, *trace.Writer) (pipeline.Report, error)) error {
	format, err := outputFormat(c)
	if err != nil {
		return err
	}
	in, err := openInput(c, std, how{twice: twice, to: format})
	if err != nil {
		return err
	}
	return convertInput(c, std, in, func(in *input, w *trace.Writer, _ func() bool) (pipeline.Report, error) { return work(in, w) })
}

// attempt writes what is made of an input. Restarts reports whether it may still fail with
// an againError.
type attempt func(in *input, w *trace.Writer, restarts func() bool) (pipeline.Report, error)

// convertInput is convert for an input that is open. It closes it.
func convertInput(c *cli.Context, std streams, in *input, work attempt) error {
	defer in.Close()
	out, err := convertOutput(c, std)
	if err != nil {
		return err
	}
	told, err := summaryTo(c, std, out.shown())
	if err != nil {
		out.Abort()
		return err
	}
	rep, err := work(in, out.trace(), out.restarts)
	var again againError
	if errors.As(err, &again) {
		if err = again.prepare(c, in, out); err == nil {
			rep, err = work(in, out.trace(), out.restarts)
		}
	}
	if err == nil {
		err = in.checkUnchanged()
	}
	if err != nil {
		out.Abort()
		return in.wrap(err)
	}
	if err := strictly(c, in, rep.Damage); err != nil {
		out.Abort()
		return err
	}
	if err := out.Commit(); err != nil {
		return err
	}
	in.meter.Stop()
	if !c.Bool("quiet") {
		fmt.Fprintln(std.err, summary(c.Command.Name, rep, out.Bytes)+out.unwritten())
		for _, line := range append(rep.Notes, rep.Table...) {
			fmt.Fprintln(std.err, line)
		}
	}
	if err := told.write(summaryOf(c, in, rep, out.name, out.Bytes)); err != nil {
		return err
	}
	return ended(c, std, in, rep)
}

// ended makes an error of what is done, but was damaged or is empty.
func ended(c *cli.Context, std streams, in *input, rep pipeline.Report) error {
	if err := damage(in, rep.Damage, c.Bool("quiet"), std); err != nil {
		return err
	}
	if rep.Empty && c.Bool("fail-empty") {
		return noError{errors.New("no event meets the condition"), exitNo}
	}
	return nil
}

// convertOutput opens the output, or one that nothing comes of with --dry-run.
func convertOutput(c *cli.Context, std streams) (*output, error) {
	if c.Bool("dry-run") {
		return dryOutput(std), nil
	}
	return openOutput(c, std)
}

// againError is that work has to learn something of the input first, and then begin
// again.
type againError struct {
	error
	learn func() error
}

// prepare learns what is needed. It fails where the input or the output can't begin
// again.
func (e againError) prepare(c *cli.Context, in *input, out *output) error {
	if err := in.reopen(c); err != nil {
		return err
	}
	if err := e.learn(); err != nil {
		return err
	}
	if err := out.restart(e.error); err != nil {
		return err
	}
	return in.reopen(c)
}

// damage says what was sanitized, and makes what was lost an error.
func damage(in *input, d trace.Damage, quiet bool, std streams) error {
	if d.Lost() {
		return damagedError{isDamaged(in, d)}
	}
	if len(d.Finds()) > 0 && !quiet {
		fmt.Fprintf(std.err, "sanitized: %v\n", d.String())
	}
	return nil
}

// strictly makes what was lost a failure, if it was asked to.
func strictly(c *cli.Context, in *input, d trace.Damage) error {
	if !c.Bool("strict") || !d.Lost() {
		return nil
	}
	return isDamaged(in, d)
}

func isDamaged(in *input, d trace.Damage) error {
	return damageHint(fmt.Errorf("%s is damaged: %v", in.name, d.String()))
}

func damageHint(err error) error {
	return hint(err, "tracekit repair keeps what can be kept, and prints what it had to leave out")
}

// summary tells what a verb did, in one line.
func summary(verb string, rep pipeline.Report, packed int64) string {
	line := fmt.Sprintf("%s: %s, %s in; %s, %s out", verb,
		term.Plural(rep.EventsIn, "event"), term.Bytes(rep.BytesIn), term.Plural(rep.EventsOut, "event"), term.Bytes(rep.BytesOut))
	if packed != rep.BytesOut {
		line += fmt.Sprintf(" (%s packed)", term.Bytes(packed))
	}
	return line + droppedLine(rep.Dropped)
}

// droppedLine says what was dropped by kind.
func droppedLine(all []pipeline.Dropped) string {
	var dropped []string
	for _, d := range all {
		s := fmt.Sprintf("%s %d", d.Kind, d.Events)
		if d.Bytes > 0 {
			s += fmt.Sprintf(" (%s)", term.Bytes(d.Bytes))
		}
		dropped = append(dropped, s)
	}
	if len(dropped) == 0 {
		return ""
	}
	return "; dropped: " + strings.Join(dropped, ", ")
}
