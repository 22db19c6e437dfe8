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
	// Inside of kernels it has a process for each block of threads, a thread for each warp.
	Processes: []Rule{{Name: "* Core# CTA#", Is: Device}},
	Evidence:  Evidence{Threads: []string{"GPU# Stream #", "GPU Stream #", "warp # (line #)"}, Processes: []string{"Trace rank #"}},
}
