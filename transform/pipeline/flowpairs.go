package pipeline

import (
	"tracekit/trace"
	"tracekit/transform/internal/flows"
)

// Flows drops the halves of flows whose other halves are dropped, in one pass. Those
// that are kept by themselves are held back until the flow is known to keep a start
// and an end; what was half before stays as it was.
type FlowPairs struct {
	chains map[uint64]*heldFlow // by flows.Key
	order  []*heldFlow          // by what came first
}

// heldFlow is a flow from its start to the next start of the same id.
type heldFlow struct {
	held               []trace.Event
	starts, startGoes  bool
	arrives, arrowGoes bool // it has an end that is kept, or one that is dropped
	steps, stepGoes    bool // and so of steps, by which some profilers end flows
}

// Take takes a flow event, which is dropped or may be kept by itself, and calls keep and
// drop for those that are decided by now.
func (a *FlowPairs) Take(e *trace.Event, goes bool, keep, drop func(e *trace.Event) error) error {
	h := a.chain(e)
	if e.Phase == 's' && h.starts {
		if err := h.finish(keep, drop); err != nil {
			return err
		}
		*h = heldFlow{}
	}
	switch {
	case e.Phase == 's':
		h.starts, h.startGoes = true, goes
	case e.Phase == 'f' && goes:
		h.arrowGoes = true
	case e.Phase == 'f':
		h.arrives = true
	case e.Phase == 't' && goes:
		h.stepGoes = true
	case e.Phase == 't':
		h.steps = true
	}
	if goes {
		if err := drop(e); err != nil {
			return err
		}
	} else {
		h.held = append(h.held, e.Clone())
	}
	if h.startGoes || h.starts && h.arrives {
		return h.finish(keep, drop)
	}
	return nil
}

// End decides on what is held.
func (a *FlowPairs) End(keep, drop func(e *trace.Event) error) error {
	for _, h := range a.order {
		if err := h.finish(keep, drop); err != nil {
			return err
		}
	}
	return nil
}

func (h *heldFlow) finish(keep, drop func(e *trace.Event) error) error {
	do := keep
	ends := h.arrives || h.arrowGoes
	if h.startGoes || h.arrowGoes && !h.arrives || !ends && h.stepGoes && !h.steps {
		do = drop
	}
	for i := range h.held {
		if err := do(&h.held[i]); err != nil {
			return err
		}
	}
	h.held = nil
	return nil
}

func (a *FlowPairs) chain(e *trace.Event) *heldFlow {
	key := flows.Key(e)
	h := a.chains[key]
	if h == nil {
		if a.chains == nil {
			a.chains = map[uint64]*heldFlow{}
		}
		h = &heldFlow{}
		a.chains[key] = h
		a.order = append(a.order, h)
	}
	return h
}

// Memory is about how many bytes a takes.
func (a *FlowPairs) Memory() int {
	const flow, event = 200, 120
	n := flow * len(a.order)
	for _, f := range a.order {
		for i := range f.held {
			n += event + f.held[i].Size()
		}
	}
	return n
}
