package tracegen

import "strconv"

var (
	fPyParent = newField("Python parent id", " ")
	fPyID     = newField("Python id", " ")
	fPyModule = newField("Python module id", " ")
)

// frames of the main thread that span the whole profile, outermost first.
var mainFrames = []string{
	"<string>(1): <module>",
	"multiprocessing/spawn.py(122): spawn_main",
	"multiprocessing/process.py(314): _bootstrap",
	"vllm/v1/engine/core.py(1090): run_engine_core",
	"vllm/v1/engine/core.py(1129): run_busy_loop",
}

// frames of a thread that waits, which span the whole profile too.
var idleFrames = []string{
	"threading.py(973): _bootstrap",
	"threading.py(1016): _bootstrap_inner",
	"threading.py(953): run",
}

var stepFrames = []string{
	"vllm/v1/engine/core.py(1149): _process_engine_step",
	"vllm/v1/engine/core.py(331): step",
	"vllm/v1/executor/uniproc_executor.py(76): collective_rpc",
	"vllm/v1/worker/worker_base.py(342): execute_model",
}

var segmentFrames = map[part][2]string{
	partPrepare: {"vllm/v1/worker/model_runner.py(1371): _prepare_inputs", "vllm/v1/worker/block_table.py(88): commit_block_table"},
	partForward: {"vllm/v1/worker/model_runner.py(2417): _model_forward", "torch/nn/modules/module.py(1778): _call_impl"},
	partLogits:  {"vllm/model_executor/models/llama.py(612): compute_logits", "vllm/model_executor/layers/logits_processor.py(52): forward"},
	partSample:  {"vllm/v1/worker/model_runner.py(2236): _sample", "vllm/v1/sample/sampler.py(68): forward"},
	partPost:    {"vllm/v1/worker/model_runner.py(2318): _bookkeeping_sync", "vllm/v1/outputs.py(41): tolists"},
}

// chains are the frames around an operator.
var chains = [][]string{
	{"vllm/model_executor/layers/linear.py(565): forward", "vllm/model_executor/layers/linear.py(229): apply", "<built-in function linear>"},
	{"vllm/attention/layer.py(274): forward", "torch/_ops.py(1255): __call__", "<built-in method unified_attention_with_output of PyCapsule object at 0x7f18181e5040>"},
	{"vllm/model_executor/models/llama.py(113): forward", "vllm/model_executor/layers/activation.py(71): forward_native", "torch/nn/functional.py(2380): silu"},
	{"vllm/model_executor/layers/layernorm.py(186): forward", "torch/_tensor.py(1088): __torch_function__", "<built-in method mul of Tensor object at 0x7f17c9227a70>"},
}

// leaves are calls between operators.
var leaves = []string{
	"<built-in function isinstance>",
	"<built-in method get of dict object at 0x7f6078eca900>",
	"<built-in function hasattr>",
	"<built-in function len>",
	"torch/nn/modules/module.py(1962): __getattr__",
	"<frozen os>(804): get",
	"vllm/forward_context.py(190): get_forward_context",
	"typing.py(2187): cast",
	"torch/cuda/__init__.py(1067): current_device",
	"triton/knobs.py(85): env_val",
	"<built-in method stride of Tensor object at 0x7f17c9227a70>",
	"torch/distributed/distributed_c10d.py(1300): _get_default_group",
}

// python writes Python frames; the ones around have smaller ids.
type python struct {
	g     *gen
	shape *shape
	r     rng
	id    int64
}

// frame writes a call and returns its id. Parent 0 is none, module 0 too.
func (p *python) frame(name string, at span, parent, module int64) int64 {
	e := p.g.e
	e.open(p.shape)
	e.str(name)
	p.finish(at, parent, module)
	return p.id
}

func (p *python) finish(at span, parent, module int64) {
	e := p.g.e
	p.id++
	e.span(at.a, at.b)
	if e.key(fPyParent); parent == 0 {
		e.str("null")
	} else {
		e.buf = strconv.AppendInt(e.buf, parent, 10)
	}
	e.integer(fPyID, p.id)
	if module > 0 {
		e.integer(fPyModule, module-1)
	}
	e.integer(fEvIdx, p.id)
	e.close()
}

// outer writes frames that span the profile and returns the innermost's id.
func (p *python) outer(names []string) int64 {
	at, parent := p.g.capture.inner(100*us), int64(0)
	for _, name := range names {
		parent = p.frame(name, at, parent, 0)
		at = at.inner(2 * us)
	}
	return parent
}

// idleRun writes the stack of a thread that does nothing but wait.
func (g *gen) idleRun(t track) run {
	p := &python{g: g, shape: g.e.slices("python_function", t)}
	var parent int64
	return run{
		begin: func() { p.id = 0; parent = p.outer(idleFrames) },
		step: func(s *Step) {
			p.id = g.eventIndex(s) + 2*g.stride
			p.r.seed(g.c.Seed^1, kindPython, s.Index)
			at := span{s.StartNS, s.EndNS}.cutOut(p.r.between(20, 200), p.r.between(700, 980), 1)
			wait := p.frame("threading.py(320): wait", at, parent, 0)
			p.frame("<built-in method acquire of lock object at 0x7f61e59b9410>", at.inner(us), wait, 0)
		},
	}
}

// pythonRun writes the main thread's stacks.
func (g *gen) pythonRun(main track) run {
	p := &python{g: g, shape: g.e.slices("python_function", main)}
	var loop int64
	return run{
		begin: func() { p.id = int64(len(idleFrames)); loop = p.outer(mainFrames) },
		step: func(s *Step) {
			p.id = g.eventIndex(s) + 2*g.stride + 2
			p.r.seed(g.c.Seed, kindPython, s.Index)
			p.step(s, loop)
		},
	}
}

// step writes the frames of a step and of the wait before it.
func (p *python) step(s *Step, loop int64) {
	p.frame("queue.py(154): get", span{s.StartNS - s.gap + 30*us, s.StartNS - 30*us}, loop, 0)
	at, around := span{s.StartNS - 20*us, s.EndNS + 20*us}, loop
	for _, name := range stepFrames {
		around = p.frame(name, at, around, 0)
		at = at.inner(us)
	}
	segment, layer := around, around
	for i, nodes := 0, p.g.host(s); i < len(nodes); i++ {
		switch n := &nodes[i]; n.kind {
		case segmentNode:
			names := segmentFrames[n.part]
			segment = p.frame(names[0], n.span.inner(frameMargin/3), around, 0)
			segment = p.frame(names[1], n.span.inner(frameMargin), segment, 0)
			layer = segment
		case layerNode:
			layer = p.layer(n, segment)
		case slotNode:
			p.slot(n, layer)
		}
	}
}

// layer writes a module's frame, whose name says which one it is.
func (p *python) layer(n *node, parent int64) int64 {
	e := p.g.e
	e.open(p.shape)
	e.str("nn.Module: LlamaDecoderLayer_")
	e.num(n.layer)
	p.finish(n.span.inner(frameMargin), parent, int64(n.layer)+1)
	return p.id
}

// slot writes the calls before an operator, around it and after it.
func (p *python) slot(n *node, parent int64) {
	u := n.span.width() / 64
	chain := chains[n.col%len(chains)]
	for i, name := range chain[:2] {
		parent = p.frame(name, n.span.inner(int64(i+1)*u), parent, 0)
	}
	for i := range p.r.between(2, 5) {
		p.leaf(n.span.a+4*u+4*i*u, u, parent)
	}
	inner := p.frame(chain[2], span{n.op.a - u/2, n.op.b + u/2}, parent, 0)
	if p.r.permille(300) {
		p.frame(leaves[0], span{n.op.a - u/4, n.op.a - u/8}, inner, 0)
	}
	for i := range p.r.between(0, 3) {
		p.leaf(n.span.a+53*u+4*i*u, u, parent)
	}
}

// leaf writes a short call, sometimes with one inside.
func (p *python) leaf(a, u, parent int64) {
	at := span{a, a + 2*u + p.r.below(u)}
	id := p.frame(leaves[p.r.below(int64(len(leaves)))], at, parent, 0)
	if p.r.permille(400) {
		p.frame(leaves[p.r.below(int64(len(leaves)))], at.inner(u/2), id, 0)
	}
}
