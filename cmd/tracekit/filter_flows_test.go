package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
)

// Flow events that wait until a second reading has decided about slices are written from memory: nothing of
// them may be copied as it was packed, from wherever that reading is.
func TestFlowsThatWaitAreWrittenAsTheyWere(t *testing.T) {
	var text bytes.Buffer
	text.WriteString(`{"traceEvents":[{"ph":"M","name":"process_name","pid":1,"args":{"name":"p"}}`)
	n := 20_000
	for i := range n {
		fmt.Fprintf(&text, ",\n"+`{"ph":"X","cat":"cuda_runtime","name":"launch %d","pid":1,"tid":1,"ts":%d,"dur":2}`, i*7919%n, 10*i)
	}
	for i := range n {
		fmt.Fprintf(&text, ",\n"+`{"ph":"s","cat":"ac2g","name":"ac2g %d","id":%d,"pid":1,"tid":1,"ts":%d}`, i*7907%n, i, 10*i)
	}
	for i := range n {
		fmt.Fprintf(&text, ",\n"+`{"ph":"f","cat":"ac2g","name":"ac2g %d","id":%d,"pid":1,"tid":1,"ts":%d,"bp":"e"}`, i*7907%n, i, 10*i+1)
	}
	// What has to be paired makes the filter read the trace once more.
	fmt.Fprintf(&text, ",\n"+`{"ph":"B","cat":"r","name":"request","pid":1,"tid":1,"ts":%d}`, 10*n)
	fmt.Fprintf(&text, ",\n"+`{"ph":"E","cat":"r","name":"request","pid":1,"tid":1,"ts":%d}`, 10*n+9)
	text.WriteString("\n]}")
	dir := t.TempDir()
	in := filepath.Join(dir, "in.json.gz")
	if err := os.WriteFile(in, packedBy(t, text.Bytes(), in), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, expr := range []string{"dur > 1us", "depth < 3 && dur > 1us", `depth < 3 && name != "nothing"`} {
		t.Run(expr, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out.json.gz")
			var stdout, stderr bytes.Buffer
			if status := run(t.Context(), []string{"tracekit", "filter", expr, "-o", out, in}, strings.NewReader(""), &stdout, &stderr); status != exitDone {
				t.Fatalf("status %d: %s", status, stderr.String())
			}
			got, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			cmptest.Same(t, "the lines", sortedLines(text.String()), sortedLines(unpack(t, string(got))))
		})
	}
}

// sortedLines are the events of a text that has one a line, without the commas behind them.
func sortedLines(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		all = append(all, strings.TrimRight(line, ",]}\n"))
	}
	slices.Sort(all)
	return all
}
