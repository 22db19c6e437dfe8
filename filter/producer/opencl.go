package producer

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
// below zero, whose names it gives to others. Stages of commands stand on threads such as 2.1,
// of which nothing tells.
var CLIntercept = &Producer{
	Name:     "OpenCL intercept layer",
	Threads:  []Rule{{Name: "Host Thread #", Is: Host}, {Name: "-#", Is: Device}},
	Evidence: Evidence{Threads: []string{"OOQ 0x*", "IOQ 0x*", "Host Thread #"}},
}
