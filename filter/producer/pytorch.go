package producer

import "bytes"

// PyTorch is its profiler, Kineto.
var PyTorch = &Producer{
	Name: "PyTorch's profiler",
	Categories: map[string]Category{
		// host
		"cpu_op":               {OnHost, 0},
		"user_annotation":      {OnHost, 0},
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
		"hpu_op":               {ByTrack, 0}, // the bridge's own calls, and whatever it can't place
		"overhead":             {OnHost, 0},  // the profiler's own
		"external_correlation": {OnHost, 0},
		"fwdbwd":               {OnHost, 0}, // flows between operators
		"Trace":                {OnHost, 0},

		// device
		"kernel":              {OnDevice, 0},
		"gpu_memcpy":          {OnDevice, 0},
		"gpu_memset":          {OnDevice, 0},
		"gpu_user_annotation": {OnDevice, 0},
		"cuda_profiler_range": {OnDevice, 0},
		"mtia_ccp_events":     {OnDevice, 0},
		"mtia_counters":       {OnDevice, 0},
		"xpu_scope_profiler":  {OnDevice, 0},
		"cuda_sync":           {OnStream, Runtime},
		"cuda_event":          {OnStream, Runtime},
		"xpu_sync":            {OnStream, Runtime},

		// flows to the device, from the call that launched
		"ac2g":             {OnDevice, Runtime},
		"async_cpu_to_gpu": {OnDevice, Runtime},
		"async_gpu":        {OnDevice, Runtime},

		// older builds
		"Operator": {OnHost, 0},
		"Runtime":  {OnHost, Runtime},
		"Kernel":   {OnDevice, 0},
		"Memcpy":   {OnDevice, 0},
		"Memset":   {OnDevice, 0},
	},
	Families: []string{"mtia_", "xpu_", "privateuse1_"},
	HostOnly: []string{"cpu_op", "cuda_runtime", "cuda_driver", "Operator", "Runtime"},
	Writes:   []string{"cpu_op", "Operator"},
	MayWrite: []string{"Trace", "kernel"},
	Markers: []Markers{{"PyTorch's profiler", Training, forms(
		"ProfilerStep#{number}")}},
}

// IsFrame tells the names of Python frames: file.py(12): function, and those
// that PyTorch gives to modules and to functions written in C.
func IsFrame(name []byte) bool {
	for _, p := range []string{"nn.Module: ", "<built-in "} {
		if bytes.HasPrefix(name, []byte(p)) {
			return true
		}
	}
	_, rest, ok := bytes.Cut(name, []byte(".py("))
	digits := len(rest) - len(bytes.TrimLeft(rest, "0123456789"))
	return ok && digits > 0 && bytes.HasPrefix(rest[digits:], []byte("): "))
}

// IsMemory tells the names of allocations and releases.
func IsMemory(name []byte) bool {
	return string(name) == "[memory]" || string(name) == "[OutOfMemory]"
}
