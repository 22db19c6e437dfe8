package tracegen

// deviceKind is what a call starts on the device.
type deviceKind int

const (
	nothingOnDevice deviceKind = iota
	aKernel
	aCopyIn
	aCopyOut
	aSet
)

var kernels = []string{
	"nvjet_tst_192x192_64x4_2x1_v_bz_coopB_TNT",
	"void cutlass::device_kernel<flash::enable_sm90_or_later<flash::FlashAttnFwdSm90<flash::CollectiveMainloopFwdSm90<2, cute::tuple<cute::C<1>, cute::C<1>, cute::C<1>>, cutlass::bfloat16_t, float, cutlass::arch::Sm90> > > >(flash::Params)",
	"void vllm::act_and_mul_kernel<c10::BFloat16, &(c10::BFloat16 vllm::silu_kernel<c10::BFloat16>(c10::BFloat16 const&)), true>(c10::BFloat16*, c10::BFloat16 const*, int)",
	"std::enable_if<(((8)>(0)))&&vllm::_typeConvert<c10::BFloat16>::exists, void>::type vllm::fused_add_rms_norm_kernel<c10::BFloat16, 8>(c10::BFloat16*, long, c10::BFloat16*, c10::BFloat16 const*, float, int, int)",
}

var (
	fQueued    = newField("queued", "      ")
	fContext   = newField("context", " ")
	fGPUStream = newField("stream", "      ")
	fRegisters = newField("registers per thread", "      ")
	fShared    = newField("shared memory", "      ")
	fBlocks    = newField("blocks per SM", "      ")
	fWarps     = newField("warps per SM", "      ")
	fGrid      = newField("grid", "      ")
	fBlock     = newField("block", "      ")
	fOccupancy = newField("est. achieved occupancy %", "      ")
	fCopied    = newField("bytes", "      ")
	fBandwidth = newField("memory bandwidth (GB/s)", " ")
)

// gpu is a device with two streams, each of which runs what it was given one
// after the other: later than it was launched, sometimes in the next step.
type gpu struct {
	g             *gen
	r             rng   // of times
	detail        rng   // of what is only written, not placed
	free, copying int64 // until when each stream is busy

	kernel, copyIn, copyOut, set *shape
	toCompute, toCopy            *shape
}

func (g *gen) newGPU() *gpu {
	e := g.e
	return &gpu{
		g:         g,
		kernel:    e.slices("kernel", computeStream),
		copyIn:    e.slices("gpu_memcpy", computeStream),
		copyOut:   e.slices("gpu_memcpy", copyStream),
		set:       e.slices("gpu_memset", computeStream),
		toCompute: e.flow("f", "ac2g", computeStream),
		toCopy:    e.flow("f", "ac2g", copyStream),
	}
}

func (d *gpu) begin() { d.free, d.copying = 0, 0 }

func (d *gpu) newStep(s *Step) {
	d.r.seed(d.g.c.Seed, kindDevice, s.Index)
	d.detail.seed(d.g.c.Seed^1, kindDevice, s.Index)
}

// work is one thing that a device did: the i-th that its slot launched.
type work struct {
	kind deviceKind
	i    int
	at   span
}

// run runs what a slot launched and reports it.
func (d *gpu) run(s *Step, n *node, k deviceKind, report func(*Step, *node, work)) {
	ready := n.launch.b + d.r.between(3*us, 9*us)
	switch {
	case k == nothingOnDevice:
	case k == aCopyOut:
		// The results are copied once they are there.
		at := span{a: max(ready, d.free+us, d.copying+us)}
		at.b = at.a + d.r.between(1200, 3000)
		d.copying = at.b
		report(s, n, work{k, 0, at})
	case n.graph:
		whole := span{a: max(ready, d.free+us)}
		whole.b = whole.a + n.span.width()*d.r.between(780, 1120)/1000
		count := d.g.c.Layers * d.g.columns
		for i := range count {
			at := nth(whole, i, count)
			at.b -= 600 + d.r.below(at.width()/5)
			d.free = at.b
			report(s, n, work{k, i, at})
		}
	default:
		at := span{a: max(ready, d.free+d.r.between(500, 1500))}
		at.b = at.a + 900 + n.span.width()*d.r.between(200, 1150)/1000
		if k != aKernel {
			at.b = at.a + d.r.between(900, 2500)
		}
		d.free = at.b
		report(s, n, work{k, n.col, at})
	}
}

// write writes a device's event and the end of the flow into it.
func (d *gpu) write(s *Step, n *node, w work) {
	e, shape, flow, stream := d.g.e, d.kernel, d.toCompute, int64(7)
	name := kernels[w.i%len(kernels)]
	switch w.kind {
	case aCopyIn:
		shape, name = d.copyIn, "Memcpy HtoD (Pinned -> Device)"
	case aCopyOut:
		shape, flow, stream, name = d.copyOut, d.toCopy, 20, "Memcpy DtoH (Device -> Pinned)"
	case aSet:
		shape, name = d.set, "Memset (Device)"
	}
	correlation := d.g.correlation(s, n)
	e.open(shape)
	e.str(name)
	e.span(w.at.a, w.at.b)
	e.integer(fExternalID, d.g.opID(s, n)+1)
	if w.kind == aKernel {
		e.integer(fQueued, 0)
	}
	e.integer(fDevice, 0)
	e.integer(fContext, 1)
	e.integer(fGPUStream, stream)
	e.integer(fCorrelation, correlation)
	if w.kind == aKernel {
		d.dimensions()
	} else {
		bytes := 256 << d.detail.below(6)
		e.integer(fCopied, int64(bytes))
		e.float(fBandwidth, float64(bytes)/float64(w.at.width()))
	}
	e.close()
	e.open(flow)
	e.num(int(correlation))
	e.at(w.at.a)
	e.close()
}

func (d *gpu) dimensions() {
	e, blocks := d.g.e, d.detail.between(8, 1024)
	e.integer(fRegisters, 32+8*d.detail.below(24))
	e.integer(fShared, 1024*d.detail.below(200))
	e.fixed(fBlocks, blocks*1_000_000/132)
	e.fixed(fWarps, blocks*8_000_000/132)
	e.key(fGrid)
	e.triple(int(blocks))
	e.key(fBlock)
	e.triple(256)
	e.integer(fOccupancy, min(100, blocks/10))
}

// triple writes three dimensions, of which only the first is not 1.
func (e *encoder) triple(n int) {
	if e.layout == Indent2 {
		e.str("[\n          ")
		e.num(n)
		e.str(",\n          1,\n          1\n        ]")
		return
	}
	e.str("[")
	e.num(n)
	e.str(", 1, 1]")
}

// mirrorRun writes the annotations' mirror on the device: from the first to
// the last thing on the compute stream that was launched inside.
func (g *gen) mirrorRun(label labeller) run {
	e, shape, d := g.e, g.e.slices("gpu_user_annotation", computeStream), g.newGPU()
	var whole, part span
	grow := func(_ *Step, _ *node, w work) {
		if w.kind == aCopyOut {
			return
		}
		for _, at := range []*span{&whole, &part} {
			if at.b == 0 {
				at.a = w.at.a
			}
			at.b = w.at.b
		}
	}
	mirror := func(s *Step, n *node, at span) {
		if g.name = label(g.name[:0], s, n); at.b == 0 || len(g.name) == 0 {
			return
		}
		e.open(shape)
		e.str(string(g.name))
		e.span(at.a, at.b)
		e.integer(fExternalID, g.annotationID(s, n))
		e.close()
	}
	return run{
		begin: d.begin,
		step: func(s *Step) {
			d.newStep(s)
			var segment *node
			whole = span{}
			for i, nodes := 0, g.host(s); i < len(nodes); i++ {
				switch n := &nodes[i]; n.kind {
				case segmentNode:
					if segment != nil {
						mirror(s, segment, part)
					}
					segment, part = n, span{}
				case slotNode:
					d.run(s, n, callOf(n).launches, grow)
				}
			}
			mirror(s, segment, part)
			mirror(s, nil, whole)
		},
	}
}
