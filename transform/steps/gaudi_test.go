package steps

import (
	"fmt"
	"testing"
)

func utils(ts int, args string) string {
	return fmt.Sprintf(`{"pid":9,"tid":1,"ph":"C","name":"utils","ts":%d,"args":{%s}}`, ts, args)
}

func TestPartsMakeSteps(t *testing.T) {
	for _, c := range []struct {
		name, steps string
		events      []string
	}{
		{"all parts, written when they end", "2 prefill + decode 100-200, decode 210-260", []string{
			high("prepare_input_tensors", 100, 10), high("model_forward_bs1_seq8_ctx0_graphsT", 111, 8), high("sampler", 119, 1), high("prefill", 110, 10),
			high("prefill", 130, 10), high("decode", 150, 40), high("sampler_postprocessing", 190, 10),
			high("prepare_input_tensors", 210, 10), high("decode", 220, 30), high("sampler_postprocessing", 250, 10), high("start_profiler", 1, 2)}},
		{"a capture that begins in a step", "decode 10-30, prefill 40-60", []string{
			high("sampler_postprocessing", 1, 2), high("model_forward_bs1_seq1_ctx1_graphsT", 5, 2), high("decode", 10, 10), high("sampler_postprocessing", 20, 10),
			high("prepare_input_tensors", 40, 5), high("prefill", 45, 15)}},
		{"no preparation at all", "prefill + decode 10-30, prefill 40-50, decode 60-70, decode 80-90", []string{
			high("prefill", 10, 5), high("decode", 20, 10), high("prefill", 40, 5), high("sampler_postprocessing", 45, 5),
			high("decode", 60, 10), high("decode", 80, 10)}},
		{"a step without a batch", "prepare_input_tensors 10-15, decode 20-35", []string{
			high("prepare_input_tensors", 10, 5), high("prepare_input_tensors", 20, 5), high("decode", 30, 5)}},
		{"names of older builds", "prefill 10-26, decode 30-46, decode 50-60", []string{
			high("prepare_input_tensors", 10, 5), high("prompt", 15, 11), high("model_prompt_bs2_seq128_graphsT", 16, 9),
			high("prepare_input_tensors", 30, 5), high("decode", 35, 11), high("model_decode_bs8_seq256_graphsF", 36, 9),
			high("prepare_input_tensors", 50, 2), high("model_decode_bs8_seq256_graphsF", 53, 7)}},
		{"preparation inside a batch", "decode 10-40", []string{high("decode", 10, 30), high("prepare_input_tensors", 12, 3), high("prefill", 20, 3)}},
		{"a high-level profile of another thread", "decode 10-40", []string{high("decode", 10, 30), ev("", "decode", "9", "2", 100, 5), ev("Kernel", "decode", "9", "3", 120, 5)}},
	} {
		if got := told(find(t, doc(c.events...), Options{})); got != c.steps {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.steps)
		}
	}
}

func TestBucketsOfOlderBuilds(t *testing.T) {
	r := find(t, doc(high("prepare_input_tensors", 10, 5), high("prompt", 15, 11), high("model_prompt_bs2_seq128_graphsT", 16, 9),
		high("model_decode_bs8_seq256_graphsF", 30, 9)), Options{})
	b := r.Steps[0].Batches
	if len(r.Steps) != 1 || len(b) != 2 || line(b[0].Load) != "prefill ? ? ? ? 0 0 2 128 ? ? ?" || line(b[1].Load) != "decode ? ? 0 0 ? ? 8 256 ? ? ?" {
		t.Fatalf("batches %+v", b)
	}
	if got := line(r.Steps[0].Load); got != "mixed ? ? ? ? ? ? 8 256 ? ? ?" {
		t.Errorf("step %s", got)
	}
}

func TestCountersOfBatches(t *testing.T) {
	const prompt = `"prompt_bucket_batch_size":4,"prompt_batch_size":3,"prompt_bucket_seq_len":256,"prompt_bucket_ctx_blocks":0,"prompt_seq_len":250,"prompt_ctx_len":600,"prompt_batch_token_utilization":0.5859375`
	const decode = `"decode_bucket_batch_size":8,"decode_batch_size":5.0,"decode_bucket_seq_len":1,"decode_bucket_ctx_blocks":32,"decode_seq_len":300,"decode_ctx_len":900,"decode_batch_token_utilization":0.625`
	r := find(t, doc(
		utils(1, `"decode_batch_size":7,"prompt_batch_size":9,"prompt_seq_len":1`), // left by a cut: both batches have samples of their own
		utils(19, prompt), // a little before its batch
		high("prepare_input_tensors", 10, 10), high("prefill", 20, 10),
		utils(40, decode), high("decode", 40, 10), // at its batch's start
		high("prepare_input_tensors", 60, 5), high("decode", 65, 10), utils(65, `"decode_batch_size":6,"cumulative_graph_compilations":2,"odd":"x"`),
		high("prepare_input_tensors", 80, 5), high("decode", 85, 10), utils(85, `"decode_batch_size":-6,"decode_seq_len":1.5,"cumulative_graph_compilations":2`),
		high("prepare_input_tensors", 100, 5), high("decode", 105, 10), // of another process:
		`{"pid":8,"tid":1,"ph":"C","name":"utils","ts":105,"args":{"decode_batch_size":3}}`,
		`{"pid":9,"tid":1,"ph":"C","name":"other","ts":105,"args":{"decode_batch_size":3}}`,
		`{"pid":9,"tid":1,"ph":"C","name":"utils","ts":105,"args":null}`,
	), Options{})
	want := []string{"mixed 8 605 3 600 5 5 8 256 32 300 1500", "decode 6 6 0 0 6 6 ? ? ? ? ?", "decode ? ? 0 0 ? ? ? ? ? ? ?", "decode ? ? 0 0 ? ? ? ? ? ? ?"}
	for i, w := range want {
		if got := line(r.Steps[i].Load); got != w {
			t.Errorf("step %d: %s, want %s", i, got, w)
		}
		if got := r.Steps[i].Recompiled(); got != (i == 1) {
			t.Errorf("step %d: recompiled %v", i, got)
		}
	}
	if got := line(r.Steps[0].Batches[0].Load); got != "prefill 3 600 3 600 0 0 4 256 0 250 600" {
		t.Errorf("batch %s", got)
	}
}

func TestOlderDecodeUtilizationCountsContext(t *testing.T) {
	r := find(t, doc(high("decode", 40, 10),
		utils(40, `"decode_batch_size":5,"decode_bucket_batch_size":8,"decode_bucket_seq_len":256,"decode_batch_token_utilization":0.44`)), Options{})
	if got := r.Steps[0].DecodeTokens; got != 5 {
		t.Errorf("%d tokens", got)
	}
}

func TestWarmupAndCompilations(t *testing.T) {
	r := find(t, doc(
		high("warmup", 1, 100), // around both
		high("warmup_prompt_bs1_seq128", 8, 30), high("prepare_input_tensors", 10, 5), high("GRAPH COMPILE: one", 16, 9), high("prefill", 15, 20),
		high("prepare_input_tensors", 50, 5), high("decode", 55, 20),
		high("GRAPH COMPILE: between", 130, 3),
		high("prepare_input_tensors", 150, 5), high("GRAPH COMPILE: early", 151, 2), high("decode", 155, 20), high("GRAPH COMPILE: late", 170, 9),
		ev("", "GRAPH COMPILE: elsewhere", "8", "3", 171, 9),
	), Options{})
	if got, want := told(r), "prefill 8-38, decode 50-75, decode 150-175"; got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
	got := ""
	for _, c := range r.Compiles {
		got += fmt.Sprintf("%s %d-%d in %d, ", c.Recipe, c.Start/1000, c.End/1000, c.Step)
	}
	if want := "one 16-25 in 0, between 130-133 in -1, early 151-153 in 2, late 170-179 in 2, "; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for i, want := range []struct{ warm, recompiled, batch bool }{{true, true, true}, {true, false, false}, {false, true, true}} {
		s := &r.Steps[i]
		if s.Warmup != want.warm || s.Recompiled() != want.recompiled || s.Batches[0].Recompiled != want.batch {
			t.Errorf("step %d: warm-up %v, recompiled %v, its batch %v", i, s.Warmup, s.Recompiled(), s.Batches[0].Recompiled)
		}
	}
	if len(r.Steps[2].Compiles) != 2 || r.Steps[2].Compiles[1].Recipe != "late" {
		t.Errorf("compilations %+v", r.Steps[2].Compiles)
	}
}
