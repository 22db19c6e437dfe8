package producer

// ONNXRuntime puts kernels where it has neither a process nor a thread for them, -1.
var ONNXRuntime = &Producer{
	Name: "ONNX Runtime",
	Categories: map[string]Category{
		"Session": {OnHost, 0},
		"Node":    {OnHost, 0},
		"Api":     {OnHost, 0},
	},
	Evidence: Evidence{Categories: []string{"Session", "Node"}},
}
