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
