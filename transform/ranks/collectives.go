package ranks

import (
	"cmp"
	"slices"
	"strconv"

	"tracekit/filter/producer"
	"tracekit/trace"
	"tracekit/transform/internal/clocks"
)

// group is one of process groups, or of streams where collectives do not name theirs.
type group struct {
	Hash uint64 `json:"hash,string"`
}

// kind is what collectives of a group have in common.
type kind struct {
	Group string `json:"group"` // its description or name, empty if it is not known
	Ranks string `json:"ranks"` // as the trace lists them
	Size  int    `json:"size"`  // how many ranks it has, 0 if that is not known
	Kind  string `json:"kind"`
	Type  string `json:"type"`
	Bytes int64  `json:"bytes"` // of all ranks together as nccl-tests count them, -1 if not known
	Shape uint64 `json:"shape,string"`
}

// call is one collective as one trace has seen it.
type call struct {
	group, kind int // in the lists of the trace
	number      uint64
	start, end  trace.Time
}

// calls gather the collectives of a trace.
type calls struct {
	groups map[uint64]int
	kinds  map[kind]int
	trace  *Trace
	all    []call

	list  []group
	named []kind
}

func newCalls(t *Trace) calls {
	return calls{groups: map[uint64]int{}, kinds: map[kind]int{}, trace: t, list: []group{}, named: []kind{}}
}

func (c *calls) add(e *trace.Event, x *clocks.Collective) {
	g, ok := c.groups[x.Meeting.Group]
	if !ok {
		g = len(c.list)
		c.groups[x.Meeting.Group] = g
		c.list = append(c.list, group{x.Meeting.Group})
	}
	k := kindOf(x)
	n, ok := c.kinds[k]
	if !ok {
		n = len(c.named)
		c.kinds[k] = n
		c.named = append(c.named, k)
	}
	c.all = append(c.all, call{g, n, x.Number, e.TS, e.End()})
}

func (c *calls) memory() int {
	const call = 48
	return call * cap(c.all)
}

func kindOf(x *clocks.Collective) kind {
	k := kind{Group: trace.Unquote(x.Description), Ranks: trace.Unquote(x.Ranks), Kind: x.Kind.String(), Type: trace.Unquote(x.Type), Bytes: -1, Shape: x.Shape}
	if k.Group == "" || k.Group == "undefined" {
		k.Group = trace.Unquote(x.Process)
	}
	if n, err := strconv.Atoi(trace.Unquote(x.Size)); err == nil && n > 0 {
		k.Size = n
	}
	in, errIn := strconv.ParseInt(trace.Unquote(x.In), 10, 64)
	out, errOut := strconv.ParseInt(trace.Unquote(x.Out), 10, 64)
	if size := producer.ElementSize(k.Type); size > 0 && (errIn == nil || errOut == nil) {
		k.Bytes = max(in, out) * size
	}
	return k
}

// finish puts the calls into the trace. What one number has is one collective, whose kernels may be
// several; those without numbers are numbered in order of time, group by group.
func (c *calls) finish() {
	t := c.trace
	t.Groups, t.Kinds = c.list, c.named
	slices.SortStableFunc(c.all, func(a, b call) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end))
	})
	at := map[clocks.Meeting]int{}
	kept := c.all[:0]
	order := map[int]uint64{}
	for _, x := range c.all {
		if t.Kinds[x.kind].Shape != 0 {
			x.number = order[x.group]
			order[x.group]++
			kept = append(kept, x)
			continue
		}
		m := clocks.Meeting{Group: t.Groups[x.group].Hash, Number: x.number}
		if i, ok := at[m]; ok && kept[i].kind == x.kind {
			kept[i].end = max(kept[i].end, x.end)
			continue
		}
		at[m] = len(kept)
		kept = append(kept, x)
	}
	last := call{}
	for _, x := range kept {
		t.Collectives.put(int64(x.group), int64(x.kind), int64(x.number-last.number), int64(x.start-last.start), int64(x.end-x.start))
		last = x
	}
}

// calls are the collectives of the trace, by group and in order of time.
func (t *Trace) calls(each func(call)) error {
	n := numbers{rest: t.Collectives}
	last := call{}
	for len(n.rest) > 0 {
		x := call{group: int(n.next()), kind: int(n.next())}
		x.number = last.number + uint64(n.next())
		x.start = last.start + trace.Time(n.next())
		x.end = x.start + trace.Time(n.next())
		if n.bad || x.group < 0 || x.group >= len(t.Groups) || x.kind < 0 || x.kind >= len(t.Kinds) || x.end < x.start {
			return errColumns
		}
		each(x)
		last = x
	}
	return n.end()
}

// check fails where what is read of the trace is broken.
func (t *Trace) check() error {
	if _, err := t.steps(); err != nil {
		return err
	}
	for i := range t.Kernels {
		if err := newSketch().addColumns(t.Kernels[i].Durations); err != nil {
			return err
		}
	}
	for i := range t.Devices {
		if d := &t.Devices[i]; d.Communication == nil && d.Exposed != nil {
			return errColumns
		}
	}
	return t.calls(func(call) {})
}
