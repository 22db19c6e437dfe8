package tracegen

// opText is what an operator and the one inside it are called, with their args.
type opText struct{ op, child, types, dims string }

// labeller appends the name of a segment's annotation, or of the whole step's
// if there is no node. Without a name there is no annotation.
type labeller func(dst []byte, s *Step, n *node) []byte

var (
	fExternalID = newField("External id", "")
	fRecordID   = newField("Record function id", "")
	fTypes      = newField("Input type", " ")
	fDims       = newField("Input Dims", " ")
	fEvIdx      = newField("Ev Idx", " ")

	fReserved   = newField("Total Reserved", " ")
	fAllocated  = newField("Total Allocated", " ")
	fBytes      = newField("Bytes", " ")
	fDeviceID   = newField("Device Id", " ")
	fDeviceType = newField("Device Type", " ")
	fAddr       = newField("Addr", " ")
)

// Of a step's ids the first go to its annotations, then two to each operator.
const annotationIDs = 16

func (g *gen) opID(s *Step, n *node) int64 { return g.ids(s) + annotationIDs + 2*int64(n.seq) }

// annotationID is the id of a segment's annotation; the whole step's is the first.
func (g *gen) annotationID(s *Step, n *node) int64 {
	if n == nil {
		return g.ids(s)
	}
	return g.ids(s) + 1 + 4*int64(n.batch+1) + int64(n.part)
}

// opRun writes the operators and annotations of the main thread.
func (g *gen) opRun(main track, texts func(*node) *opText, label labeller) run {
	ops, notes := g.e.slices("cpu_op", main), g.e.slices("user_annotation", main)
	var event int64
	annotate := func(s *Step, n *node, at span) {
		if g.name = label(g.name[:0], s, n); len(g.name) > 0 {
			g.hostSlice(notes, string(g.name), at, g.annotationID(s, n), event, nil)
			event++
		}
	}
	return run{step: func(s *Step) {
		event = g.eventIndex(s)
		annotate(s, nil, span{s.StartNS, s.EndNS})
		for i, nodes := 0, g.host(s); i < len(nodes); i++ {
			n := &nodes[i]
			switch n.kind {
			case segmentNode:
				annotate(s, n, n.span)
			case slotNode:
				t := texts(n)
				g.hostSlice(ops, t.op, n.op, g.opID(s, n), event, t)
				g.hostSlice(ops, t.child, n.child, g.opID(s, n)+1, event+1, t)
				event += 2
			}
		}
	}}
}

// eventIndex is the first of the profiler's own event numbers for a step.
func (g *gen) eventIndex(s *Step) int64 { return (g.ids(s) - 1) * (idsOfPython + 2) }

// hostSlice writes one operator or annotation.
func (g *gen) hostSlice(shape *shape, name string, at span, id, event int64, t *opText) {
	e := g.e
	e.open(shape)
	e.str(name)
	e.span(at.a, at.b)
	e.integer(fExternalID, id)
	e.integer(fRecordID, 0)
	if t != nil {
		e.raw(fTypes, t.types)
		e.raw(fDims, t.dims)
	}
	e.integer(fEvIdx, event)
	e.close()
}

// memoryRun writes the allocator's instants, one for every other operator.
func (g *gen) memoryRun(main track) run {
	e := g.e
	shape := e.shape("i:cpu_instant_event", true,
		`"ph": "i", "cat": "cpu_instant_event", "s": "t", "name": "@",`+"\n"+`"pid": %s, "tid": %s,`+"\n"+`"ts": #`, main.pid, main.tid)
	var r rng
	return run{step: func(s *Step) {
		r.seed(g.c.Seed, kindMemory, s.Index)
		event := g.eventIndex(s) + g.stride
		for i, nodes := 0, g.host(s); i < len(nodes); i++ {
			n := &nodes[i]
			if n.kind != slotNode || n.seq%2 == 1 {
				continue
			}
			bytes := 512 << r.below(15)
			if n.seq%4 == 2 {
				bytes = -bytes
			}
			e.open(shape)
			e.str("[memory]")
			e.at(n.child.a + 1)
			e.integer(fReserved, 70_866_960_384)
			e.integer(fAllocated, 68_719_476_736+r.below(1<<20)*512)
			e.integer(fBytes, int64(bytes))
			e.integer(fAddr, 139_725_623_001_088+r.below(1<<24)*512)
			e.integer(fDeviceID, 0)
			e.integer(fDeviceType, 1)
			e.integer(fEvIdx, event)
			e.close()
			event++
		}
	}}
}
