package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is not a trace is refused by every verb with status 1, nothing is written, and it is
// said what it is. Of other formats that Perfetto loads check says so.
func TestWhatIsNoTraceIsRefused(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return name
	}
	cases := "../../testdata/cases/"
	large := `{"rocprofiler-sdk-tool":[{"x":"`
	if !testing.Short() { // longer than a member may be
		large += strings.Repeat("long ", 14<<20)
	}
	large += `"}]}`
	for _, c := range []struct {
		name, what string
		loads      bool
	}{
		{cases + "05-rocprofv3.json", "rocprofiler-sdk", false},
		{file("large.json", large), "rocprofiler-sdk", false},
		{cases + "06-pytorch-execution-trace.json", "execution trace", false},
		{cases + "31-nested-traceEvents.json", "no array", false},
		{file("har.json", `{"log":{"version":"1.2","creator":{},"entries":[{"time":1}]}}`), "HAR", false},
		{file("package.json", `{"name":"x","version":"1.0","dependencies":{"ph":"1"}}`), "", false},
		{file("otel.json", `{"resourceSpans":[{"scopeSpans":[]}]}`), "OpenTelemetry", false},
		{file("list.json", `[{"a":1},{"b":{"ph":"X"}}]`), "", false},
		{file("numbers.json", `[1,2,3]`), "", false},
		{file("object.json", `{}`), "", false},
		{file("empty.json", ``), "empty", false},
		{file("text.txt", "some words\n"), "", false},
		{file("typo.json", `{"traceEvennts":[{"ph":"X","name":"a","ts":1,"dur":1}]}`), "", false},
		{cases + "broken/gram-1-repair-touches-clean-1.json", "", false},
		{cases + "broken/gram-2-repair-touches-clean-1.json", "", false},

		{cases + "85-firefox.json", "Firefox", true},
		{cases + "85-perf-script.txt", "perf script", true},
		{file("ftrace.txt", "# tracer: nop\n#\n#  TASK-PID\n   bash-1 [000] .... 1.5: sched_switch: x\n"), "ftrace", true},
		{file("headless.txt", "          <idle>-0     [001] d..2. 1234.567890: sched_switch: prev_comm=a\n"), "ftrace", true},
		{file("a.pftrace", "\x0a\x1c\x32\x1a\x0a\x08\x08\x06\x10\x01"), "binary", true},
		{file("perf.data", "PERFILE2\x68\x00\x00\x00\x00\x00\x00\x00"), "perf.data", true},
	} {
		t.Run(filepath.Base(c.name), func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out.json")
			for _, line := range []string{"strip --flows", "slice --to 1ms", "filter 'dur>0'", "downsample --min-dur 1ms", "repair"} {
				status, said := call(t, line+" -o "+out, c.name, "")
				if status != exitFailed || !strings.Contains(said, c.what) {
					t.Errorf("%s: status %d, said %s", line, status, said)
				}
			}
			for _, line := range []string{"info", "report", "index"} {
				if status, said := call(t, line, c.name, ""); status != exitFailed || !strings.Contains(said, c.what) {
					t.Errorf("%s: status %d, said %s", line, status, said)
				}
			}
			if _, err := os.Stat(out); err == nil {
				t.Error("something is written")
			}
			var printed, said bytes.Buffer
			status := run(context.Background(), []string{"tracekit", "check", c.name}, strings.NewReader(""), &printed, &said)
			if c.loads != (status == 0) || c.loads != strings.Contains(printed.String(), "other_format") || !strings.Contains(printed.String(), c.what) {
				t.Errorf("check: status %d, printed %s%s", status, printed.String(), said.String())
			}
		})
	}
}
