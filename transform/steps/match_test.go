package steps

import (
	"fmt"
	"strings"
	"testing"

	"tracekit/filter/producer"
)

// line writes a Load as a test wants it: phase, requests and tokens of all, of
// prompts and of decoding requests, bucket, longest request and context; ? for
// what is not known.
func line(l Load) string {
	s := l.Phase.String()
	for _, n := range []int32{l.Requests, l.Tokens, l.PromptRequests, l.PromptTokens, l.DecodeRequests, l.DecodeTokens,
		l.Bucket.Batch, l.Bucket.Seq, l.Bucket.Ctx, l.SeqLen, l.CtxLen} {
		if n == Unknown {
			s += " ?"
		} else {
			s += fmt.Sprint(" ", n)
		}
	}
	return s
}

func TestNamesOfMarkers(t *testing.T) {
	for _, c := range []struct{ name, producer, load string }{
		{"execute_6147_context_2(sq6144sk7144sqsq20971520sqsk23019520)_generation_3(sq3sk6144sqsq3sqsk6144)", "vLLM, detailed",
			"mixed 5 6147 2 6144 3 3 ? ? ? ? 13288"},
		{"execute_32_context_0(sq0sk0sqsq0sqsk0)_generation_32(sq32sk55086sqsq32sqsk55086)", "vLLM, detailed",
			"decode 32 32 0 0 32 32 ? ? ? ? 55086"},
		{"execute_context_2(14721)_generation_0(0)", "vLLM", "prefill 2 14721 2 14721 0 0 ? ? ? ? ?"},
		{"execute_context_0(0)_generation_64(64)", "vLLM", "decode 64 64 0 0 64 64 ? ? ? ? ?"},
		{"execute_context_1(512)_generation_7(7)", "vLLM", "mixed 8 519 1 512 7 7 ? ? ? ? ?"},
		{"execute_context_0(0)_generation_0(0)", "vLLM", "other 0 0 0 0 0 0 ? ? ? ? 0"},
		{"execute_new_2_cached_5", "vLLM of 2025", "mixed 7 ? 2 ? 5 ? ? ? ? ? ?"},
		{"execute_new_0_cached_5", "vLLM of 2025", "decode 5 ? 0 0 5 ? ? ? ? ? ?"},
		{"step[EXTEND bs=2 toks=14721]", "SGLang", "prefill 2 14721 2 14721 0 0 ? ? ? ? ?"},
		{"step[EXTEND bs=2 toks=14721 c_sq=14721 c_sqsq=108745533 c_sqsk=108745533 c_sk=14800]", "SGLang",
			"prefill 2 14721 2 14721 0 0 ? ? ? ? 14800"},
		{"step[DECODE bs=64]", "SGLang", "decode 64 ? 0 0 64 ? ? ? ? ? ?"},
		{"step[DECODE bs=64 g_sq=128 g_sqsq=256 g_sqsk=262144 g_sk=131072]", "SGLang", "decode 64 128 0 0 64 128 ? ? ? ? 131072"},
		{"step[MIXED bs=2]", "SGLang", "mixed 2 ? ? ? ? ? ? ? ? ? ?"},
		{"step[MIXED bs=2 c=1 g=1 c_sq=5 c_sk=8 c_sqsq=25 c_sqsk=40 g_sq=1 g_sk=12 g_sqsq=1 g_sqsk=12]", "SGLang",
			"mixed 2 6 1 5 1 1 ? ? ? ? 20"},
		{"step[MIXED bs=1 c=1 g=0 c_sq=3 c_sk=3 g_sq=0 g_sk=0]", "SGLang", "prefill 1 3 1 3 0 0 ? ? ? ? 3"},
		{"step[IDLE bs=0]", "SGLang", "other 0 ? ? ? ? ? ? ? ? ? ?"},
		{"step[TARGET_VERIFY bs=8 new=thing]", "SGLang", "decode 8 ? 0 0 8 ? ? ? ? ? ?"},
		{"step[IDLE]", "SGLang", "other 0 ? ? ? ? ? ? ? ? ? ?"},
		{"prefill[bs=2 tok=14721 ctx=[7803, 6918]]", "ATOM", "prefill 2 14721 2 14721 0 0 ? ? ? 7803 14721"},
		{"prefill[bs=1 tok=8192 ctx=8192]", "ATOM", "prefill 1 8192 1 8192 0 0 ? ? ? ? 8192"},
		{"prefill[bs=6 tok=17408 ctx=[4096, 4096, 4096]...+3]", "ATOM", "prefill 6 17408 6 17408 0 0 ? ? ? ? ?"},
		{"prefill[bs=6 tok=17408 ctx=[4096, 4096, 4096]...+3 sqsq=5 sqsk=6 sk=20000]", "ATOM", "prefill 6 17408 6 17408 0 0 ? ? ? ? 20000"},
		{"decode[bs=117/128 tok=117 d=117]", "ATOM", "decode 117 117 0 0 117 117 128 ? ? ? ?"},
		{"decode[bs=32 tok=128 d=32 spec=3 sqsq=512 sqsk=262144 sk=65536]", "ATOM", "decode 32 128 0 0 32 128 ? ? ? ? 65536"},
		{"decode[bs=128 tok=384 p=2 d=126]", "ATOM", "mixed 128 384 2 ? 126 ? ? ? ? ? ?"},
		{"eager_decode[bs=3 tok=3]", "ATOM", "decode 3 3 0 0 3 3 ? ? ? ? ?"},
		{"[Executor] _forward_step 60000: 1 ctx reqs, 77 ctx tokens, 32 gen reqs", "TensorRT-LLM", "mixed 33 ? 1 77 32 ? ? ? ? ? ?"},
		{"[Executor] _forward_step 7: 0 ctx reqs, 32 gen reqs", "TensorRT-LLM", "decode 32 ? 0 0 32 ? ? ? ? ? ?"},
		{"[Executor] _forward_step: 4 ctx reqs, 0 gen reqs", "TensorRT-LLM", "prefill 4 ? 4 ? 0 0 ? ? ? ? ?"},
		{"execute_diffusion_4_1024x768", "diffusion", "other 4 ? ? ? ? ? ? ? ? ? ?"},
		{"ProfilerStep#101", "PyTorch's profiler", "other ? ? ? ? ? ? ? ? ? ? ?"},
		{"gpu_model_runner: forward", "vLLM's scopes", "other ? ? ? ? ? ? ? ? ? ? ?"},
		// A count that can't be is not known.
		{"execute_new_99999999999999999999_cached_5", "vLLM of 2025", "other ? ? ? ? 5 ? ? ? ? ? ?"},
		{"step[DECODE bs=3000000000]", "SGLang", "decode ? ? 0 0 ? ? ? ? ? ? ?"},
	} {
		var v values
		row, ok := matchRow([]byte(c.name), &v)
		if !ok || table[row].producer != c.producer {
			t.Errorf("%s: found %v %q, want %q", c.name, ok, table[row].producer, c.producer)
			continue
		}
		if rank := table[row].rank; producer.IsStep([]byte(c.name)) != (rank == producer.Serving || rank == producer.Training) {
			t.Errorf("%s: of rank %d, and as a step it is %v", c.name, rank, producer.IsStep([]byte(c.name)))
		}
		if got := line(v.load()); got != c.load {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.load)
		}
	}
}

func TestNumbersOfMarkers(t *testing.T) {
	for name, want := range map[string]int64{
		"ProfilerStep#101": 101,
		"[Executor] _forward_step 60000: 0 ctx reqs, 0 ctx tokens, 32 gen reqs": 60000,
		"step[DECODE bs=64]": Unknown,
	} {
		var v values
		if _, ok := matchRow([]byte(name), &v); !ok || v.of[number] != want {
			t.Errorf("%s: number %d, want %d", name, v.of[number], want)
		}
	}
}

func TestNamesOfOthers(t *testing.T) {
	for _, name := range []string{
		"", "step", "step[]", "step[ bs=3]", "step[DECODE bs=64", "decode", "decode[]", "prefill[bs=2", "ProfilerStep#", "ProfilerStep#x", "ProfilerStep#1 ",
		"execute_new_2_cached_", "execute_new__cached_2", "execute_new_2_cached_5 (again)", "execute_context_2(1)_generation_3",
		"capture_32_FULL", "gpu_model_runner: preprocess", "Optimizer.step#SGD.step", "xexecute_new_1_cached_1",
		"[Executor] _forward_step : 4 ctx reqs, 0 gen reqs", "execute_diffusion_4_1024", "vllm/v1/engine/core.py(331): step",
	} {
		var v values
		if row, ok := matchRow([]byte(name), &v); ok {
			t.Errorf("%q is taken for a marker of %s", name, table[row].producer)
		}
		if producer.IsStep([]byte(name)) && name != "decode" && name != "decode[]" { // a batch on Gaudi; keys may be missing
			t.Errorf("%q is taken for a step", name)
		}
	}
}

func TestFramesOfPythonStacks(t *testing.T) {
	for name, want := range map[string]bool{
		"vllm/engine/llm_engine.py(1251): step":                           true,
		"/usr/lib/python3/site-packages/vllm/v1/engine/core.py(3): step":  true,
		"vllm/v1/engine/core.py(331): step_with_batch_queue":              true,
		"vllm_gaudi/v1/worker/hpu_model_runner.py(2000): execute_model":   true,
		"sglang/srt/managers/scheduler.py(1): run_batch":                  true,
		"tensorrt_llm/_torch/pyexecutor/py_executor.py(9): _forward_step": true,
		"torch/profiler/profiler.py(821): step":                           false,
		"torch/optim/optimizer.py(484): step":                             false,
		"vllm/v1/engine/core.py(1149): _process_engine_step":              false,
		"vllm/v1/worker/worker_base.py(342): _execute_model":              false,
		"): execute_model": false,
		"step":             false,
		"":                 false,
	} {
		if got := isStepFrame([]byte(name)); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}

func TestPartsOfGaudiSteps(t *testing.T) {
	for name, want := range map[string]part{
		"prepare_input_tensors": prepare, "prepare_input_encoders": noPart, "prefill": prompts, "prompt": prompts, "decode": decodes,
		"model_prompt_bs4_seq256_graphsT": prompts, "model_decode_bs8_seq1_graphsF": decodes, "model_forward_bs4_seq256_ctx0_graphsT": model,
		"model_executable": rankBatch, "compute_logits8_seq1_ctx4": logits, "model_forward_c-u_qlen8_nsb0_nub8_nlog4": flatBatch, "prepare_unified_batch": prepare, "unified_postprocess": after, "unified_sampler": noPart, "sampler": sampler, "sampler_postprocessing": after, "warmup": warmup, "warmup_prompt_bs1_seq128": warmup,
		"warmup_": noPart, "GRAPH COMPILE: recipe_7": compile, "GRAPH COMPILE: ": noPart, "decode ": noPart, "start_profiler": noPart, "": noPart,
	} {
		if got := producer.PartOf([]byte(name)); got != want {
			t.Errorf("%q: part %d, want %d", name, got, want)
		}
	}
}

func TestBucketsInNames(t *testing.T) {
	for name, want := range map[string]Bucket{
		"model_forward_bs4_seq256_ctx16_graphsT": {4, 256, 16},
		"model_prompt_bs1_seq1024_graphsF":       {1, 1024, Unknown},
		"prefill":                                {Unknown, Unknown, Unknown},
		"model_forward_bsX_seq99999999999_ctx3":  {Unknown, Unknown, 3},
	} {
		if got := bucketOf(name); got != want {
			t.Errorf("%q: bucket %v, want %v", name, got, want)
		}
	}
}

func TestFormsNameKnownFields(t *testing.T) {
	for _, r := range table {
		for _, f := range r.forms {
			for _, behind := range strings.Split(f.Text, "{")[1:] {
				name, _, _ := strings.Cut(behind, "}")
				if _, ok := fields[name]; !ok {
					t.Errorf("%s: there is no field %q", f.Text, name)
				}
			}
		}
	}
	if table[stackRow].rank != producer.Stack || table[gaudi].forms != nil {
		t.Error("the rows that need more than a form have moved")
	}
}

func FuzzNames(f *testing.F) {
	for _, name := range []string{
		"execute_32_context_0(sq0sk0sqsq0sqsk0)_generation_32(sq32sk55086sqsq32sqsk55086)",
		"step[MIXED bs=2 c=1 g=1 c_sq=5 c_sk=8]", "prefill[bs=2 tok=14721 ctx=[7803, 6918]]", "decode[bs=117/128 tok=117 d=117]",
		"[Executor] _forward_step 7: 0 ctx reqs, 32 gen reqs", "ProfilerStep#9223372036854775808", "decode[ctx=[]]", "decode[ctx=[,=]=[ ]", "step[A =]",
		"prefill[bs=9223372036854775807 p=9223372036854775807 d=1 ctx=[9223372036854775807,1]]",
		"vllm/engine/llm_engine.py(1251): step", "model_forward_bs4_seq256_ctx16_graphsT",
	} {
		f.Add([]byte(name))
	}
	f.Fuzz(func(t *testing.T, name []byte) {
		var v values
		if _, ok := matchRow(name, &v); ok {
			l := v.load()
			for _, n := range []int32{l.Requests, l.Tokens, l.PromptRequests, l.PromptTokens, l.DecodeRequests, l.DecodeTokens, l.Bucket.Batch, l.SeqLen, l.CtxLen} {
				if n < Unknown {
					t.Fatalf("%q: %s", name, line(l))
				}
			}
			if l.Requests >= 0 && l.PromptRequests >= 0 && l.DecodeRequests >= 0 && l.PromptRequests+l.DecodeRequests < 0 {
				t.Fatalf("%q: %s", name, line(l))
			}
		}
		isStepFrame(name)
		producer.PartOf(name)
		bucketOf(string(name))
	})
}
