package producer

import (
	"bytes"
	"strings"
)

// Collective is what a communication between devices does with their data.
type Collective uint8

// The collectives, and NoCollective for what is none.
const (
	NoCollective Collective = iota
	OtherCollective
	AllReduce
	AllGather
	ReduceScatter
	AllToAll
	Broadcast
	Reduce
	Gather
	Scatter
	SendRecv
	Barrier
)

var collectiveNames = [...]string{"", "other", "all_reduce", "all_gather", "reduce_scatter", "all_to_all", "broadcast", "reduce", "gather", "scatter", "send_recv", "barrier"}

// String returns the name of c as PyTorch spells it, such as all_reduce; it is empty for
// NoCollective, and "other" where the name of an event does not say which it is.
func (c Collective) String() string { return collectiveNames[c] }

// LeavesTogether reports whether no member leaves it before all have come: from a broadcast or a
// reduction to one member, some leave early.
func (c Collective) LeavesTogether() bool {
	switch c {
	case AllReduce, AllGather, ReduceScatter, AllToAll, Barrier:
		return true
	}
	return false
}

// Library is a communication library, and the names of its kernels, calls and annotations.
// In a name * stands for any text, at its begin or end.
type Library struct {
	Name  string
	Names []string
}

// Libraries are those whose events are recognised, besides the threads and processes whose Rule
// says Links.
var Libraries = []Library{
	// nccl src/device/generate.py and src/device/symmetric/generate.py; rccl has the same names.
	{"NCCL, RCCL", []string{"ncclDevKernel_*", "ncclKernel_*", "ncclSymkDevKernel_*", "ncclSymDevKernel_*", "ncclDevFunc_*"}},
	// torch/csrc/distributed/c10d: the titles of process groups, and the operators.
	{"PyTorch", []string{"nccl:*", "gloo:*", "mpi:*", "ucc:*", "xccl:*", "hccl:*", "c10d::*", "record_param_comms", "_c10d_functional::*",
		"*multimem_all_*", "*one_shot_all_*", "*two_shot_all_*"}},
	// Ascend's CANN: hcom_allReduce__503_0_1 is an operation, its tasks have names of their own.
	{"HCCL of Ascend", []string{"hcom_*", "Hccl*", "HCCL*"}},
	// Gaudi's habana_hccl.
	{"HCCL of Gaudi", []string{"hccl*"}},
	{"oneCCL", []string{"oneccl*", "ccl_all*", "ccl_reduce*", "ccl_broadcast*"}},
	// vllm csrc/custom_all_reduce.cuh, which SGLang and AITER took over; quick_reduce.
	{"custom all-reduce", []string{"*cross_device_reduce_*", "*allreduce_prototype_*"}},
	// TensorRT-LLM's customAllReduceKernels, which FlashInfer took over.
	{"TensorRT-LLM, FlashInfer", []string{"*allreduce_fusion_kernel*", "*oneShotAllReduce*", "*twoShotAllReduce*", "*AllReduceKernel*"}},
	{"DeepEP", []string{"*deep_ep::*"}},
	// The kernels that torch_musa's and MetaX's traces show.
	{"MCCL of Moore Threads and MetaX", []string{"mcclKernel*"}},
	// The activities of horovod/common/common.h that move data.
	{"Horovod", []string{"NCCL_ALL*", "NCCL_REDUCE*", "NCCL_BCAST*", "MPI_ALL*", "MPI_REDUCE*", "MPI_BCAST*", "CCL_ALL*", "CCL_BCAST*",
		"GLOO_ALL*", "GLOO_REDUCE*", "GLOO_BCAST*"}},
	// XLA's operations, asynchronous ones by -start and -done.
	{"XLA", []string{"all-reduce*", "all-gather*", "reduce-scatter*", "all-to-all*", "collective-permute*", "collective-broadcast*", "ragged-all-to-all*"}},
}

// collectiveWords tell what a name that is a collective's does, the longer first: a name such
// as reduce_scatter has those of others in it. They are compared without _ and -, in lower case.
var collectiveWords = []struct {
	word string
	is   Collective
}{
	{"reducescatter", ReduceScatter}, {"allreduce", AllReduce}, {"crossdevicereduce", AllReduce}, {"allgather", AllGather},
	{"alltoall", AllToAll}, {"broadcast", Broadcast}, {"bcast", Broadcast}, {"sendrecv", SendRecv}, {"permute", SendRecv}, {"barrier", Barrier},
	{"dispatch", AllToAll}, {"combine", AllToAll}, {"reduce", Reduce}, {"gather", Gather}, {"scatter", Scatter}, {"send", SendRecv}, {"recv", SendRecv},
}

// collectiveBegins and collectiveParts are the names of all libraries, by how they are compared: most names of
// events are refused by their first bytes.
var collectiveBegins, collectiveParts = func() (begins, parts [][]byte) {
	for _, l := range Libraries {
		for _, name := range l.Names {
			if name[0] == '*' {
				parts = append(parts, bytes.Trim([]byte(name), "*"))
			} else {
				begins = append(begins, bytes.TrimSuffix([]byte(name), []byte("*")))
			}
		}
	}
	return begins, parts
}()

// CollectiveOf returns what the event of that name communicates between devices: a kernel, a
// host call or an annotation. It is NoCollective for all other names.
func CollectiveOf(name []byte) Collective {
	if !isCollective(name) {
		return NoCollective
	}
	return OperationOf(name)
}

// OperationOf is CollectiveOf for a name that is known to be one's, such as the value of Kineto's
// arg Collective name.
func OperationOf(name []byte) Collective {
	plain := make([]byte, 0, 128)
	for _, c := range name[:min(len(name), cap(plain))] {
		if c != '_' && c != '-' {
			plain = append(plain, c|0x20) // of letters the lower case
		}
	}
	for _, w := range collectiveWords {
		if bytes.Contains(plain, []byte(w.word)) {
			return w.is
		}
	}
	return OtherCollective
}

func isCollective(name []byte) bool {
	for _, begin := range collectiveBegins {
		if bytes.HasPrefix(name, begin) {
			return true
		}
	}
	for _, part := range collectiveParts {
		if bytes.Contains(name, part) {
			return true
		}
	}
	return false
}

// CollectiveNamed returns the collective that String writes so, and whether there is one.
func CollectiveNamed(name string) (Collective, bool) {
	for i, n := range collectiveNames {
		if n == name {
			return Collective(i), true
		}
	}
	return NoCollective, false
}

// ElementSize returns the bytes that an element of a type takes, as PyTorch spells the type in the
// arg dtype of a collective; 0 if it is not known.
func ElementSize(dtype string) int64 {
	switch strings.ToLower(strings.TrimPrefix(dtype, "torch.")) {
	case "byte", "char", "bool", "uint8", "int8", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu", "quint8", "qint8":
		return 1
	case "half", "bfloat16", "short", "float16", "int16", "uint16":
		return 2
	case "float", "int", "float32", "int32", "uint32", "qint32", "complexhalf":
		return 4
	case "double", "long", "float64", "int64", "uint64", "complexfloat":
		return 8
	case "complexdouble":
		return 16
	}
	return 0
}
