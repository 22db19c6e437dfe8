package producer

// ROCprof is rocprof of ROCm before version 6. Who merges ranks puts theirs behind the names.
var ROCprof = &Producer{
	Name: "ROCm rocprof",
	Processes: []Rule{
		{Name: "CPU HIP API*", Is: Calls},
		{Name: "CPU HSA API*", Is: Calls},
		{Name: "CPU KFD API*", Is: Calls},
		{Name: "Markers and Ranges*", Is: Host},
		{Name: "COPY", Is: Device},
		{Name: "COPY r#", Is: Device},
		{Name: "GPU#", Is: Labelled},
		{Name: "GPU# r#", Is: Labelled},
	},
	Calls:      []string{"hip", "hsa_", "roctx"},
	DeviceArgs: [][]string{{"dev-id", "queue-id"}},
	Evidence:   Evidence{Processes: []string{"CPU HIP API*", "CPU HSA API*", "COPY", "COPY r#"}},
}

// ROCprofV3 is rocprofv3, whose Perfetto traces are made JSON of by traceconv: it has a track for each
// queue of a device, and none of them is a thread.
var ROCprofV3 = &Producer{
	Name: "ROCm rocprofv3",
	Categories: map[string]Category{
		"hip_api":           {OnHost, Runtime},
		"hsa_api":           {OnHost, Runtime},
		"rccl_api":          {OnHost, Runtime},
		"rocdecode_api":     {OnHost, Runtime},
		"rocjpeg_api":       {OnHost, Runtime},
		"marker_api":        {OnHost, Annotation},
		"memory_allocation": {OnHost, Memory},
	},
	Evidence: Evidence{Categories: []string{"hip_api", "hsa_api", "marker_api", "kernel_dispatch"}},
}
