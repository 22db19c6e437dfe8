package producer

// Nsys is Nsight Systems by way of nsys2json: the processes are named after devices, and hold
// the host's ranges too.
var Nsys = &Producer{
	Name: "Nsight Systems",
	Categories: map[string]Category{
		"nvtx":           {OnHost, Annotation},
		"nvtx-kernel":    {OnDevice, Annotation},
		"nvtx_projected": {OnDevice, Annotation}, // ranges of the host as long as their kernels ran
		"cuda_api":       {OnHost, Runtime},
		"osrt":           {OnHost, 0},
		"cuda_flow":      {ToDevice, Runtime}, // flows from a call to its kernel
	},
	Processes: []Rule{ // ids
		{Name: "Device #", Is: Labelled},
		{Name: "* Device #", Is: Labelled},
		{Name: "CUDA Device # *", Is: Labelled},
	},
	Threads: []Rule{ // ids
		{Name: "NVTX Thread #", Is: Host},
		{Name: "NVTX Kernel Thread #", Is: Device, Level: Views},
		{Name: "NVTX Lvl #", Is: Device, Level: Views},
		{Name: "CUDA API Thread #", Is: Calls},
		{Name: "CUDA API #", Is: Calls},
		{Name: "OSRT Thread #", Is: Host},
	},
	Evidence: Evidence{
		Categories: []string{"osrt", "nvtx-kernel", "nvtx_projected", "cuda_api", "cuda_flow"},
		Threads:    []string{"NVTX Thread #", "CUDA API Thread #"},
	},
}
