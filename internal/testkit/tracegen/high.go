package tracegen

var (
	fConstBlocks = newField("const_cache_num_blocks", " ")
	fConstMemory = newField("const_gpu_memory_utilization", " ")
	fConstSize   = newField("const_block_size", " ")
	fAverage     = newField("average_real_throughput", " ")
	fIteration   = newField("engine_iteration", " ")
	fUsed        = newField("cache_num_blocks_used", " ")
	fFree        = newField("cache_num_free_blocks", " ")
	fUtilized    = newField("cache_computed_utilization", " ")
	fCompiles    = newField("cumulative_graph_compilations", " ")
)

// series are the counters that carry their phase's name.
type series struct {
	bucketBatch, batch, bucketSeq, bucketCtx, seq, ctx *field
	bucketGen, realGen, tokens, blocks                 *field
	bucketIn, realIn                                   *field
}

func newSeries(phase string) *series {
	f := func(name string) *field { return newField(phase+"_"+name, " ") }
	return &series{
		bucketBatch: f("bucket_batch_size"), batch: f("batch_size"),
		bucketSeq: f("bucket_seq_len"), bucketCtx: f("bucket_ctx_blocks"),
		seq: f("seq_len"), ctx: f("ctx_len"),
		bucketGen: f("bucket_gen_throughput"), realGen: f("real_gen_throughput"),
		tokens: f("batch_token_utilization"), blocks: f("batch_block_utilization"),
		bucketIn: f("bucket_in_throughput"), realIn: f("real_in_throughput"),
	}
}

var promptSeries, decodeSeries = newSeries("prompt"), newSeries("decode")

// highLevel writes vLLM's own events, each when it ends, as its profiler does.
type highLevel struct {
	g                *gen
	slices, counters *shape
	r                rng
	first            bool // the constant counters are still to come
}

func (g *gen) highRun() run {
	h := &highLevel{g: g, slices: g.e.high("X", highSlices), counters: g.e.high("C", highCounter)}
	return run{
		begin: func() {
			h.first = true
			h.r.seed(g.c.Seed, kindHigh, 0)
			h.slice("start_profiler", span{g.capture.a + 500*us, g.capture.a + 2*ms})
		},
		step: h.step,
	}
}

func (h *highLevel) step(s *Step) {
	h.r.seed(h.g.c.Seed, kindHigh, s.Index+1)
	h.slice("prepare_input_tensors", h.g.prepare(s))
	for i := range s.Batches {
		b := &s.Batches[i]
		p := h.g.batchParts(b)
		if b.Compile != nil {
			h.begin("GRAPH COMPILE: ").str(b.Compile.Recipe)
			h.end(span{b.Compile.StartNS, b.Compile.EndNS})
		}
		h.bucket("model_forward_bs", b, true)
		h.end(p.forward)
		h.bucket("compute_logits", b, false)
		h.end(p.logits)
		h.slice("sampler", p.sample)
		crumbs := h.crumbs()
		h.counter(b, crumbs)
		h.begin(b.Phase)
		h.endFine(span{b.StartNS, b.EndNS}, crumbs)
	}
	h.slice("sampler_postprocessing", h.g.post(s))
	if s.Warmup {
		h.slice("warmup", span{s.StartNS, s.EndNS})
	}
}

func (h *highLevel) begin(name string) *encoder {
	h.g.e.open(h.slices)
	h.g.e.str(name)
	return h.g.e
}

// bucket begins a slice that is named after the batch's bucket.
func (h *highLevel) bucket(name string, b *Batch, graphs bool) {
	e := h.begin(name)
	e.num(b.BucketSize)
	e.str("_seq")
	e.num(b.BucketSeq)
	e.str("_ctx")
	e.num(b.BucketCtx)
	if graphs {
		e.str("_graphsT")
	}
}

// crumbs are what a subtraction of floats leaves of a timestamp beyond its
// nanoseconds, in hundredths.
func (h *highLevel) crumbs() int {
	if h.g.c.Array {
		return 0
	}
	return int(h.r.below(40))
}

func (h *highLevel) end(at span) { h.endFine(at, h.crumbs()) }

func (h *highLevel) endFine(at span, crumbs int) {
	e := h.g.e
	e.atFine(at.a, crumbs)
	e.dur(at.a, at.b)
	e.str(e.cur.null)
	e.close()
}

func (h *highLevel) slice(name string, at span) {
	h.begin(name)
	h.end(at)
}

// counter writes the utilisation of a batch, at the very time of its start.
func (h *highLevel) counter(b *Batch, crumbs int) {
	e, f := h.g.e, promptSeries
	if b.Phase == Decode {
		f = decodeSeries
	}
	seconds := float64(b.EndNS-b.StartNS) / 1e9
	padded := float64(b.BucketSize * b.BucketSeq)
	e.open(h.counters)
	e.str("utils")
	e.atFine(b.StartNS, crumbs)
	e.integer(f.bucketBatch, int64(b.BucketSize))
	e.integer(f.batch, int64(b.Requests))
	e.integer(f.bucketSeq, int64(b.BucketSeq))
	e.integer(f.bucketCtx, int64(b.BucketCtx))
	e.integer(f.seq, int64(b.MaxLen))
	e.integer(f.ctx, int64(b.SumLen))
	e.float(f.bucketGen, float64(b.BucketSize)/seconds)
	e.float(f.realGen, float64(b.Requests)/seconds)
	e.float(f.tokens, float64(b.Tokens)/padded)
	e.float(fAverage, b.average)
	e.integer(fIteration, int64(b.iteration))
	if b.Phase == Prefill {
		e.float(f.bucketIn, padded/seconds)
		e.float(f.realIn, float64(b.Tokens)/seconds)
	}
	e.integer(fUsed, int64(b.Blocks))
	e.integer(fFree, int64(cacheBlocks-b.Blocks))
	e.float(fUtilized, float64(b.Blocks)/cacheBlocks)
	e.float(f.blocks, float64(b.Blocks)/float64(b.BucketSize*max(b.BucketCtx, 1)))
	if b.compiles > 0 {
		e.integer(fCompiles, int64(b.compiles))
	}
	if h.first {
		h.first = false
		e.integer(fConstBlocks, cacheBlocks)
		e.float(fConstMemory, 0.9)
		e.integer(fConstSize, blockSize)
	}
	e.close()
}
