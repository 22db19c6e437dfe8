package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"tracekit/internal/gzip/gzwrite"
	"tracekit/trace"
	"tracekit/transform/pipeline"
)

// onePassVerb lets this program be one that cuts a range of time out of a trace in a
// single pass, as can be done if the range is known and what is left need not be whole:
// what any cut takes at least.
const onePassVerb = "cut-in-one-pass"

// onePass reads path and writes what is between two times, in µs, to out.
func onePass(args []string) (err error) {
	if len(args) != 4 {
		return fmt.Errorf("%s: %d arguments instead of FILE FROM TO OUT", onePassVerb, len(args))
	}
	var r between
	var some [2]bool
	r.from, some[0] = trace.ParseMicros([]byte(args[1]))
	r.to, some[1] = trace.ParseMicros([]byte(args[2]))
	if some != [2]bool{true, true} {
		return fmt.Errorf("%s: times %q and %q", onePassVerb, args[1], args[2])
	}
	in, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer in.Close()
	st, err := in.Stat()
	if err != nil {
		return err
	}
	s, err := trace.NewSource(in, st.Size(), trace.SourceOptions{Record: true})
	if err != nil {
		return err
	}
	defer s.Close()
	events, err := s.Read()
	if err != nil {
		return err
	}
	defer events.Close()
	out, err := os.Create(args[3])
	if err != nil {
		return err
	}
	z := gzwrite.NewWriter(out, gzwrite.Options{})
	defer z.Abort()
	err = pipeline.Run(context.Background(), events, trace.NewPackedWriter(z), r)
	return errors.Join(err, z.Close(), out.Close())
}

// between is the stage that keeps what lies in a range, and names.
type between struct{ from, to trace.Time }

func (b between) Text(t []byte, w *trace.Writer) error { return w.Text(t) }

func (b between) Event(e *trace.Event, w *trace.Writer) error {
	if !e.IsMeta() && (e.TS < b.from || e.End() > b.to) {
		return nil
	}
	return w.Event(e)
}

func (b between) End([][]byte, *trace.Writer) error { return nil }
