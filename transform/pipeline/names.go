package pipeline

import (
	"bytes"

	"tracekit/filter/producer"
	"tracekit/trace"
)

// Names lets through the metadata of processes and threads that have other
// events in the output, in one pass: metadata that comes before the first such
// event is held back until it does, and what is held at the end is dropped.
type Names struct {
	tracks     trace.Tracks
	threads    []*pendingNames // by track
	processes  []*pendingNames
	distinct   Distinct
	Dropped    int64  // metadata events of what has no others, complete after End
	Repeated   int64  // metadata events that repeat others, complete after End
	AlwaysKept int64  // metadata events that were written whatever else is
	Tally      *Tally // may be nil
}

// pendingNames is the metadata of one process or thread, until it is used.
type pendingNames struct {
	used   bool
	events []trace.Event
}

// IsThreadName reports metadata that concerns a thread, not its process.
func IsThreadName(e *trace.Event) bool { return bytes.HasPrefix(e.Name(), []byte("thread_")) }

// IsAlwaysKept reports metadata that is kept whatever else does: it speaks of the whole
// trace, or is the name that vLLM on Gaudi gives to process 1 and means for its own,
// which repair can find out as long as the name is there.
func IsAlwaysKept(e *trace.Event) bool {
	if len(e.Pid()) == 0 {
		return true
	}
	if string(e.Pid()) != producer.VLLMPid || string(e.Name()) != "process_name" {
		return false
	}
	is := false
	for m := range trace.Members(e.Args()) {
		if string(m.Key) == "name" {
			is = trace.Unquote(m.Value) == producer.VLLMProcess
		}
	}
	return is
}

func (n *Names) grow() {
	for len(n.threads) < len(n.tracks.All) {
		n.threads = append(n.threads, &pendingNames{})
	}
	for len(n.processes) < len(n.tracks.Processes) {
		n.processes = append(n.processes, &pendingNames{})
	}
}

// Use notes that e will be written, and writes the metadata that waited for it.
func (n *Names) Use(e *trace.Event, w *trace.Writer) error {
	track := n.tracks.Of(e)
	n.grow()
	if t := n.threads[track]; !t.used {
		if err := n.processes[n.tracks.All[track].Process].release(w, n.Tally); err != nil {
			return err
		}
		return t.release(w, n.Tally)
	}
	return nil
}

func (h *pendingNames) release(w *trace.Writer, t *Tally) error {
	h.used = true
	for i := range h.events {
		t.Out(&h.events[i], h.events[i].Size())
		if err := w.Event(&h.events[i]); err != nil {
			return err
		}
	}
	h.events = nil
	return nil
}

// Name takes a metadata event: it is written, or held back. One that repeats another
// is left out.
func (n *Names) Name(e *trace.Event, w *trace.Writer) error {
	if !n.distinct.First(e) {
		return nil
	}
	return n.writeOrHold(e, w)
}

func (n *Names) writeOrHold(e *trace.Event, w *trace.Writer) error {
	track := n.tracks.Of(e)
	n.grow()
	h := n.processes[n.tracks.All[track].Process]
	free := IsAlwaysKept(e)
	if IsThreadName(e) {
		h, free = n.threads[track], false
	}
	if h.used || free {
		if !h.used {
			n.AlwaysKept++
		}
		n.Tally.Out(e, e.Size())
		return w.Event(e)
	}
	h.events = append(h.events, e.Clone())
	return nil
}

// End drops the names of what has no events, and writes those that hold again.
func (n *Names) End(w *trace.Writer) error {
	n.Repeated = n.distinct.Repeated
	for _, e := range n.distinct.Due() {
		n.Repeated--
		if err := n.writeOrHold(&e, w); err != nil {
			return err
		}
	}
	for _, h := range append(n.threads, n.processes...) {
		n.Dropped += int64(len(h.events))
	}
	return nil
}

// Memory is about how many bytes n takes.
func (n *Names) Memory() int {
	const list, event = 48, 120
	held := n.tracks.Memory() + n.distinct.Memory() + list*(len(n.threads)+len(n.processes))
	for _, all := range [][]*pendingNames{n.threads, n.processes} {
		for _, h := range all {
			for i := range h.events {
				held += event + h.events[i].Size()
			}
		}
	}
	return held
}
