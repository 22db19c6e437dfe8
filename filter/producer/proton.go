package producer

// Proton is Triton's profiler. Kernels are on threads of the process that launched them, and
// flows have a category that tells nothing.
var Proton = &Producer{
	Name: "Triton Proton",
	Threads: []Rule{
		{Name: "CPU thread #", Is: Host},
		{Name: "CPU Thread #", Is: Host},
		{Name: "GPU Stream #", Is: Device},
		{Name: "GPU# Stream #", Is: Device},
	},
	Evidence: Evidence{Threads: []string{"GPU# Stream #", "GPU Stream #"}, Processes: []string{"Trace rank #"}},
}
