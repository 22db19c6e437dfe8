package clocks

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"

	"tracekit/filter/producer"
	"tracekit/trace"
)

// MostCollectives is how many collectives of a trace are remembered, chosen so that traces
// of several ranks keep the same ones.
const MostCollectives = 16 << 10

// mostUnnumbered is how many are looked at where nothing numbers them.
const mostUnnumbered = 1 << 20

// Collectives are those that ran on the devices of one trace, and that all members leave
// together.
type Collectives struct {
	every      uint64 // of so many numbered ones one is kept
	numbered   map[Meeting]trace.Time
	unnumbered []unnumbered
	Samples    []Sample // of both, once they are settled
}

// Meeting is what members of a collective have in common.
type Meeting struct{ Group, Number uint64 }

// unnumbered is a collective that its place in the order of its group tells from others.
type unnumbered struct {
	group, shape uint64
	start, end   trace.Time
}

// Sample is when a trace left a collective.
type Sample struct {
	Meeting
	Shape uint64 // of one that order numbers: what it did, to how much. Else 0
	End   trace.Time
}

// anyGroup is the group of collectives whose number says which group it is.
const anyGroup = 0

// Learn takes a slice, if it is such a collective.
func (c *Collectives) Learn(e *trace.Event) {
	cat, _ := producer.CategoryOf(e.Cat())
	if cat.Place != producer.OnDevice || string(e.Cat()) == "gpu_user_annotation" || e.Has&trace.HasTS == 0 {
		return
	}
	var name, group, ranks, description, seq, comms, in, out, dtype []byte
	if e.Has&trace.HasArgs != 0 && bytes.Contains(e.Args(), []byte("Collective name")) {
		for m := range trace.Members(e.Args()) {
			switch string(m.Key) {
			case "Collective name":
				name = m.Value
			case "Process Group Name":
				group = m.Value
			case "Process Group Description":
				description = m.Value
			case "Process Group Ranks":
				ranks = m.Value
			case "Seq":
				seq = m.Value
			case "Comms Id":
				comms = m.Value
			case "In msg nelems":
				in = m.Value
			case "Out msg nelems":
				out = m.Value
			case "dtype":
				dtype = m.Value
			}
		}
	}
	if name == nil {
		if !producer.CollectiveOf(e.Name()).LeavesTogether() {
			return
		}
		c.addUnnumbered(unnumbered{hash([]byte("stream"), e.Tid()), hash(e.Name()), e.TS, e.End()})
		return
	}
	if !producer.OperationOf(name).LeavesTogether() {
		return
	}
	of := hash(group, description, ranks)
	if len(comms) > 0 && string(comms) != "0" {
		c.add(Meeting{anyGroup, hash(comms)}, e.End())
		return
	}
	if n, err := strconv.ParseUint(trace.Unquote(seq), 10, 64); err == nil {
		c.add(Meeting{of, n}, e.End())
		return
	}
	c.addUnnumbered(unnumbered{of, hash(name, in, out, dtype), e.TS, e.End()})
}

// hash is the FNV-1a of parts, the same in every run.
func hash(parts ...[]byte) uint64 {
	h := uint64(14695981039346656037)
	for _, p := range parts {
		for _, b := range p {
			h = (h ^ uint64(b)) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211
	}
	return h | 1 // not anyGroup
}

// add notes the end of a collective, which may be more than one kernel.
func (c *Collectives) add(m Meeting, end trace.Time) {
	if c.numbered == nil {
		c.numbered, c.every = map[Meeting]trace.Time{}, 1
	}
	if mix(m)%c.every != 0 {
		return
	}
	if was, known := c.numbered[m]; !known || end > was {
		c.numbered[m] = end
	}
	if len(c.numbered) > MostCollectives {
		c.every *= 2
		for m := range c.numbered {
			if mix(m)%c.every != 0 {
				delete(c.numbered, m)
			}
		}
	}
}

func (c *Collectives) addUnnumbered(u unnumbered) {
	if len(c.unnumbered) < mostUnnumbered {
		c.unnumbered = append(c.unnumbered, u)
	}
}

// mix spreads numbers that follow one another.
func mix(m Meeting) uint64 {
	x := (m.Group ^ m.Number) * 0x9e3779b97f4a7c15
	return x ^ x>>32
}

// Settle makes samples of what was learnt.
func (c *Collectives) Settle() {
	for m, end := range c.numbered {
		c.Samples = append(c.Samples, Sample{m, 0, end})
	}
	slices.SortFunc(c.Samples, func(a, b Sample) int {
		return cmp.Or(cmp.Compare(a.End, b.End), cmp.Compare(a.Group, b.Group), cmp.Compare(a.Number, b.Number))
	})
	c.number(c.unnumbered)
	c.numbered, c.unnumbered = nil, nil
}

// number numbers collectives of each group in order of time, and keeps some: stretches that
// follow one another, since two traces may have begun to number at different ones.
func (c *Collectives) number(all []unnumbered) {
	const stretch = 256
	slices.SortFunc(all, func(a, b unnumbered) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end))
	})
	every := stretch
	for len(all)/every*stretch > MostCollectives {
		every *= 2
	}
	n := 0
	for i, u := range all {
		if n++; i == 0 || u.group != all[i-1].group {
			n = 0
		}
		if n%every < stretch {
			c.Samples = append(c.Samples, Sample{Meeting{u.group, uint64(n)}, u.shape, u.end})
		}
	}
}

// Held is about how many bytes c takes.
func (c *Collectives) Held() int {
	const numbered, unnumbered, sample = 60, 32, 32
	return numbered*len(c.numbered) + unnumbered*cap(c.unnumbered) + sample*cap(c.Samples)
}
