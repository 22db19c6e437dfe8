package pipeline

import (
	"tracekit/trace"
	"tracekit/transform/internal/flows"
)

// Arrows lets the halves of arrows go whose other halves go, in one pass. Those
// that stay by themselves are held back until the arrow is known to keep a start
// and an end; what was half before stays as it was.
type Arrows struct {
	chains map[uint64]*heldArrow // by flows.Key
	order  []*heldArrow          // by what came first
}

// heldArrow is an arrow from its start to the next start of the same id.
type heldArrow struct {
	held               []trace.Event
	starts, startGoes  bool
	arrives, arrowGoes bool // it has an end that stays, or one that goes
	steps, stepGoes    bool // and so of steps, by which some profilers end flows
}

// Take takes a flow event, which goes or may stay by itself, and calls keep and
// drop for those that are decided by now.
func (a *Arrows) Take(e *trace.Event, goes bool, keep, drop func(e *trace.Event) error) error {
	h := a.chain(e)
	if e.Phase == 's' && h.starts {
		if err := h.finish(keep, drop); err != nil {
			return err
		}
		*h = heldArrow{}
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
func (a *Arrows) End(keep, drop func(e *trace.Event) error) error {
	for _, h := range a.order {
		if err := h.finish(keep, drop); err != nil {
			return err
		}
	}
	return nil
}

func (h *heldArrow) finish(keep, drop func(e *trace.Event) error) error {
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

func (a *Arrows) chain(e *trace.Event) *heldArrow {
	key := flows.Key(e)
	h := a.chains[key]
	if h == nil {
		if a.chains == nil {
			a.chains = map[uint64]*heldArrow{}
		}
		h = &heldArrow{}
		a.chains[key] = h
		a.order = append(a.order, h)
	}
	return h
}

// Held is about how many bytes a takes.
func (a *Arrows) Held() int {
	const flow, event = 200, 120
	n := flow * len(a.order)
	for _, f := range a.order {
		for i := range f.held {
			n += event + f.held[i].Size()
		}
	}
	return n
}
