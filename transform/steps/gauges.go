package steps

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"sort"
	"strconv"

	"tracekit/trace"
)

// gauge is a sample of the counters that vLLM on Gaudi writes for a batch.
type gauge struct {
	ts       trace.Time
	process  int32
	phase    Phase
	of       [gaugeUtilization]int32
	tokens   int32
	blocks   int32 // of context in use, Unknown if it does not tell
	perBlock int32 // tokens in a block, told once a process, else Unknown
	compiled int32 // compilations so far, Unknown if it does not tell
}

type gaugeField uint8

const (
	gaugeRequests gaugeField = iota
	gaugeBucketBatch
	gaugeBucketSeq
	gaugeBucketCtx
	gaugeSeqLen
	gaugeCtxLen
	gaugeUtilization
)

// gauge keeps a sample of the counter utils.
func (f *Finder) gauge(e *trace.Event) {
	prompt, decode := f.newGauge(e, Prefill), f.newGauge(e, Decode)
	share, compiled := [...]float64{Prefill: math.NaN(), Decode: math.NaN()}, int32(Unknown)
	perBlock := int32(Unknown)
	told := [...]bool{Prefill: false, Decode: false}
	for m := range trace.Members(e.Args()) {
		switch string(m.Key) {
		case "cumulative_graph_compilations":
			compiled = whole(m.Value)
			continue
		case "const_block_size":
			perBlock = whole(m.Value)
			continue
		case "cache_num_blocks_used":
			// For prompts it counts what they add, and not their context.
			decode.blocks = whole(m.Value)
			continue
		}
		g := &prompt
		rest, ok := bytes.CutPrefix(m.Key, []byte("prompt_"))
		if !ok {
			g = &decode
			if rest, ok = bytes.CutPrefix(m.Key, []byte("decode_")); !ok {
				continue
			}
		}
		at, known := gauges[string(rest)]
		switch {
		case !known:
			continue
		case at == gaugeUtilization:
			share[g.phase] = number64(m.Value)
		default:
			g.of[at] = whole(m.Value)
		}
		told[g.phase] = true
	}
	for _, g := range []*gauge{&prompt, &decode} {
		g.tokens = used(share[g.phase], g.of[gaugeBucketBatch], g.of[gaugeBucketSeq])
	}
	// A decoding request computes one token. Older builds count its whole
	// context as in use.
	if n := decode.of[gaugeRequests]; decode.tokens < 0 || decode.tokens > n {
		decode.tokens = n
	}
	for _, g := range []*gauge{&prompt, &decode} {
		g.compiled, g.perBlock = compiled, perBlock
		if told[g.phase] {
			f.gauges = append(f.gauges, *g)
		}
	}
}

func (f *Finder) newGauge(e *trace.Event, p Phase) gauge {
	g := gauge{ts: e.TS, process: int32(f.tracks.Process(e)), phase: p, blocks: Unknown}
	for i := range g.of {
		g.of[i] = Unknown
	}
	return g
}

// used is the number of tokens in a bucket, from its size and the share of it
// that is in use.
func used(share float64, batch, seq int32) int32 {
	n := math.Round(share * float64(batch) * float64(seq))
	if batch < 0 || seq < 0 || !(n >= 0 && n <= math.MaxInt32) {
		return Unknown
	}
	return int32(n)
}

// whole reads a number that counts something, which may be written as 4.0.
func whole(v []byte) int32 {
	n := number64(v)
	if n != math.Trunc(n) || !(n >= 0 && n <= math.MaxInt32) {
		return Unknown
	}
	return int32(n)
}

func number64(v []byte) float64 {
	n, err := strconv.ParseFloat(string(v), 64)
	if err != nil {
		return math.NaN()
	}
	return n
}

// measure gives batches, in order of time, what the counters of their process
// say of them.
func (f *Finder) measure(batches []Batch, process int) {
	slices.SortStableFunc(f.gauges, func(a, b gauge) int { return cmp.Compare(a.ts, b.ts) })
	var of [len(phaseNames)][]*Batch
	for i := range batches {
		of[batches[i].Phase] = append(of[batches[i].Phase], &batches[i])
	}
	named := f.compilesOf(process) != nil // compilations are events of their own
	compiled, perBlock := int32(Unknown), int32(Unknown)
	for i := range f.gauges {
		g := &f.gauges[i]
		if int(g.process) != process {
			continue
		}
		more := compiled >= 0 && g.compiled > compiled
		compiled, perBlock = max(compiled, g.compiled, 0), max(perBlock, g.perBlock)
		// A sample is taken at the start of its batch or a little before. Of
		// several, the last is meant: earlier ones were left by a cut.
		in := of[g.phase]
		at := sort.Search(len(in), func(i int) bool { return in[i].End > g.ts })
		if at < len(in) {
			g.fill(in[at])
			in[at].Blocks = g.context(perBlock)
			in[at].Recompiled = in[at].Recompiled || more && !named
		}
	}
}

// fill hands a batch what the sample tells.
func (g *gauge) fill(b *Batch) {
	for _, v := range []struct {
		to   *int32
		told int32
	}{
		{&b.Requests, g.of[gaugeRequests]}, {&b.Tokens, g.tokens},
		{&b.SeqLen, g.of[gaugeSeqLen]}, {&b.CtxLen, g.of[gaugeCtxLen]},
		{&b.Bucket.Batch, g.of[gaugeBucketBatch]}, {&b.Bucket.Seq, g.of[gaugeBucketSeq]}, {&b.Bucket.Ctx, g.of[gaugeBucketCtx]},
	} {
		if v.told >= 0 {
			*v.to = v.told
		}
	}
	b.ofOnePhase()
}

// context is the number of blocks of context in use, of perBlock tokens each. A prompt
// with context is alone in its batch, so that the longest context is all of it.
func (g *gauge) context(perBlock int32) int32 {
	context := g.of[gaugeCtxLen]
	switch {
	case g.phase == Decode:
		return g.blocks
	case context == 0:
		return 0
	case context > 0 && perBlock > 0 && g.of[gaugeRequests] == 1:
		return (context-1)/perBlock + 1
	}
	return Unknown
}

// ofOnePhase says that all of the batch is of its phase, if that is one.
func (b *Batch) ofOnePhase() {
	switch b.Phase {
	case Prefill:
		b.PromptRequests, b.PromptTokens, b.DecodeRequests, b.DecodeTokens = b.Requests, b.Tokens, 0, 0
	case Decode:
		b.PromptRequests, b.PromptTokens, b.DecodeRequests, b.DecodeTokens = 0, 0, b.Requests, b.Tokens
	}
}
