package producer

// Unitrace is Intel's unitrace, onetrace before it: calls of Level Zero and of the layers above
// have the category that Kineto gives to operators.
var Unitrace = &Producer{
	Name: "Intel unitrace",
	Categories: map[string]Category{
		"gpu_op":     {OnDevice, 0},
		"GPU_METRIC": {OnDevice, 0},
	},
	Processes: []Rule{
		{Name: "HOST<*", Is: Calls},
		{Name: "DEVICE<*", Is: Device},
	},
	Calls: []string{"ze", "zes", "zet", "zex", "ur", "cl", "pi"},
	Evidence: Evidence{
		Categories: []string{"gpu_op"},
		Processes:  []string{"HOST<*", "DEVICE<*"},
		Also:       []string{"cpu_op"},
	},
}
