package tracegen

import "strconv"

const cudaPid = 851

var (
	cudaMain      = track{id(cudaPid), id(cudaPid)}
	computeStream = track{"0", "7"}
	copyStream    = track{"0", "20"}
)

var cudaForward = []opText{
	{"aten::linear", "aten::addmm", `["c10::BFloat16", "c10::BFloat16", ""]`, `[[64, 4096], [6144, 4096], []]`},
	{"vllm::unified_attention_with_output", "_vllm_fa3_C::fwd", `["c10::BFloat16", "c10::BFloat16", "c10::BFloat16", ""]`, `[[64, 32, 128], [64, 8, 128], [64, 8, 128], []]`},
	{"_C::silu_and_mul", "aten::empty", `["c10::BFloat16", "c10::BFloat16"]`, `[[64, 14336], [64, 28672]]`},
	{"_C::fused_add_rms_norm", "aten::view", `["c10::BFloat16", "c10::BFloat16", "Scalar"]`, `[[64, 4096], [4096], []]`},
}

var cudaGraph = opText{"aten::copy_", "CUDAGraph::replay", `["c10::BFloat16"]`, `[[64, 4096]]`}

var cudaParts = map[part]opText{
	partPrepare: {"aten::to", "aten::copy_", `["int", "int", "Scalar"]`, `[[8192], [8192], []]`},
	partLogits:  {"aten::linear", "aten::mm", `["c10::BFloat16", "c10::BFloat16"]`, `[[64, 4096], [4096, 128256]]`},
	partSample:  {"aten::argmax", "aten::empty_strided", `["float", "Scalar", "Scalar"]`, `[[64, 128256], [], []]`},
	partPost:    {"aten::to", "aten::_to_copy", `["long int", "", ""]`, `[[64], [], []]`},
}

func cudaText(n *node) *opText {
	switch {
	case n.graph:
		return &cudaGraph
	case n.part == partForward:
		return &cudaForward[n.col%len(cudaForward)]
	}
	t := cudaParts[n.part]
	return &t
}

// vllmLabel names a step after what it runs, and its parts after vLLM's scopes.
func vllmLabel(dst []byte, s *Step, n *node) []byte {
	switch {
	case n == nil:
		dst = append(dst, "execute_context_"...)
		dst = pair(dst, s.PrefillRequests, s.PrefillTokens)
		dst = append(dst, "_generation_"...)
		dst = pair(dst, s.DecodeRequests, s.DecodeRequests)
	case n.part == partPrepare:
		dst = append(dst, "gpu_model_runner: preprocess"...)
	case n.part == partForward:
		dst = append(dst, "gpu_model_runner: forward"...)
	case n.part == partSample:
		dst = append(dst, "gpu_model_runner: sample"...)
	case n.part == partPost:
		dst = append(dst, "gpu_model_runner: postprocess"...)
	}
	return dst
}

func pair(dst []byte, requests, tokens int) []byte {
	dst = strconv.AppendInt(dst, int64(requests), 10)
	dst = append(dst, '(')
	dst = strconv.AppendInt(dst, int64(tokens), 10)
	return append(dst, ')')
}

func sglangLabel(dst []byte, s *Step, n *node) []byte {
	if n != nil {
		return dst
	}
	dst = append(dst, "step["...)
	switch s.Phase {
	case Prefill:
		dst = append(dst, "EXTEND"...)
	case Decode:
		dst = append(dst, "DECODE"...)
	default:
		dst = append(dst, "MIXED"...)
	}
	dst = append(dst, " bs="...)
	dst = strconv.AppendInt(dst, int64(s.PrefillRequests+s.DecodeRequests), 10)
	if s.Phase != Decode {
		dst = append(dst, " toks="...)
		dst = strconv.AppendInt(dst, int64(s.PrefillTokens+s.DecodeRequests), 10)
	}
	return append(dst, ']')
}

func (g *gen) cudaRuns() []run {
	label := vllmLabel
	if g.c.Producer == SGLang {
		label = sglangLabel
	}
	runs := []run{g.opRun(cudaMain, cudaText, label), g.memoryRun(cudaMain)}
	if g.c.Python {
		runs = append(runs, g.pythonRun(cudaMain))
	}
	runs = append(runs, g.activityRun())
	if g.c.Hardware {
		runs = append(runs, g.mirrorRun(label))
	}
	runs = append(runs, g.oddRuns(cudaMain)...)
	return append(runs, run{begin: func() { g.cudaNames(); g.window() }, step: nothing})
}

var (
	fCbid        = newField("cbid", "      ")
	fCorrelation = newField("correlation", " ")
)

// call is a call into CUDA's runtime.
type call struct {
	name     string
	cbid     int64
	launches deviceKind
}

var graphCall = call{"cudaGraphLaunch", 311, aKernel}

// callOf says what a slot asks of the runtime.
func callOf(n *node) call {
	switch {
	case n.graph:
		return graphCall
	case n.part == partPrepare && n.col%7 == 6:
		return call{"cudaMemsetAsync", 51, aSet}
	case n.part == partPrepare:
		return call{"cudaMemcpyAsync", 41, aCopyIn}
	case n.part == partPost && n.col%2 == 0:
		return call{"cudaMemcpyAsync", 41, aCopyOut}
	case n.part == partPost && n.col == 1:
		return call{"cudaStreamSynchronize", 131, nothingOnDevice}
	case n.part == partPost:
		return call{"cudaEventRecord", 135, nothingOnDevice}
	}
	return call{"cudaLaunchKernel", 211, aKernel}
}

// activityRun writes calls into the runtime, what they started on the device,
// and the flows between. A call that starts nothing still has the end of a
// flow, as Kineto writes it.
func (g *gen) activityRun() run {
	e := g.e
	calls := e.slices("cuda_runtime", cudaMain)
	start, end := e.flow("s", "ac2g", cudaMain), e.flow("f", "ac2g", cudaMain)
	d := g.newGPU()
	return run{
		begin: d.begin,
		step: func(s *Step) {
			d.newStep(s)
			for i, nodes := 0, g.host(s); i < len(nodes); i++ {
				n := &nodes[i]
				if n.kind != slotNode {
					continue
				}
				c := callOf(n)
				if g.c.Hardware {
					d.run(s, n, c.launches, d.write)
				}
				e.open(calls)
				e.str(c.name)
				e.span(n.launch.a, n.launch.b)
				e.integer(fExternalID, g.opID(s, n)+1)
				e.integer(fCbid, c.cbid)
				e.integer(fCorrelation, g.correlation(s, n))
				e.close()
				switch {
				case c.launches == nothingOnDevice:
					e.open(end)
				case g.c.Hardware:
					e.open(start)
				default:
					continue
				}
				e.num(int(g.correlation(s, n)))
				e.at(n.launch.a)
				e.close()
			}
		},
	}
}

func (g *gen) correlation(s *Step, n *node) int64 { return g.ids(s) + int64(n.seq) }
