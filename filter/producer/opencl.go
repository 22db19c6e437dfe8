package producer

import "bytes"

// GGML is the OpenCL backend of llama.cpp: what a kernel waited for on the host, and when it ran.
var GGML = &Producer{
	Name: "llama.cpp's OpenCL backend",
	Threads: []Rule{ // ids
		{Name: "Device", Is: Device},
		{Name: "Host", Is: Host},
	},
	Evidence: Evidence{Categories: []string{"OpenCL"}},
}

// CLIntercept is Intel's intercept layer for OpenCL. Queues of a device are threads with numbers
// below zero, whose names it gives to others. Where commands are shown in stages, their threads
// have numbers such as 2.1, and the last stage ran on the device.
var CLIntercept = &Producer{
	Name:     "OpenCL intercept layer",
	Threads:  []Rule{{Name: "Host Thread #", Is: Host}, {Name: "-#", Is: Device}},
	Evidence: Evidence{Threads: []string{"OOQ 0x*", "IOQ 0x*", "Host Thread #"}},
}

// IsStage reports the stage of a command in which it ran on a device, by the name and the text
// of an event, which has the colour that Chrome gives to a thread that runs or waits.
func IsStage(name, event []byte) bool {
	return MayBeStage(name) && bytes.Contains(event, []byte(`"thread_state_`))
}

// MayBeStage reports whether IsStage is so of some events of that name.
func MayBeStage(name []byte) bool { return bytes.HasSuffix(name, []byte(" (Execution)")) }
