package producer

import "slices"

// VLLM is vLLM as it annotates what Kineto records.
var VLLM = &Producer{
	Name:        "vLLM",
	RequestKeys: []string{"gen_ai.request.id"}, // an attribute of its spans
	Markers: []Markers{
		{"vLLM, detailed", Serving, forms(
			"execute_{}_context_{prompts}(sq{prompt tokens}sk{prompt context}sqsq{}sqsk{})_generation_{decodes}(sq{decode tokens}sk{decode context}sqsq{}sqsk{})")},
		{"vLLM", Serving, forms(
			"execute_context_{prompts}({prompt tokens})_generation_{decodes}({decode tokens})")},
		{"vLLM of 2025", Serving, forms(
			"execute_new_{prompts}_cached_{decodes}")},
		{"vLLM's scopes", Scope, forms(
			"gpu_model_runner: forward")},
	},
	Frames: []Frame{
		{"step", "llm_engine.py"},
		{"step", "engine/core.py"},
		{"step_with_batch_queue", "engine/core.py"},
		{"execute_model", ""},
	},
}

// VLLMGaudi is vLLM's own profiler on Gaudi. Its steps are made of several events each,
// without a category, on a thread of their own.
var VLLMGaudi = &Producer{
	Name:    "vLLM on Gaudi",
	Markers: []Markers{{"vLLM on Gaudi", Serving, nil}},
	Parts: []NamedPart{
		{"prepare_input_tensors", Prepare},
		{"prepare_unified_batch", Prepare},
		{"prefill", PromptBatch},
		{"prompt", PromptBatch},
		{"decode", DecodeBatch},
		{"model_prompt_*", PromptBatch},
		{"model_decode_*", DecodeBatch},
		{"model_forward_bs*", Model},
		{"model_forward_*", FlatBatch}, // of unified attention: model_forward_c-u_qlen256_nsb0_nub8_nlog4
		{"model_executable", RankBatch},
		{"compute_logits*", Logits},
		{"sampler", Sampler},
		{"sampler_postprocessing", After},
		{"unified_postprocess", After},
		{"warmup", Warmup},
		{"warmup_*", Warmup},
		{"GRAPH COMPILE: *", Compile},
	},
	Gauges: map[string]string{ // of the counter utils
		"batch_size":              "requests",
		"bucket_batch_size":       "bucket batch",
		"bucket_seq_len":          "bucket seq",
		"bucket_ctx_blocks":       "bucket ctx",
		"seq_len":                 "seq len",
		"ctx_len":                 "ctx len",
		"batch_token_utilization": "utilization",
	},
}

// vLLM on Gaudi names process 1 and means the one that its events carry.
const (
	VLLMProcess = "vLLM" // the name
	VLLMPid     = "1"    // the process that gets it, as JSON
	VLLMEvents  = 3      // the thread of its events

	VLLMCounters = "1" // the thread of its counters, as JSON
)

var vllmOwn = []string{"decode", "prefill", "prepare_input_tensors", "sampler_postprocessing", "start_profiler"}

// IsVLLMOwn reports whether a slice of that name, without a category and on thread VLLMEvents,
// is one of vLLM's own, by which its process is known.
func IsVLLMOwn(name []byte) bool { return slices.Contains(vllmOwn, string(name)) }
