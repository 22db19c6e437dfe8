package producer

// Idle is the mode of a step that serves no request. Modes are read whatever their case.
const Idle = "IDLE"

// SGLang annotates each forward pass.
var SGLang = &Producer{
	Name: "SGLang",
	Categories: map[string]Category{
		"sglang": {OnHost, Annotation}, // spans of OpenTelemetry, converted
	},
	RequestKeys: []string{"rid"},
	Evidence:    Evidence{Categories: []string{"sglang"}, Instead: []string{"vLLM"}},
	Markers: []Markers{{"SGLang", Serving, forms(
		"step[{mode} {keys}]",
		"step[{mode}]")}},
	Modes: map[string]string{
		"EXTEND":        "prefill",
		"SPLIT_PREFILL": "prefill",
		"DLLM_EXTEND":   "prefill",
		"PREFILL":       "prefill",
		"DECODE":        "decode",
		"TARGET_VERIFY": "decode",
		"MIXED":         "mixed",
	},
	Keys: map[string]string{
		"bs": "requests", "toks": "tokens",
		"c": "prompts", "c_sq": "prompt tokens", "c_sk": "prompt context",
		"g": "decodes", "g_sq": "decode tokens", "g_sk": "decode context",
	},
	Frames: []Frame{
		{"run_batch", "scheduler.py"},
		{"_run_batch_inner", "scheduler.py"},
	},
}
