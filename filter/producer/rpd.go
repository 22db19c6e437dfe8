package producer

// RocmProfileData is rpd2tracing.py of AMD's tool of that name: all values are text, flows lead
// from a call to its operation, and on devices stand graphs and frames around them.
var RocmProfileData = &Producer{
	Name:       "rocmProfileData",
	Categories: map[string]Category{"api_op": {ToDevice, Runtime}},
	Threads: []Rule{
		{Name: "Hip #", Is: Host},
		{Name: "HSA #", Is: Host},
	},
	Evidence: Evidence{Categories: []string{"api_op"}, Threads: []string{"Hip #", "HSA #"}},
}
