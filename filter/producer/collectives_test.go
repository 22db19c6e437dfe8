package producer

import "testing"

func TestCollectiveOf(t *testing.T) {
	for name, want := range map[string]string{
		"ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgsStorage<4096ul>)": "all_reduce",
		"ncclKernel_AllGather_RING_LL_Sum_int8_t(ncclDevComm*, unsigned long)":       "all_gather",
		"ncclDevKernel_ReduceScatter_Sum_f32_RING_LL":                                "reduce_scatter",
		"ncclDevKernel_SendRecv(ncclDevKernelArgsStorage<4096ul>)":                   "send_recv",
		"ncclDevKernel_Generic_1(ncclDevKernelArgsStorage<4096ul>)":                  "other",
		"ncclSymkDevKernel_AllReduce_AGxLL_R_sum_f32(ncclSymkDevWorkArgs4K)":         "all_reduce",
		"nccl:_all_gather_base":                            "all_gather",
		"nccl:all_reduce_barrier":                          "all_reduce",
		"nccl:recv 1<-0":                                   "send_recv",
		"c10d::allreduce_":                                 "all_reduce",
		"c10d::barrier":                                    "barrier",
		"record_param_comms":                               "other",
		"hcom_allReduce__503_0_1":                          "all_reduce",
		"hcom_alltoallv__503_0_1":                          "all_to_all",
		"hcclBroadcast":                                    "broadcast",
		"all-reduce-start.3":                               "all_reduce",
		"collective-permute-done":                          "send_recv",
		"void vllm::cross_device_reduce_2stage<half>":      "all_reduce",
		"void deep_ep::internode::dispatch<false>":         "all_to_all",
		"void quickreduce::allreduce_prototype_twoshot<x>": "all_reduce",
		"mcclKernel_SendRecv_RING_SIMPLE_Sum_int8_t":       "send_recv",
		"NCCL_ALLREDUCE":                                   "all_reduce",
		"MPI_BCAST":                                        "broadcast",
		"NEGOTIATE_ALLREDUCE":                              "",
		"aten::mul":                                        "", "void at::native::reduce_kernel<512, 1>": "", "gather": "", "ncclGroupEnd": "", "broadcast_in_dim": "", "": "",
	} {
		if got := CollectiveOf([]byte(name)).String(); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}
