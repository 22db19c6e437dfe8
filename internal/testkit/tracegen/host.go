package tracegen

// span is a stretch of time: [a, b) in ns.
type span struct{ a, b int64 }

func (s span) width() int64 { return s.b - s.a }

// inner is the span without n ns at each end.
func (s span) inner(n int64) span { return span{s.a + n, s.b - n} }

// cutOut is the part from lo to hi thousandths, in multiples of q.
func (s span) cutOut(lo, hi, q int64) span {
	w := s.width()
	return span{s.a + w*lo/1000/q*q, s.a + w*hi/1000/q*q}
}

// part is what a stretch of the host's step does.
type part int

const (
	partPrepare part = iota
	partForward
	partLogits
	partSample
	partPost
)

// nodeKind tells the three levels of the host's timeline apart.
type nodeKind int

const (
	segmentNode nodeKind = iota // one part of a step or batch
	layerNode                   // a layer of the model's forward pass
	slotNode                    // a stretch that runs one operator
)

// node is a stretch of the main thread. Everything that different kinds of
// events put on that thread is placed by the same nodes, so it nests whatever
// kinds are left out. Segments hold layers and slots, layers hold slots.
type node struct {
	kind              nodeKind
	part              part
	graph             bool // the slot launches a captured graph
	span              span
	op, child, launch span // of a slot: each inside the one before
	batch, layer, col int
	seq               int // of a slot: its number within the step
}

const (
	prepareSlots = 14
	logitsSlots  = 1
	sampleSlots  = 6
	postSlots    = 5
	// frameMargin keeps Python frames around a segment or layer clear of what it holds.
	frameMargin = 300
)

// host lays out the main thread's step in order of start. The result is good
// until it is called for another step.
func (g *gen) host(s *Step) []node {
	if g.hostStep == s.Index+1 {
		return g.nodes
	}
	g.hostStep, g.nodes, g.seq = s.Index+1, g.nodes[:0], 0
	g.hostRNG.seed(g.c.Seed, kindHost, s.Index)
	prepare, logits, sample, post := prepareSlots, logitsSlots, sampleSlots, postSlots
	if g.c.Layers == 1 {
		// A toy: as few operators as still show every kind.
		prepare, logits, sample, post = 1, 0, 0, 2
	}
	g.segment(partPrepare, g.prepare(s), prepare, -1)
	for i := range s.Batches {
		p := g.batchParts(&s.Batches[i])
		g.forward(s, p.work, i)
		g.segment(partLogits, p.logits, logits, i)
		g.segment(partSample, p.sample, sample, i)
	}
	g.segment(partPost, g.post(s), post, -1)
	return g.nodes
}

// batchSpans are the stretches of a batch.
type batchSpans struct {
	forward, logits, sample span
	work                    span // the forward pass after its compilation
}

func (g *gen) batchParts(b *Batch) batchSpans {
	q := g.quantum
	whole := span{b.StartNS + 4*q, b.EndNS - 4*q}
	free := whole
	if b.Compile != nil {
		free.a = b.Compile.EndNS + 4*q
	}
	forward := free.cutOut(0, 840, q)
	return batchSpans{
		forward: span{whole.a, forward.b},
		work:    forward.inner(4 * q),
		logits:  free.cutOut(850, 900, q),
		sample:  free.cutOut(910, 990, q),
	}
}

// prepare is the step's stretch before its first batch.
func (g *gen) prepare(s *Step) span {
	q := g.quantum
	return span{s.StartNS + s.margin(q), s.Batches[0].StartNS - 20*q}
}

// post is the step's stretch after its last batch.
func (g *gen) post(s *Step) span {
	q := g.quantum
	return span{s.Batches[len(s.Batches)-1].EndNS + 20*q, s.EndNS - s.margin(q)}
}

// margin is room for the slice around a warmup step.
func (s *Step) margin(q int64) int64 {
	if s.Warmup {
		return 4 * q
	}
	return 0
}

func (g *gen) segment(p part, at span, slots, batch int) {
	g.nodes = append(g.nodes, node{kind: segmentNode, part: p, span: at, batch: batch, layer: -1})
	in := at.inner(2 * frameMargin)
	for i := range slots {
		g.slot(p, nth(in, i, slots), batch, -1, i, false)
	}
}

func (g *gen) forward(s *Step, at span, batch int) {
	g.nodes = append(g.nodes, node{kind: segmentNode, part: partForward, span: at, batch: batch, layer: -1})
	in := at.inner(2 * frameMargin)
	if g.c.Producer != Gaudi && s.PrefillRequests == 0 {
		g.slot(partForward, in, batch, -1, 0, true)
		return
	}
	for l := range g.c.Layers {
		layer := nth(in, l, g.c.Layers)
		g.nodes = append(g.nodes, node{kind: layerNode, part: partForward, span: layer, batch: batch, layer: l})
		for i := range g.columns {
			g.slot(partForward, nth(layer.inner(2*frameMargin), i, g.columns), batch, l, i, false)
		}
	}
}

// nth is the i-th of n equal parts.
func nth(s span, i, n int) span {
	w := s.width() / int64(n)
	return span{s.a + int64(i)*w, s.a + int64(i+1)*w}
}

// slot places an operator between stretches left free for Python calls.
func (g *gen) slot(p part, at span, batch, layer, col int, graph bool) {
	u := at.width() / 64
	n := node{kind: slotNode, part: p, graph: graph, span: at, batch: batch, layer: layer, col: col, seq: g.seq}
	r := &g.hostRNG
	n.op = span{at.a + 22*u + r.below(2*u), at.a + 49*u + r.below(2*u)}
	n.child = span{n.op.a + u + r.below(2*u), n.op.b - u - r.below(2*u)}
	n.launch.a = n.child.a + 4*u + r.below(u)
	n.launch.b = n.launch.a + 6*u + r.below(4*u)
	g.seq++
	g.nodes = append(g.nodes, n)
}
