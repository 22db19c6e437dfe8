package pipeline

import (
	"tracekit/trace"
	"tracekit/transform/internal/flows"
)

// FlowPairs drops the halves of flows whose other halves are dropped, in one pass. Those
// that are kept by themselves are held back until the flow is known to keep a start
// and an end; what was half before stays as it was.
type FlowPairs struct {
	chains map[uint64]*pendingFlow // by flows.Key
	order  []*pendingFlow          // by what came first
}

// pendingFlow is a flow from its start to the next start of the same id.
type pendingFlow struct {
	events                  []trace.Event
	startKept, startDropped bool
	endKept, endDropped     bool // it has an end that is kept, or one that is dropped
	stepKept, stepDropped   bool // and so of steps, by which some profilers end flows
}

// Add adds a flow event, which is dropped or may be kept by itself, and calls keep and
// drop for those that are decided by now.
func (a *FlowPairs) Add(e *trace.Event, dropped bool, keep, drop func(e *trace.Event) error) error {
	h := a.chain(e)
	if e.Phase == 's' && h.startKept {
		if err := h.finish(keep, drop); err != nil {
			return err
		}
		*h = pendingFlow{}
	}
	switch {
	case e.Phase == 's':
		h.startKept, h.startDropped = true, dropped
	case e.Phase == 'f' && dropped:
		h.endDropped = true
	case e.Phase == 'f':
		h.endKept = true
	case e.Phase == 't' && dropped:
		h.stepDropped = true
	case e.Phase == 't':
		h.stepKept = true
	}
	if dropped {
		if err := drop(e); err != nil {
			return err
		}
	} else {
		h.events = append(h.events, e.Clone())
	}
	if h.startDropped || h.startKept && h.endKept {
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

func (h *pendingFlow) finish(keep, drop func(e *trace.Event) error) error {
	do := keep
	ends := h.endKept || h.endDropped
	if h.startDropped || h.endDropped && !h.endKept || !ends && h.stepDropped && !h.stepKept {
		do = drop
	}
	for i := range h.events {
		if err := do(&h.events[i]); err != nil {
			return err
		}
	}
	h.events = nil
	return nil
}

func (a *FlowPairs) chain(e *trace.Event) *pendingFlow {
	key := flows.Key(e)
	h := a.chains[key]
	if h == nil {
		if a.chains == nil {
			a.chains = map[uint64]*pendingFlow{}
		}
		h = &pendingFlow{}
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
		for i := range f.events {
			n += event + f.events[i].Size()
		}
	}
	return n
}
