package producer

// Tinygrad names a process after each device, with a thread for kernels and one for copies.
// What its compiler and a user's ranges took stands in processes of the same form.
var Tinygrad = &Producer{
	Name: "tinygrad",
	Processes: []Rule{
		{Name: "TINY", Is: Host}, {Name: "USER", Is: Host}, {Name: "PYTHON", Is: Host},
		{Name: "CLANG", Is: Host}, {Name: "LLVM", Is: Host},
	},
	Threads: []Rule{
		{Name: "COMPUTE", Is: Device},
		{Name: "COPY", Is: Device},
	},
	Evidence: Evidence{Threads: []string{"COMPUTE"}},
}
