package check

// flows joins the starts, steps and ends of flows. It grows with the number of
// flows.
type flows struct {
	numbers map[flowKey]uint64
	started map[uint64]struct{}
}

type flowKey struct {
	id        uint64
	cat, name uint32
}

func newFlows() flows {
	return flows{map[flowKey]uint64{}, map[uint64]struct{}{}}
}

// number is the id under which Perfetto keeps the flow of an s, t or f event.
// It shares one space with bind_id.
func (f *flows) number(r *record) uint64 {
	k := flowKey{r.flow, r.cat, r.name}
	n, known := f.numbers[k]
	if !known {
		n = uint64(len(f.numbers))
		f.numbers[k] = n
	}
	return n
}

// flow takes an s, t or f event.
func (p *replay) flow(r *record) {
	if r.flags&rBadFlow != 0 {
		p.find(FlowBadID, r)
		return
	}
	t := &p.threads[r.track]
	id := p.flows.number(r)
	if r.phase == 'f' && r.flags&rEnclosing == 0 {
		end := waiting{id: id}
		if p.onFind != nil {
			end.end = &record{off: r.off, phase: r.phase}
		}
		t.waiting = append(t.waiting, end)
		return
	}
	p.join(t.stack, r, id, r.phase)
}

// bind takes the bind_id of a slice that has just been put on s.
func (p *replay) bind(s *stack, r *record) {
	if r.flags&rFlow == 0 {
		return
	}
	switch r.flags & (rIn | rOut) {
	case rIn | rOut:
		p.join(*s, r, r.flow, 't')
	case rOut:
		p.join(*s, r, r.flow, 's')
	case rIn:
		p.join(*s, r, r.flow, 'f')
	default:
		p.find(FlowAimless, r)
	}
}

// join binds a start, step or end of a flow to the slice on top of s.
func (p *replay) join(s stack, r *record, id uint64, phase byte) {
	if len(s) == 0 {
		p.find(FlowNoSlice, r)
		return
	}
	_, started := p.flows.started[id]
	switch {
	case phase == 's' && started:
		p.find(FlowDuplicate, r)
	case phase == 's':
		p.flows.started[id] = struct{}{}
		if p.onFind != nil {
			p.started[id] = &record{off: r.off, phase: r.phase}
		}
	case started:
		p.report.Flows++
		delete(p.started, id)
	case phase == 't':
		p.find(FlowStepNoStart, r)
	default:
		p.find(FlowNoStart, r)
	}
}

// waiting is the end of a flow that binds to the next slice of its thread.
type waiting struct {
	id  uint64
	end *record // for those who repair
}

// Hangs is a flow event that joins nothing. Only a Judge tells of it.
const Hangs Kind = "flow_hangs"

// meet notes that the end of a flow has found its slice.
func (p *replay) meet(id uint64, end *record) {
	if end == nil {
		return
	}
	if _, started := p.flows.started[id]; !started {
		p.hang(end)
	}
	delete(p.started, id)
}

func (p *replay) hang(r *record) {
	if p.onFind != nil && r != nil {
		p.onFind(Hangs, r.off, r.phase)
	}
}
