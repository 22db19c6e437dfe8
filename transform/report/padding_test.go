package report

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/recorded"
	"tracekit/trace"
)

const profiles = "../../testdata/gaudi/"

// served is the capture of a file as the truth has it, and what was served in it.
type served struct {
	Begin, End trace.Time
	Iterations []struct {
		At      trace.Time
		Prefill map[string]int64 // tokens by request
		Decode  []string
	}
}

// paddingOf adds up the counters of a trace within the capture, without batches and steps.
func paddingOf(t *testing.T, file string, in served) map[string][7]int64 {
	t.Helper()
	var doc struct {
		TraceEvents []struct {
			Ph, Name string
			Ts       float64
			Args     map[string]any
		}
	}
	if err := json.Unmarshal(recorded.Text(t, profiles+file), &doc); err != nil {
		t.Fatal(err)
	}
	all := map[string][7]int64{}
	for _, e := range doc.TraceEvents {
		if ts := trace.Time(e.Ts * 1000); e.Ph != "C" || e.Name != "utils" || ts < in.Begin || ts >= in.End {
			continue
		}
		number := func(name string) float64 { n, _ := e.Args[name].(float64); return n }
		phase, of := "decode", "decode_"
		if e.Args["prompt_batch_size"] != nil {
			phase, of = "prefill", "prompt_"
		}
		if e.Args[of+"batch_size"] == nil {
			continue
		}
		bs, seq, ctx := number(of+"bucket_batch_size"), number(of+"bucket_seq_len"), number(of+"bucket_ctx_blocks")
		requests, blocks := number(of+"batch_size"), number("cache_num_blocks_used")
		tokens := requests
		if phase == "prefill" {
			tokens = math.Round(number("prompt_batch_token_utilization") * bs * seq)
			blocks = math.Ceil(number("prompt_ctx_len") / 128)
		}
		key := fmt.Sprintf("%s bs%g seq%g ctx%g", phase, bs, seq, ctx)
		sum := all[key]
		for i, n := range []float64{1, requests, bs, tokens, bs * seq, blocks, ctx} {
			sum[i] += int64(n)
		}
		all[key] = sum
	}
	return all
}

func TestPaddingIsThatOfTheCounters(t *testing.T) {
	truth := map[string]served{}
	if err := json.Unmarshal(recorded.Text(t, profiles+"truth.json.gz"), &truth); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"driver.json.gz", "async.json.gz", "compiles.json.gz", "padding.json.gz"} {
		t.Run(file, func(t *testing.T) {
			got := map[string][7]int64{}
			var prompts, promptTokens, decodes int64
			for _, p := range measured(t, recorded.Text(t, profiles+file), Options{}).Padding {
				got[p.Phase+" "+p.Bucket] = [7]int64{int64(p.Batches), *p.Requests, *p.PaddedRequests, *p.Tokens, *p.PaddedTokens, *p.Blocks, *p.PaddedBlocks}
				if want := 1 - float64(*p.Tokens)/float64(*p.PaddedTokens); math.Abs(*p.Wasted-want) > 1e-12 {
					t.Errorf("%s: %g wasted, want %g", p.Bucket, *p.Wasted, want)
				}
				if p.Phase == "decode" {
					decodes += *p.Requests
				} else {
					prompts, promptTokens = prompts+*p.Requests, promptTokens+*p.Tokens
				}
			}
			cmptest.Same(t, "sums of the counters", paddingOf(t, file, truth[file]), got)
			var sums [3]int64
			for _, it := range truth[file].Iterations {
				if it.At < truth[file].Begin || it.At >= truth[file].End {
					continue
				}
				for _, tokens := range it.Prefill {
					sums[0], sums[1] = sums[0]+1, sums[1]+tokens
				}
				sums[2] += int64(len(it.Decode))
			}
			cmptest.Same(t, "prompts, their tokens and decodes that were served", sums, [3]int64{prompts, promptTokens, decodes})
		})
	}
}

// Ranks that are no driver and unified attention have buckets and no counters, and dummy
// batches of an idle rank serve nobody.
func TestPaddingOfWhatServes(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"worker.json.gz", "[]"}, {"unified.json.gz", "[]"}, {"server.pt.trace.json.gz", "[]"},
		{"idle.json.gz", "[prefill bs1 seq256 ctx0: 1 batches decode bs1 seq1 ctx8: 3 batches]"},
	} {
		got := []string{}
		for _, p := range measured(t, recorded.Text(t, profiles+c.file), Options{}).Padding {
			got = append(got, fmt.Sprintf("%s %s: %d batches", p.Phase, p.Bucket, p.Batches))
		}
		cmptest.Same(t, c.file, c.want, fmt.Sprint(got))
	}
}

// What the trace does not tell is left out, and not taken for none.
func TestPaddingThatIsUnknownIsLeftOut(t *testing.T) {
	event := func(ph, name string, tid, ts int, more string) string {
		return fmt.Sprintf(`{"ph":%q,"name":%q,"pid":9,"tid":%d,"ts":%d%s}`, ph, name, tid, ts, more)
	}
	counter := func(ts int, args string) string { return event("C", "utils", 1, ts, `,"args":{`+args+`}`) }
	slice := func(ts int, name string) string { return event("X", name, 3, ts, `,"dur":50,"args":null`) }
	text := `{"traceEvents":[{"ph":"M","name":"process_name","pid":9,"args":{"name":"vLLM"}},` + strings.Join([]string{
		slice(100, "prefill"), counter(100, `"prompt_batch_size":3,"prompt_bucket_batch_size":1,"prompt_bucket_seq_len":100,"prompt_batch_token_utilization":0.9`),
		slice(200, "prefill"), counter(200, `"prompt_batch_size":1,"prompt_bucket_batch_size":1,"prompt_bucket_seq_len":100,"prompt_bucket_ctx_blocks":4,"prompt_ctx_len":257`),
		slice(300, "decode"), counter(300, `"decode_batch_size":2,"decode_bucket_batch_size":4`),
		slice(400, "decode"),
	}, ",") + `]}`
	got, err := json.Marshal(measured(t, []byte(text), Options{}).Padding)
	if err != nil {
		t.Fatal(err)
	}
	cmptest.Same(t, "padding", strings.Join([]string{
		`[{"phase":"prefill","warmup":false,"bucket":"bs1 seq100","batches":1,"requests":3,"padded_requests":3,"tokens":90,"padded_tokens":100,"wasted":0.1}`,
		`{"phase":"decode","warmup":false,"bucket":"bs4","batches":1,"requests":2,"padded_requests":4}`,
		`{"phase":"prefill","warmup":false,"bucket":"bs1 seq100 ctx4","batches":1,"requests":1,"padded_requests":1}]`}, ","), string(got))
}
