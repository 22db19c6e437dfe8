package producer

// Nvprof is what nvprof recorded, by way of nvprof2json. A second process shows the kernels of a
// device again, on a thread for each name. Times come as nanoseconds where microseconds belong.
var Nvprof = &Producer{
	Name: "nvprof",
	Processes: []Rule{ // ids
		{Name: "[#:#] Overview", Is: Device},
		{Name: "[#:#] Compute", Is: Device, Level: Ops},
	},
	Threads: []Rule{ // ids
		{Name: "Thread #: Runtime API", Is: Calls},
		{Name: "Thread #: Driver API", Is: Calls},
	},
	Evidence: Evidence{Processes: []string{"[#:#] Overview", "[#:#] Compute"}},
}
