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
	Most       int    // how many are remembered; 0 for MostCollectives
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

// Collective is what an event says of the collective that it is a part of. Its text is that of args,
// and belongs to the event; what is not said is nil.
type Collective struct {
	// Meeting is that of all members, but where Shape is not 0: then the collective has no number,
	// and its place in the order of its group tells it from others.
	Meeting
	Shape uint64 // what is done, to how much; 0 where there is a number
	Kind  producer.Collective

	Name, Process, Description, Ranks, Seq, Comms, In, Out, Type, Size []byte
}

// CollectiveOf returns the collective that an event of a device is a part of, by its args or its name, and
// whether it is one.
func CollectiveOf(e *trace.Event) (c Collective, ok bool) {
	if e.Has&trace.HasArgs != 0 && bytes.Contains(e.Args(), []byte("Collective name")) {
		c.read(e.Args())
	}
	if c.Name == nil {
		c.Meeting, c.Shape, c.Kind = Meeting{Group: hash([]byte("stream"), e.Tid())}, hash(e.Name()), producer.CollectiveOf(e.Name())
		return c, c.Kind != producer.NoCollective
	}
	c.Kind = producer.OperationOf(c.Name)
	group := hash(c.Process, c.Description, c.Ranks)
	if len(c.Comms) > 0 && string(c.Comms) != "0" {
		c.Meeting = Meeting{anyGroup, hash(c.Comms)}
	} else if n, err := strconv.ParseUint(trace.Unquote(c.Seq), 10, 64); err == nil {
		c.Meeting = Meeting{group, n}
	} else {
		c.Meeting, c.Shape = Meeting{Group: group}, hash(c.Name, c.In, c.Out, c.Type)
	}
	return c, true
}

// read takes the args of a kernel as Kineto writes them.
func (c *Collective) read(args []byte) {
	for m := range trace.Members(args) {
		switch string(m.Key) {
		case "Collective name":
			c.Name = m.Value
		case "Process Group Name":
			c.Process = m.Value
		case "Process Group Description":
			c.Description = m.Value
		case "Process Group Ranks":
			c.Ranks = m.Value
		case "Seq":
			c.Seq = m.Value
		case "Comms Id":
			c.Comms = m.Value
		case "In msg nelems":
			c.In = m.Value
		case "Out msg nelems":
			c.Out = m.Value
		case "dtype":
			c.Type = m.Value
		case "Group size":
			c.Size = m.Value
		}
	}
}

// Learn takes a slice, if it is a collective of a device that all members leave together.
func (c *Collectives) Learn(e *trace.Event) {
	cat, _ := producer.CategoryOf(e.Cat())
	if cat.Place != producer.OnDevice || string(e.Cat()) == "gpu_user_annotation" || e.Has&trace.HasTS == 0 {
		return
	}
	if x, ok := CollectiveOf(e); ok {
		c.Add(&x, e.TS, e.End())
	}
}

// Add takes a collective, if all members leave it together.
func (c *Collectives) Add(x *Collective, start, end trace.Time) {
	switch {
	case !x.Kind.LeavesTogether():
	case x.Shape != 0:
		c.addUnnumbered(unnumbered{x.Meeting.Group, x.Shape, start, end})
	default:
		c.add(x.Meeting, end)
	}
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
	if len(c.numbered) > c.most() {
		c.every *= 2
		for m := range c.numbered {
			if mix(m)%c.every != 0 {
				delete(c.numbered, m)
			}
		}
	}
}

func (c *Collectives) most() int { return cmp.Or(c.Most, MostCollectives) }

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

// MakeSamples makes samples of what was learnt.
func (c *Collectives) MakeSamples() {
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
	for len(all)/every*stretch > c.most() {
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

// Memory is about how many bytes c takes.
func (c *Collectives) Memory() int {
	const numbered, unnumbered, sample = 60, 32, 32
	return numbered*len(c.numbered) + unnumbered*cap(c.unnumbered) + sample*cap(c.Samples)
}
