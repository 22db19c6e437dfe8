package producer

// VizTracer traces Python: FEE is a function's entry and exit.
var VizTracer = &Producer{
	Name:       "VizTracer",
	Categories: map[string]Category{"FEE": {OnHost, Python}},
	Evidence:   Evidence{Categories: []string{"FEE"}},
}
