package producer

// TensorRTLLM marks steps by NVTX ranges, which tools turn into annotations.
var TensorRTLLM = &Producer{
	Name: "TensorRT-LLM",
	Markers: []Markers{{"TensorRT-LLM", Serving, forms(
		"[Executor] _forward_step {number}: {prompts} ctx reqs, {prompt tokens} ctx tokens, {decodes} gen reqs",
		"[Executor] _forward_step {number}: {prompts} ctx reqs, {decodes} gen reqs",
		"[Executor] _forward_step: {prompts} ctx reqs, {decodes} gen reqs")}},
	Frames: []Frame{{"_forward_step", "py_executor.py"}},
}
