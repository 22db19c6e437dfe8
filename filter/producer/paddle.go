package producer

// Paddle is PaddlePaddle's profiler, which writes as older builds of Kineto do.
var Paddle = &Producer{
	Name: "Paddle's profiler",
	Categories: map[string]Category{
		"CudaRuntime":       {OnHost, Runtime},
		"ProfileStep":       {OnHost, 0},
		"Dataloader":        {OnHost, 0},
		"Forward":           {OnHost, 0},
		"Backward":          {OnHost, 0},
		"Optimization":      {OnHost, 0},
		"Communication":     {OnHost, 0},
		"PythonOp":          {OnHost, 0},
		"PythonUserDefined": {OnHost, 0},
		"UserDefined":       {OnHost, 0},
		"OperatorInner":     {OnHost, 0},
	},
	Processes: []Rule{
		{Name: "Deivce # (*)", Is: Labelled}, // as it is written
		{Name: "Device # (*)", Is: Labelled},
		{Name: "Process # (CPU)", Is: Host},
	},
	Evidence: Evidence{
		Categories: []string{"CudaRuntime", "ProfileStep"},
		Processes:  []string{"Deivce # (*)"},
		Also:       []string{"Operator", "Kernel", "Memcpy", "Memset"},
	},
	Markers: []Markers{{"Paddle's profiler", Training, forms("ProfileStep#{number}")}},
}
