package producer

// Generic recognizes devices of unknown producers.
var Generic = &Producer{
	Categories: map[string]Category{
		"cpu_kernel":      {OnHost, 0},
		"gpu_kernel":      {OnDevice, 0},
		"GPU_KERNEL":      {OnDevice, 0},
		"cuda_kernel":     {OnDevice, 0},
		"hip_kernel":      {OnDevice, 0},
		"KERNEL":          {OnDevice, 0},
		"kernel_dispatch": {OnDevice, 0},
		"KERNEL_DISPATCH": {OnDevice, 0},
		"memory_copy":     {OnDevice, 0},
		"MEMORY_COPY":     {OnDevice, 0},
		"gpu_activity":    {OnDevice, 0},
	},
	// Builds of Kineto for other devices call them so, as in musa_runtime.
	Endings: map[string]Category{
		"runtime": {OnHost, Runtime},
		"driver":  {OnHost, Runtime},
		"kernel":  {OnDevice, 0},
		"memcpy":  {OnDevice, 0},
		"memset":  {OnDevice, 0},
	},
	Processes: deviceNames(),
	Threads: []Rule{
		{Name: "CUDA Stream #*", Is: Device},
		{Name: "CUDA stream #*", Is: Device},
		{Name: "cuda stream #*", Is: Device},
		{Name: "HIP Stream #*", Is: Device},
		{Name: "HIP stream #*", Is: Device},
		{Name: "hip stream #*", Is: Device},
		{Name: "GPU Stream #*", Is: Device},
		{Name: "GPU stream #*", Is: Device},
		{Name: "gpu stream #*", Is: Device},
		{Name: "GPU # Stream #*", Is: Device},
		{Name: "GPU # Queue #*", Is: Device},
		{Name: "GPU# Queue #*", Is: Device},
	},
	RequestKeys:  []string{"request_id", "req_id"},
	RequestNames: []string{"request", "requests", "req", "llm_request"},
	Calls:        []string{"cuda", "cu", "nvrtc", "nccl", "rccl", "nrt_"},
	DeviceArgs: [][]string{
		{"grid", "block"}, {"grid_x", "block_x"}, {"gridX", "blockX"}, {"grid_dim", "block_dim"}, {"gridDim", "blockDim"},
		{"grid_size", "block_size"}, {"grid size", "block size"}, {"grid", "stream"}, {"grid_size", "workgroup_size"},
		{"size_bytes", "bandwidth_gbps", "direction"},
	},
}

// accelerators are what people call devices.
var accelerators = []string{"GPU", "NPU", "TPU", "XPU", "HPU", "MTIA", "MLU", "MUSA", "DCU", "GCU", "IPU", "CUDA", "Device", "Accelerator", "NeuronCore", "Ascend", "gpu", "npu", "tpu", "xpu", "cuda", "device"}

func deviceNames() (all []Rule) {
	for _, a := range accelerators {
		for _, form := range []string{"#", " #", ":#", "_#", "-#", "/#", " ##", "[#]", " [#]"} {
			all = append(all, Rule{Name: a + form, Is: Labelled}, Rule{Name: a + form + " *", Is: Labelled}, Rule{Name: a + form + ": *", Is: Labelled})
		}
	}
	return all
}
