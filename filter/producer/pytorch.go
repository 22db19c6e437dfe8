package producer

import "bytes"

// PyTorch is its profiler, Kineto.
var PyTorch = &Producer{
	Name: "PyTorch's profiler",
	Categories: map[string]Category{
		// host
		"cpu_op":               {OnHost, 0},
		"user_annotation":      {OnHost, Annotation},
		"cpu_instant_event":    {OnHost, 0},
		"python_function":      {OnHost, Python},
		"cuda_runtime":         {OnHost, Runtime},
		"cuda_driver":          {OnHost, Runtime},
		"hip_runtime":          {OnHost, Runtime},
		"hip_driver":           {OnHost, Runtime},
		"mtia_runtime":         {OnHost, Runtime},
		"xpu_runtime":          {OnHost, Runtime},
		"xpu_driver":           {OnHost, Runtime},
		"privateuse1_runtime":  {OnHost, Runtime},
		"privateuse1_driver":   {OnHost, Runtime},
		"glow_runtime":         {OnHost, Runtime},
		"hpu_op":               {ByTrack, 0}, // in Kineto's list, and written by nobody
		"overhead":             {OnHost, 0},  // the profiler's own
		"external_correlation": {OnHost, 0},
		"fwdbwd":               {OnHost, 0}, // flows between operators
		"Trace":                {OnHost, 0},

		// device
		"kernel":              {OnDevice, 0},
		"gpu_memcpy":          {OnDevice, 0},
		"gpu_memset":          {OnDevice, 0},
		"gpu_user_annotation": {OnDevice, Annotation},
		"cuda_profiler_range": {OnDevice, 0},
		"hardware_counters":   {OnDevice, 0},
		"mtia_ccp_events":     {OnDevice, 0},
		"mtia_counters":       {OnDevice, 0},
		"xpu_scope_profiler":  {OnDevice, 0},
		"cuda_sync":           {OnStream, Runtime}, // a stream that waits
		"cuda_event":          {OnStream, Runtime},
		"xpu_sync":            {OnStream, Runtime},

		// flows to the device, from the call that launched
		"ac2g":             {OnDevice, Runtime},
		"async_cpu_to_gpu": {ToDevice, Runtime},
		"async_gpu":        {OnDevice, Runtime},

		// older builds
		"Operator": {OnHost, 0},
		"Runtime":  {OnEngine, Runtime}, // on Gaudi, of its DMA and NIC engines too
		"Kernel":   {OnDevice, 0},
		"Memcpy":   {OnDevice, 0},
		"Memset":   {OnDevice, 0},
	},
	Families: []string{"mtia_", "xpu_", "privateuse1_"},
	HostOnly: []string{"cpu_op", "user_annotation", "cuda_runtime", "cuda_driver", "Operator"},
	Processes: []Rule{
		{Name: "GPU # Counters", Is: Device}, // an id
		{Name: "MTIA #", Is: Device},
		{Name: "CUPTI Overhead", Is: Host},
	},
	Labels: []Rule{
		{Name: "CPU", Is: Host},
		{Name: "GPU #", Is: Labelled}, // pids 0 to 15 have it, whether or not there are such devices
		{Name: "MTIA #", Is: Labelled},
		{Name: "XPU #", Is: Labelled},
		{Name: "HPU #", Is: Engines},
	},
	Evidence: Evidence{
		Categories: []string{"python_function", "user_annotation", "gpu_user_annotation", "cuda_runtime", "cuda_driver",
			"cpu_instant_event", "fwdbwd", "Trace", "mtia_*", "xpu_*", "privateuse1_*", "async_gpu", "async_cpu_to_gpu"},
		Weak:     []string{"cpu_op", "Operator"},
		WeakArgs: []string{"External id", "External Id", "correlation", "est. achieved occupancy %"},
	},
	Markers: []Markers{{"PyTorch's profiler", Training, forms(
		"ProfilerStep#{number}")}},
}

// PyTorchLegacy is the autograd profiler before Kineto.
var PyTorchLegacy = &Producer{
	Name: "PyTorch's autograd profiler",
	Categories: map[string]Category{
		"cpu_to_cuda": {ToDevice, Runtime},
	},
	Processes: []Rule{ // ids
		{Name: "CPU functions", Is: Host},
		{Name: "CUDA functions", Is: Device},
	},
	Evidence: Evidence{Processes: []string{"CPU functions", "CUDA functions"}},
}

// isPyTorchFrame tells the names that PyTorch gives to modules and to functions written in C, and
// file.py(12): function.
func isPyTorchFrame(name []byte) bool {
	for _, p := range []string{"nn.Module: ", "<built-in "} {
		if bytes.HasPrefix(name, []byte(p)) {
			return true
		}
	}
	_, rest, ok := bytes.Cut(name, []byte(".py("))
	digits := len(rest) - len(bytes.TrimLeft(rest, "0123456789"))
	return ok && digits > 0 && bytes.HasPrefix(rest[digits:], []byte("): "))
}

// IsFrame reports whether a name is that of a Python frame.
func IsFrame(name []byte) bool { return isPyTorchFrame(name) || isXLAFrame(name) }

// IsMemory reports whether a name is that of an allocation or a release.
func IsMemory(name []byte) bool {
	return string(name) == "[memory]" || string(name) == "[OutOfMemory]"
}
