// Package transform holds what is done to a stream of events: one file a verb.
package transform

import (
	"context"
	"io"

	"tracekit/trace"
)

// stage takes a trace in file order, one event at a time, and writes what
// shall be left of it. Events belong to the reader until the stage returns.
type stage interface {
	text(t []byte, w *trace.Writer) error
	event(e *trace.Event, w *trace.Writer) error
	// end is called behind the last event, before the text that follows it.
	end(w *trace.Writer) error
}

// run sends all that r reads through s to w, and closes w. Events that a stage
// holds back to the end have to stand before the bracket that closes the array:
// the text behind the latest event waits until more events come or the trace
// ends.
func run(ctx context.Context, r *trace.Reader, w *trace.Writer, s stage) error {
	var waiting [][]byte
	events := false
	release := func() error {
		for _, t := range waiting {
			if err := s.text(t, w); err != nil {
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
				} else if err := s.text(p.Text, w); err != nil {
					return err
				}
				// Text after which an array of events is open is no end.
				events = events || opensEvents(p.Text)
				continue
			}
			if err := release(); err != nil {
				return err
			}
			for k := range p.Events {
				if err := s.event(&p.Events[k], w); err != nil {
					return err
				}
			}
		}
	}
	if err := s.end(w); err != nil {
		return err
	}
	if err := release(); err != nil {
		return err
	}
	return w.Close()
}

// opensEvents reports document text that ends in the bracket of an array.
func opensEvents(t []byte) bool { return len(t) > 0 && t[len(t)-1] == '[' }
