package filter_test

import (
	"errors"
	"fmt"
	"log"
	"strings"

	"tracekit/filter"
	"tracekit/trace"
)

const kernels = `[
{"ph": "X", "cat": "cpu_op", "name": "aten::mm", "pid": 1, "tid": 1, "ts": 0, "dur": 90},
{"ph": "X", "cat": "kernel", "name": "gemm_128x64", "pid": 0, "tid": 7, "ts": 20, "dur": 60, "args": {"stream": 7}},
{"ph": "X", "cat": "kernel", "name": "copy", "pid": 0, "tid": 7, "ts": 85, "dur": 2, "args": {"stream": 7}}
]`

// eachEvent shows visit the events of kernels.
func eachEvent(visit func(e *trace.Event)) {
	source, err := trace.NewSource(strings.NewReader(kernels), int64(len(kernels)), trace.SourceOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer source.Close()
	if _, err := source.Survey(func(e *trace.Event) error { visit(e); return nil }); err != nil {
		log.Fatal(err)
	}
}

// A condition on the members of an event is asked of each event.
func ExampleParse() {
	condition, err := filter.Parse(`args.stream == 7 && dur >= 10us`)
	if err != nil {
		log.Fatal(err)
	}
	var env filter.Env
	eachEvent(func(e *trace.Event) {
		if condition.Match(e, &env) {
			fmt.Printf("%s\n", e.Name())
		}
	})
	// Output: gemm_128x64
}

// The error of an expression shows where it is wrong.
func ExampleError_Show() {
	_, err := filter.Parse(`dur >= 10`)
	var wrong *filter.Error
	if errors.As(err, &wrong) {
		fmt.Println(wrong)
		fmt.Println(wrong.Show())
	}
	// Output:
	// 10 of what? (at character 8 of: dur >= 10)
	// dur >= 10
	//        ^
	// hint: give a unit: 10us, or ns, ms, s
}

// A Recognizer decides what ran on a device, whichever profiler wrote the trace. It learns
// from all events before it is asked.
func ExampleRecognizer() {
	var r filter.Recognizer
	eachEvent(r.Learn)
	eachEvent(func(e *trace.Event) {
		fmt.Printf("%s: device %v\n", e.Name(), r.Side(e) == filter.Device)
	})
	// Output:
	// aten::mm: device false
	// gemm_128x64: device true
	// copy: device true
}
