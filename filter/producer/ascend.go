package producer

// Ascend is torch_npu's profiler and msprof, whose events it takes over: CANN's calls and the
// tasks of devices have no category. What is called Overlap Analysis is computed from the
// others, and Communication shows operations whose tasks stand on the streams.
var Ascend = &Producer{
	Name: "Ascend profiler",
	Categories: map[string]Category{
		"AscendCL":     {OnHost, Runtime},
		"async_npu":    {ToDevice, Runtime}, // flows from an operator to its task
		"async_task":   {OnHost, 0},
		"HostToDevice": {ToDevice, Runtime}, // flows from CANN to the task
	},
	Processes: []Rule{
		{Name: "CANN", Is: Calls},
		{Name: "Ascend Hardware*", Is: Device},
		{Name: "Overlap Analysis*", Is: Device, Level: Views},
		{Name: "Communication*", Is: Device, Level: Ops, Links: true},
		{Name: "HCCL*", Is: Device, Level: Ops, Links: true},
	},
	Labels: []Rule{
		{Name: "NPU", Is: Device},
		{Name: "NPU #*", Is: Labelled},
	},
	Calls:      []string{"AscendCL@", "acl"},
	DeviceArgs: [][]string{{"Task Type", "Physic Stream Id"}, {"Task Type", "Stream Id"}},
	Evidence: Evidence{
		Categories: []string{"AscendCL", "async_npu", "HostToDevice"},
		Processes:  []string{"CANN", "Ascend Hardware*", "NPU", "NPU #*"},
		Also:       []string{"cpu_op", "user_annotation", "python_function", "cpu_instant_event", "fwdbwd"},
	},
}
