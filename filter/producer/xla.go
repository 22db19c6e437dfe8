package producer

import "bytes"

// XLA is the profiler of JAX, TensorFlow 2 and PyTorch/XLA, XProf. Its events have no category.
// A device's process has a thread for each stream, or none on a TPU, and further ones that show
// the same work at other levels.
var XLA = &Producer{
	Name: "XLA's profiler",
	Processes: []Rule{
		{Name: "/host:*", Is: Host},
		{Name: "/device:CPU:#*", Is: Host},
		{Name: "/device:*:#*", Is: Device},
	},
	Threads: []Rule{
		{Name: "XLA Ops", Is: Device, Level: Ops},
		{Name: "Async XLA Ops", Is: Device, Level: Ops},
		{Name: "Sparse Core Ops", Is: Device, Level: Ops},
		{Name: "Framework Ops", Is: Device, Level: Modules},
		{Name: "TensorFlow Ops", Is: Device, Level: Modules},
		{Name: "XLA Modules", Is: Device, Level: Modules},
		{Name: "Sparse Core Modules", Is: Device, Level: Modules},
		{Name: "Framework Name Scope", Is: Device, Level: Steps},
		{Name: "TensorFlow Name Scope", Is: Device, Level: Steps},
		{Name: StepThread, Is: Device, Level: Steps},
		{Name: "Sparse Core Steps", Is: Device, Level: Steps},
		{Name: "Launch Stats", Is: Device, Level: Views},
		{Name: "Source code", Is: Device, Level: Views},
		{Name: "Source Code", Is: Device, Level: Views},
		{Name: "XLA TraceMe", Is: Device, Level: Views},
	},
	Markers: []Markers{{"XLA's profiler", Training, nil}},
	Evidence: Evidence{
		Processes: []string{"/host:CPU", "/device:GPU:#", "/device:TPU:#*"},
		Threads:   []string{"XLA Ops", "XLA Modules"},
	},
}

// StepThread is the thread of a device's process whose slices are steps, by their number.
const StepThread = "Steps"

// isXLAFrame tells $file.py:12 function, and $module function for those written in C.
func isXLAFrame(name []byte) bool {
	return len(name) > 1 && name[0] == '$' && bytes.IndexByte(name, ' ') > 1
}
