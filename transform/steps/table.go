package steps

// rank decides between markers of different rows: the first that has any wins.
type rank uint8

const (
	serving  rank = iota // of a server's engine, one a step
	training             // of a training loop, which may hold many of a server's steps
	scope                // a part of a step that each step has once
	stack                // Python functions, where nobody annotates
)

// row is a line of the table of markers: who writes them, and how they read.
//
// In a form a name in braces stands for a number to keep, {} for one to skip,
// {mode} for a word that tells the phase, {keys} for words such as bs=64, and
// all else for itself.
type row struct {
	producer string
	rank     rank
	forms    []form
}

type form struct {
	text  string
	phase Phase // that the form itself tells
	parts []segment
}

// Rows that need more than a form.
const (
	gaudi        = 0 // steps are made of several events each
	stackRow     = 10
	chosenByUser = 255 // no row: what Options.Marker matches
)

// Producers of a Run that did not write the steps of a server: PythonStack if
// they are frames of Python stacks.
const (
	PythonStack = "the Python stack"
	Profiler    = "PyTorch's profiler"
)

// table of markers. At equal numbers the upper row wins.
var table = compiled([]row{
	{"vLLM on Gaudi", serving, nil},
	{"vLLM, detailed", serving, forms(
		"execute_{}_context_{prompts}(sq{prompt tokens}sk{prompt context}sqsq{}sqsk{})_generation_{decodes}(sq{decode tokens}sk{decode context}sqsq{}sqsk{})")},
	{"vLLM", serving, forms(
		"execute_context_{prompts}({prompt tokens})_generation_{decodes}({decode tokens})")},
	{"vLLM of 2025", serving, forms(
		"execute_new_{prompts}_cached_{decodes}")},
	{"SGLang", serving, forms(
		"step[{mode} {keys}]",
		"step[{mode}]")},
	{"ATOM", serving, []form{
		{text: "prefill[{keys}]", phase: Prefill},
		{text: "decode[{keys}]", phase: Decode},
		{text: "eager_decode[{keys}]", phase: Decode}}},
	{"TensorRT-LLM", serving, forms(
		"[Executor] _forward_step {number}: {prompts} ctx reqs, {prompt tokens} ctx tokens, {decodes} gen reqs",
		"[Executor] _forward_step {number}: {prompts} ctx reqs, {decodes} gen reqs",
		"[Executor] _forward_step: {prompts} ctx reqs, {decodes} gen reqs")},
	{"diffusion", serving, forms(
		"execute_diffusion_{requests}_{}x{}")},
	{Profiler, training, forms(
		"ProfilerStep#{number}")},
	{"vLLM's scopes", scope, forms(
		"gpu_model_runner: forward")},
	{PythonStack, stack, nil},
})

// frames are the row for Python stacks: functions that run a step. A function
// whose name is used elsewhere too counts only in its file.
var frames = []struct{ function, file string }{
	{"step", "llm_engine.py"},
	{"step", "engine/core.py"},
	{"step_with_batch_queue", "engine/core.py"},
	{"execute_model", ""},
	{"run_batch", "scheduler.py"},
	{"_run_batch_inner", "scheduler.py"},
	{"_forward_step", "py_executor.py"},
}

// part is what an event says about a step of vLLM on Gaudi.
type part uint8

const (
	noPart  part = iota
	prepare      // begins a step
	prompts      // a batch of prompts
	decodes      // the batch of all others
	model        // inside a batch, and tells its bucket
	after        // ends a step
	warmup
	compile
)

// parts names the events. A name that ends in * begins so, and in its form a
// bucket may follow.
var parts = []struct {
	name string
	part part
}{
	{"prepare_input_tensors", prepare},
	{"prefill", prompts},
	{"prompt", prompts},
	{"decode", decodes},
	{"model_prompt_*", prompts},
	{"model_decode_*", decodes},
	{"model_forward_*", model},
	{"sampler_postprocessing", after},
	{"warmup", warmup},
	{"warmup_*", warmup},
	{"GRAPH COMPILE: *", compile},
}

// modes are the phases by SGLang's names of its forward modes.
var modes = map[string]Phase{
	"EXTEND":        Prefill,
	"SPLIT_PREFILL": Prefill,
	"DLLM_EXTEND":   Prefill,
	"DECODE":        Decode,
	"TARGET_VERIFY": Decode,
	"MIXED":         Mixed,
}

// fields are the names that stand in forms.
var fields = map[string]field{
	"": skip, "mode": mode, "keys": keys, "number": number, "requests": requests,
	"prompts": promptRequests, "prompt tokens": promptTokens, "prompt context": promptContext,
	"decodes": decodeRequests, "decode tokens": decodeTokens, "decode context": decodeContext,
}

// keyFields are the words before = in SGLang's and ATOM's markers.
var keyFields = map[string]field{
	"bs": requests, "tok": tokens, "toks": tokens,
	"c": promptRequests, "p": promptRequests, "c_sq": promptTokens, "c_sk": promptContext,
	"g": decodeRequests, "d": decodeRequests, "g_sq": decodeTokens, "g_sk": decodeContext,
	"sk": context, "ctx": context,
}

// gauges are the members of Gaudi's utils counter behind prompt_ or decode_.
var gauges = map[string]gaugeField{
	"batch_size":              gaugeRequests,
	"bucket_batch_size":       gaugeBucketBatch,
	"bucket_seq_len":          gaugeBucketSeq,
	"bucket_ctx_blocks":       gaugeBucketCtx,
	"seq_len":                 gaugeSeqLen,
	"ctx_len":                 gaugeCtxLen,
	"batch_token_utilization": gaugeUtilization,
}
