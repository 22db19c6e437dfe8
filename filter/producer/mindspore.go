package producer

// MindSpore is its own timeline, before it took msprof's: processes have labels for names. Steps and
// scopes stand beside the streams of a device, and what is called overlap is computed from the others.
var MindSpore = &Producer{
	Name: "MindSpore's profiler",
	Processes: []Rule{ // labels
		{Name: "AICORE OP", Is: Device},
		{Name: "AICPU OP", Is: Device},
		{Name: "Ascend Op", Is: Device},
		{Name: "GPU Op", Is: Device},
		{Name: "Activity Op", Is: Device},
		{Name: "Communication Op", Is: Device},
		{Name: "Op Overlap Analyse", Is: Device, Level: Views},
		{Name: "Host CPU OP", Is: Host},
	},
	Threads: []Rule{
		{Name: "Scope Name", Is: Device, Level: Steps},
		{Name: "GpuOps", Is: Device, Level: Ops},
		{Name: "HostCpuOps", Is: Host},
	},
	Evidence: Evidence{Processes: []string{"AICORE OP", "AICPU OP", "Ascend Op", "Op Overlap Analyse", "Host CPU OP"}},
}
