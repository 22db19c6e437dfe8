package producer

// AIEngine is AMD's AI engine as mlir-aie traces it: a process for each tile, a thread for each
// event of its hardware.
var AIEngine = &Producer{
	Name:      "AMD AI engine (mlir-aie)",
	Processes: []Rule{{Name: "*_trace for tile#,#", Is: Device}},
	Evidence:  Evidence{Processes: []string{"*_trace for tile#,#"}},
}
