package producer

// Tools that trace hosts, known by their categories.
var (
	Chrome = &Producer{
		Name: "Chrome",
		Categories: map[string]Category{
			"toplevel": {OnHost, 0}, "ipc": {OnHost, 0}, "cc": {OnHost, 0}, "blink": {OnHost, 0}, "devtools.timeline": {OnHost, 0}, "gpu": {OnHost, 0},
		},
		Evidence: Evidence{Categories: []string{"toplevel", "devtools.timeline", "cc,benchmark"}},
	}
	NodeJS = &Producer{
		Name:       "Node.js",
		Categories: map[string]Category{"v8": {OnHost, 0}, "node,node.async_hooks": {OnHost, 0}, "node,node.perf": {OnHost, 0}},
		Evidence:   Evidence{Categories: []string{"node,*"}},
	}
	Dynamo = &Producer{ // torch.compile, as tlparse collects it
		Name:       "PyTorch's compiler",
		Categories: map[string]Category{"dynamo_timed": {OnHost, 0}},
		Evidence:   Evidence{Categories: []string{"dynamo_timed"}},
	}
	Ray = &Producer{
		Name:     "Ray",
		Threads:  []Rule{{Name: "worker:*", Is: Host}, {Name: "driver:*", Is: Host}},
		Evidence: Evidence{Categories: []string{"task::*", "task:execute"}, Threads: []string{"driver:*"}},
	}
	LoadGen = &Producer{ // MLPerf's load generator: an async slice a query, with its number in args of the begin
		Name:     "MLPerf LoadGen",
		Evidence: Evidence{Args: []string{"sample_seq"}},
	}
	Bazel = &Producer{
		Name: "Bazel",
		Categories: map[string]Category{
			"build phase marker": {OnHost, 0}, "action processing": {OnHost, 0}, "general information": {OnHost, 0}, "critical path component": {OnHost, 0},
		},
		Evidence: Evidence{Categories: []string{"build phase marker", "action processing"}},
	}
)
