package downsample

import (
	"context"

	"tracekit/trace"
	"tracekit/transform/pipeline"
)

// emitter is the stage that writes what was decided.
type emitter struct {
	*decision
	n        uint64 // of the event at hand
	samples  uint64
	process  []bool
	names    pipeline.Distinct
	dangling map[uint64][]string
	out      *tally
}

func (p *plan) emit(ctx context.Context, s *trace.Source, w *trace.Writer, d *decision) error {
	r, err := s.ReadBlocks(p.survey.Blocks)
	if err != nil {
		return err
	}
	defer r.Close()
	e := &emitter{decision: d, process: make([]bool, len(p.tracks.Processes)), out: p.tally, dangling: d.dangling()}
	for track, is := range d.used {
		if is {
			e.process[p.tracks.All[track].Process] = true
		}
	}
	return pipeline.Run(ctx, r, w, e)
}

func (s *emitter) Text(t []byte, w *trace.Writer) error { return w.Text(t) }

func (s *emitter) Event(e *trace.Event, w *trace.Writer) error {
	n := s.n
	s.n++
	switch {
	case e.IsMeta():
		if !s.isUsed(e) || !s.names.First(e) {
			return nil
		}
	case e.Phase == 'C' && e.Has&trace.HasTS != 0 && s.o.counters():
		return s.counter(n, e, w)
	case s.dropped.has(n):
		return nil
	case s.dangling[n] != nil:
		return s.object(trace.Without(e.Raw(), s.dangling[n]...), e, w)
	}
	s.out.kept(e, e.Size())
	return w.Event(e)
}

// object writes what e was changed to.
func (s *emitter) object(obj []byte, e *trace.Event, w *trace.Writer) error {
	s.out.kept(e, len(e.Lead())+len(obj))
	w.SetLead(e)
	return w.Object(obj)
}

// isUsed reports metadata whose track or process has something in the output.
func (s *emitter) isUsed(e *trace.Event) bool {
	if pipeline.IsAlwaysKept(e) {
		return true
	}
	track := s.tracks.Of(e)
	if pipeline.IsThreadName(e) {
		return s.used[track]
	}
	return s.process[s.tracks.All[track].Process]
}

// counter writes a counter event with the samples of it that are kept.
func (s *emitter) counter(n uint64, e *trace.Event, w *trace.Writer) error {
	var lost []string
	left := 0
	for m := range trace.Members(e.Args()) {
		if left+len(lost) == mostSamples {
			break
		}
		if s.meter.dropped.has(s.samples) {
			lost = append(lost, string(m.Key))
		} else {
			left++
		}
		s.samples++
	}
	switch {
	case s.dropped.has(n):
		return nil
	case len(lost) == 0:
		s.out.kept(e, e.Size())
		return w.Event(e)
	}
	return s.object(withArgs(e, trace.Without(e.Args(), lost...)), e, w)
}

// End writes the names that hold again, and the slices that are made. These are the
// innermost where they are, so that their place in the file does not matter.
func (s *emitter) End(_ [][]byte, w *trace.Writer) error {
	for _, e := range s.names.Due() {
		s.out.kept(&e, e.Size())
		if err := w.Event(&e); err != nil {
			return err
		}
	}
	w.SetLead(&trace.Event{})
	return eachText(s.written, w.Object)
}

// withArgs is the text of e with other args.
func withArgs(e *trace.Event, args []byte) []byte {
	obj := e.Raw()
	at := 0
	for m := range trace.Members(obj) {
		if string(m.Key) == "args" {
			at = m.At
		}
	}
	out := append(make([]byte, 0, len(obj)), obj[:at]...)
	return append(append(out, args...), obj[at+len(e.Args()):]...)
}
