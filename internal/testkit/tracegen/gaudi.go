package tracegen

import "strconv"

// Processes of a Gaudi trace. The worker's own pid is also that of the
// high-level events.
const (
	workerPid  = 12034
	devicePid  = 4000
	synapsePid = 4001
	bridgePid  = 4002
	loggerPid  = 4003
	idleTid    = 12391
)

func id(n int) string { return strconv.Itoa(n) }

var (
	workerMain  = track{id(workerPid), id(workerPid)}
	deviceIdle  = track{id(devicePid), id(idleTid)}
	synapseMain = track{id(synapsePid), "1"}
	synapseHost = track{id(synapsePid), "2"}
	bridgeMain  = track{id(bridgePid), "1"}
	loggerMain  = track{id(loggerPid), "1"}
	highCounter = track{id(workerPid), "1"}
	highSlices  = track{id(workerPid), "3"}
)

var gaudiForward = []opText{
	{"aten::linear", "hpu::matmul", `["c10::BFloat16", "c10::BFloat16", ""]`, `[[64, 4096], [6144, 4096], []]`},
	{"vllm::unified_attention", "hpu::paged_attention", `["c10::BFloat16", "c10::BFloat16"]`, `[[64, 32, 128], [6144, 128, 8, 128]]`},
}

var gaudiParts = map[part]opText{
	partPrepare: {"aten::to", "aten::_to_copy", `["long int", "", ""]`, `[[64, 1], [], []]`},
	partLogits:  {"aten::matmul", "hpu::gemm", `["c10::BFloat16", "c10::BFloat16"]`, `[[64, 4096], [4096, 128256]]`},
	partSample:  {"aten::argmax", "hpu::argmax", `["float", "Scalar"]`, `[[64, 128256], []]`},
	partPost:    {"aten::copy_", "hpu::copy_d2h", `["int", "int", "Scalar"]`, `[[64], [64], []]`},
}

func gaudiText(n *node) *opText {
	if n.part == partForward {
		return &gaudiForward[n.col%len(gaudiForward)]
	}
	t := gaudiParts[n.part]
	return &t
}

func gaudiLabel(dst []byte, _ *Step, n *node) []byte {
	switch {
	case n == nil:
	case n.part == partForward:
		dst = append(dst, "HpuModelAdapter.forward"...)
	case n.part == partSample:
		dst = append(dst, "Sampler.forward"...)
	}
	return dst
}

func (g *gen) gaudiRuns() []run {
	runs := []run{g.opRun(workerMain, gaudiText, gaudiLabel)}
	if g.c.Python {
		runs = append(runs, g.idleRun(deviceIdle), g.pythonRun(workerMain))
	}
	runs = append(runs, g.synapseRun())
	if g.c.Hardware {
		runs = append(runs, g.engineRun())
	}
	runs = append(runs, g.oddRuns(workerMain)...)
	return append(runs, run{begin: func() { g.gaudiNames(); g.window() }, step: nothing}, g.highRun())
}

func nothing(*Step) {}

var (
	fRecipe    = newField("recipeId", " ")
	fRecipeStr = newField("recipeName", " ")
	fStream    = newField("streamHandle", " ")
	fEvent     = newField("eventHandle", " ")
	fStatus    = newField("status", " ")
	fSize      = newField("size", " ")
)

// hostCalls are what the runtime is asked for, by the part of the step.
var hostCalls = map[part]string{
	partPrepare: "memcopyAsync (accel0)",
	partForward: "enqueueWithExternalEventsExt (accel0)",
	partLogits:  "enqueueWithExternalEventsExt (accel0)",
	partSample:  "eventRecord (accel0)",
	partPost:    "synchronizeEvent (accel0)",
}

var bridgeCalls = map[part]string{
	partPrepare: "copy_hpu_lazy_H2D",
	partForward: "hpu_lazy_execute_graph",
	partLogits:  "hpu_lazy_execute_graph",
	partSample:  "hpu_lazy_tensor_sync",
	partPost:    "copy_hpu_lazy_D2H",
}

// synapseRun writes the calls into the runtime and what its bridge and logger
// say of them, each in a process of its own.
func (g *gen) synapseRun() run {
	e := g.e
	calls, waits := e.slices("Runtime", synapseMain), e.slices("Runtime", synapseHost)
	bridge, logger := e.slices("Runtime", bridgeMain), e.slices("Runtime", loggerMain)
	var r rng
	return run{step: func(s *Step) {
		r.seed(g.c.Seed, kindRuntime, s.Index)
		for i, nodes := 0, g.host(s); i < len(nodes); i++ {
			n := &nodes[i]
			if n.kind != slotNode {
				continue
			}
			if n.col == 0 {
				e.open(bridge)
				e.str(bridgeCalls[n.part])
				e.span(n.op.a-us, n.op.b)
				e.integer(fSize, 512<<r.below(12))
				e.close()
				e.open(logger)
				e.str("synapse_api: handle ")
				e.hex(r.below(1 << 30))
				e.span(n.launch.a, n.launch.a+r.between(200, 900))
				e.integer(fStatus, 0)
				e.close()
			}
			e.open(calls)
			e.str(hostCalls[n.part])
			e.span(n.launch.a, n.launch.b)
			e.integer(fRecipe, recipeID(n.batch, n.layer, n.col))
			e.address(fStream, 0x5581_a0b0)
			e.address(fEvent, 0x7f10_0000+r.below(1<<20)*64)
			e.close()
			if n.seq%8 == 7 {
				e.open(waits)
				e.str("acquireCmdBuffer")
				e.span(n.child.a, n.child.b-r.below(us))
				e.close()
			}
		}
	}}
}

func recipeID(batch, layer, col int) int64 {
	return int64(1000*(batch+2) + 4*(layer+1) + col)
}
