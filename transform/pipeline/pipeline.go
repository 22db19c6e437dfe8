// Package pipeline runs a trace through what changes it, one event at a time.
package pipeline

import (
	"context"
	"io"

	"tracekit/trace"
)

// Stage takes a trace in file order, one event at a time, and writes what
// shall be left of it. Events belong to the reader until the stage returns.
type Stage interface {
	Text(t []byte, w *trace.Writer) error
	Event(e *trace.Event, w *trace.Writer) error
	// End is called behind the last event, before the text that follows it.
	End(w *trace.Writer) error
}

// Run sends all that r reads through s to w, and closes w. Events that a stage
// holds back to the end have to stand before the bracket that closes the array:
// the text behind the latest event waits until more events come or the trace
// ends.
func Run(ctx context.Context, r trace.Stream, w *trace.Writer, s Stage) error {
	var waiting [][]byte
	events := false
	release := func() error {
		for _, t := range waiting {
			if err := s.Text(t, w); err != nil {
				return err
			}
		}
		waiting = waiting[:0]
		return nil
	}
	for {
		b, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		for i := range b.Parts {
			p := &b.Parts[i]
			if p.Text != nil {
				if events || len(waiting) > 0 {
					waiting = append(waiting, append([]byte{}, p.Text...))
				} else if err := s.Text(p.Text, w); err != nil {
					return err
				}
				// Text after which an array of events is open is no end.
				events = events || OpensEvents(p.Text)
				continue
			}
			if err := release(); err != nil {
				return err
			}
			for k := range p.Events {
				if err := s.Event(&p.Events[k], w); err != nil {
					return err
				}
			}
		}
	}
	if err := s.End(w); err != nil {
		return err
	}
	if err := release(); err != nil {
		return err
	}
	return w.Close()
}

// OpensEvents reports document text that ends in the bracket of an array.
func OpensEvents(t []byte) bool { return len(t) > 0 && t[len(t)-1] == '[' }
