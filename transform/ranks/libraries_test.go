package ranks

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"tracekit/trace"
)

// Kernels of communication libraries are known by name, and who comes last by how long they run,
// whether or not they say more.
func TestLibrariesAreKnown(t *testing.T) {
	for _, x := range []struct{ name, args, kind string }{
		{"ncclKernel_AllReduce_RING_LL_Sum_float(ncclDevComm*, unsigned long, ncclWork*)", "", "all_reduce"},
		{"ncclDevKernel_AllGather_RING_LL(ncclDevKernelArgsStorage<4096ul>)", "", "all_gather"},
		{"ncclDevKernel_ReduceScatter_Sum_bf16_RING_SIMPLE(ncclDevKernelArgsStorage<4096ul>)", "", "reduce_scatter"},
		{"ncclDevKernel_Generic_1(ncclDevKernelArgsStorage<4096ul>)", `"Collective name": "allreduce", "Seq": %d, "In msg nelems": 1024, "Out msg nelems": 1024, "dtype": "Half", "Group size": 2,`, "all_reduce"},
		{"ncclDevKernel_SendRecv(ncclDevKernelArgsStorage<4096ul>)", `"Collective name": "all_to_all", "Seq": %d, "In msg nelems": 1024, "Out msg nelems": 1024, "dtype": "BFloat16", "Group size": 2,`, "all_to_all"},
		{"oneccl_allreduce_large_kernel", "", "all_reduce"},
		{"hcclAllReduce", "", "all_reduce"},
		{"void vllm::cross_device_reduce_1stage<__nv_bfloat16, 2>(vllm::RankData*)", "", "all_reduce"},
	} {
		var all []*Partial
		for rank := range 2 {
			var events strings.Builder
			for i := range 30 {
				args := x.args
				if args != "" {
					args = fmt.Sprintf(args, i)
				}
				fmt.Fprintf(&events, `{"ph": "X", "cat": "kernel", "name": %q, "pid": 0, "tid": 7, "ts": %d, "dur": %d, "args": {%s "stream": 7}},`+"\n", x.name, 1000*i-10*i*rank*(i%2), 20+10*i*rank*(i%2), args)
			}
			text := fmt.Sprintf(`{"host_name": "a", "distributedInfo": {"rank": %d}, "traceEvents": [%s {"ph": "X", "cat": "kernel", "name": "gemm", "pid": 0, "tid": 9, "ts": 0, "dur": 5}]}`, rank, events.String())
			m, _ := measured(t, fmt.Sprint(rank, ".json"), []byte(text))
			all = append(all, &Partial{Traces: []*Trace{m}})
		}
		r := resultOf(t, merged(t, all...))
		if len(r.Collectives) != 1 {
			t.Errorf("%s: %+v", x.name, r.Collectives)
			continue
		}
		c := r.Collectives[0]
		wait := trace.Time(0)
		for i := 1; i < 30; i += 2 {
			wait += trace.Time(10_000 * i)
		}
		if c.Kind != x.kind || c.Met != 30 || c.Whole != 30 || c.Wait != wait || c.Members[0].Last != 15 || c.Time.Total != 30*20_000 {
			t.Errorf("%s: %+v, %+v", x.name, c, c.Time)
		}
		if x.args != "" && (c.Bytes == nil || *c.Bytes != 2048 || c.AlgBW == nil) {
			t.Errorf("%s: bytes and bandwidth are %v and %v", x.name, c.Bytes, c.AlgBW)
		}
		if got, want := *r.Ranks[1].Communication, 30*20_000+wait; got != want {
			t.Errorf("%s: rank 1 communicates for %d ns, not %d", x.name, got, want)
		}
	}
}

// On Ascend the operations of HCCL stand on a process of their own, and their tasks among others.
func TestOperationsThatRepeatTasks(t *testing.T) {
	text, err := os.ReadFile("../../testdata/cases/01-ascend-trace_view.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []*Partial
	for rank := range 2 {
		m, _ := measured(t, fmt.Sprintf("rank%d.json", rank), text)
		all = append(all, &Partial{Traces: []*Trace{m}})
	}
	r := resultOf(t, merged(t, all...))
	if len(r.Collectives) != 1 || r.Collectives[0].Kind != "all_reduce" || r.Collectives[0].Met != 9 || r.Collectives[0].Wait != 0 || r.Collectives[0].Members[0].Last != 0 {
		t.Errorf("%+v", r.Collectives)
	}
	if k := &r.Ranks[0]; k.Communication == nil || *k.Communication != 450_000 || k.Hidden != nil || k.Exposed != nil {
		t.Errorf("%+v", k)
	}
}
