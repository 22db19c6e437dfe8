package producer

// MXNet names a process after each device, and one after each category whose events have none.
var MXNet = &Producer{
	Name:       "MXNet's profiler",
	Categories: map[string]Category{"MXNET_C_API": {OnHost, 0}},
	Processes: []Rule{
		{Name: "gpu/#", Is: Device},
		{Name: "cpu/#", Is: Host},
		{Name: "cpu pinned/", Is: Host},
		{Name: "cpu shared/", Is: Host},
	},
	Evidence: Evidence{Processes: []string{"gpu/#", "cpu pinned/"}},
}
