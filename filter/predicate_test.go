package filter

import (
	"fmt"
	"testing"

	"tracekit/trace"
)

// kindsOfLines are events of several profilers, and what each is.
var kindsOfLines = []struct {
	event string
	kinds string
}{
	{`{"ph":"M","name":"process_name","pid":7,"args":{"name":"/device:HPU:0"}}`, ""},
	{`{"ph":"M","name":"thread_name","pid":7,"tid":1,"args":{"name":"[HD0] MME"}}`, ""},
	{`{"ph":"M","name":"thread_name","pid":7,"tid":2,"args":{"name":"[D0] NIC 3"}}`, ""},
	{`{"ph":"X","cat":"Kernel","name":"BatchGemm","pid":7,"tid":1,"ts":1,"dur":1}`, "hardware"},
	{`{"ph":"X","cat":"Runtime","name":"nic send","pid":7,"tid":2,"ts":1,"dur":1}`, "hardware collective"},
	{`{"ph":"X","name":"decode","pid":12,"tid":3,"ts":1,"dur":1}`, "annotation step"},
	{`{"ph":"X","name":"sampler","pid":12,"tid":3,"ts":1,"dur":1}`, "annotation"},
	{`{"ph":"X","cat":"cpu_op","name":"decode","pid":1,"tid":1,"ts":1,"dur":1}`, ""},
	{`{"ph":"X","cat":"user_annotation","name":"ProfilerStep#12","pid":1,"tid":1,"ts":1,"dur":1}`, "annotation step"},
	{`{"ph":"X","cat":"user_annotation","name":"ProfilerStep#","pid":1,"tid":1,"ts":1,"dur":1}`, "annotation"},
	{`{"ph":"X","cat":"user_annotation","name":"step[DECODE bs=8]","pid":1,"tid":1,"ts":1,"dur":1}`, "annotation step"},
	{`{"ph":"X","cat":"NVTX","name":"step[DECODE bs=8]","pid":1,"tid":1,"ts":1,"dur":1}`, "step"},
	{`{"ph":"X","cat":"gpu_nvtx","name":"step[DECODE bs=8]","pid":1,"tid":1,"ts":1,"dur":1}`, ""},
	{`{"ph":"X","cat":"NVTX","name":"step one","pid":1,"tid":1,"ts":1,"dur":1}`, ""},
	{`{"ph":"X","cat":"cpu_op","name":"ProfilerStep#12","pid":1,"tid":1,"ts":1,"dur":1}`, "step"},
	{`{"ph":"X","cat":"cpu_op","name":"step[DECODE bs=8]","pid":1,"tid":1,"ts":1,"dur":1}`, ""},
	{`{"ph":"X","cat":"python_function","name":"step[DECODE bs=8]","pid":1,"tid":1,"ts":1,"dur":1}`, "python"},
	{`{"ph":"M","name":"process_name","pid":8,"args":{"name":"/device:GPU:0"}}`, ""},
	{`{"ph":"M","name":"thread_name","pid":8,"tid":1,"args":{"name":"Steps"}}`, ""},
	{`{"ph":"X","name":"17","pid":8,"tid":1,"ts":1,"dur":1}`, "hardware step"},
	{`{"ph":"X","name":"17","pid":8,"tid":2,"ts":1,"dur":1}`, "hardware"},
	{`{"ph":"X","cat":"user_annotation","name":"nccl:all_reduce","pid":1,"tid":1,"ts":1,"dur":1}`, "collective annotation"},
	{`{"ph":"X","cat":"gpu_user_annotation","name":"ProfilerStep#12","pid":0,"tid":7,"ts":1,"dur":1}`, "hardware annotation step"},
	{`{"ph":"X","cat":"kernel","name":"ncclDevKernel_AllReduce_Sum_f32_RING_LL","pid":0,"tid":7,"ts":1,"dur":1}`, "hardware collective"},
	{`{"ph":"X","cat":"kernel","name":"void at::native::reduce_kernel<512>","pid":0,"tid":7,"ts":1,"dur":1}`, "hardware"},
	{`{"ph":"X","cat":"cuda_runtime","name":"cudaLaunchKernel","pid":1,"tid":1,"ts":1,"dur":1}`, "runtime"},
	{`{"ph":"X","cat":"python_function","name":"a.py(1): f","pid":1,"tid":1,"ts":1,"dur":1}`, "python"},
	{`{"ph":"s","cat":"ac2g","name":"ac2g","pid":1,"tid":1,"ts":1,"id":1}`, ""},
	{`{"ph":"C","name":"queue","pid":1,"ts":1,"args":{"n":1}}`, ""},
}

func TestPredicates(t *testing.T) {
	var r Recognizer
	var events []*trace.Event
	for _, l := range kindsOfLines {
		e := event(t, l.event)
		r.Learn(e)
		events = append(events, e)
	}
	for i, l := range kindsOfLines {
		got := ""
		for _, word := range predicateNames {
			x, err := Parse(word)
			if err != nil {
				t.Fatal(err)
			}
			if not, err := Parse("!" + word); err != nil || not.Match(events[i], &Env{Kinds: &r}) == x.Match(events[i], &Env{Kinds: &r}) {
				t.Errorf("!%s is not the opposite of %s for %s: %v", word, word, l.event, err)
			}
			if x.Match(events[i], &Env{Kinds: &r}) {
				got += " " + word
			}
		}
		if got != "" {
			got = got[1:]
		}
		if got != l.kinds {
			t.Errorf("%s is %q, want %q", l.event, got, l.kinds)
		}
	}
}

func TestPredicatesTakeNoComparison(t *testing.T) {
	for _, word := range predicateNames {
		for _, rest := range []string{` == "x"`, ` in ("a")`, ` contains "a"`, ` > 3`, ` =~ "a"`} {
			if _, err := Parse(word + rest); err == nil {
				t.Errorf("%s is taken", word+rest)
			}
		}
		x, err := Parse(fmt.Sprintf("%s && dur > 1us || !(%s)", word, word))
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(x.String())
		if err != nil || again.String() != x.String() {
			t.Errorf("%s is read back as %v: %v", x, again, err)
		}
	}
}
