package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	shapes "tracekit/internal/testkit/hostile"
)

// The members of a broken event are counted while it is read, before there are too many of them.
func TestMaxMemoryOfABrokenEvent(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.json"), filepath.Join(dir, "out.json")
	text := `{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2},` + "\n" +
		`{"ph":"X","name":"b","pid":1,"tid":1,"ts":4,"dur":2,"args":{` + strings.Repeat(`"k":[1,2],`, 200_000)
	if err := os.WriteFile(in, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		limit  string
		status int
	}{{"10MB", exitFailed}, {"1GB", exitDamaged}} {
		t.Run(c.limit, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			status := run(t.Context(), []string{"tracekit", "repair", "--max-memory", c.limit, "-o", out, in}, strings.NewReader(""), &stdout, &stderr)
			if refused := strings.Contains(stderr.String(), "most of it is members of a broken event"); status != c.status || refused != (status == exitFailed) {
				t.Errorf("status %d, not %d: %s", status, c.status, stderr.String())
			}
			if _, err := os.Stat(out); (err == nil) != (c.status != exitFailed) {
				t.Errorf("the output: %v", err)
			}
		})
	}
}

// What would take more memory than it may ends with what it is, and leaves nothing.
func TestMaxMemory(t *testing.T) {
	for _, c := range []struct{ shape, verb, most string }{
		{"threads", "slice --from 10% --to 90% -o OUT", "threads"},
		{"threads", "strip --python -o OUT", "metadata of threads without events"},
		{"threads", "filter tid==3 -o OUT", "metadata of threads without events"},
		{"threads", "downsample --merge 20us -o OUT", "threads"},
		{"threads", "split --by time --time 1s -o OUT", "threads"},
		{"processes", "info", "threads"},
		{"names", "downsample --merge 20us -o OUT", "names and categories"},
		{"begins without ends", "slice --from 10% --to 90% -o OUT", "open slices"},
		{"begins without ends", "strip --python -o OUT", "open slices"},
		{"begins without ends", "info", "open slices"},
		{"counters", "slice --from 90% --to 95% -o OUT", "counters"},
		{"counters", "split --by events --events 10k -o OUT", "samples of counters"},
		{"ids that are odd", "slice --from 10% --to 20% --device launched -o OUT", "ids of launches"},
		{"numbered steps", "report", "markers of steps"},
		{"requests", "split --by request -o OUT", "requests"},
		{"begins without ends", "downsample --merge 20us -o OUT", "open slices"},
		{"begins without ends", "split --by time --time 1ms -o OUT", "begins and ends"},
		{"begins without ends", "report", "open slices"},
		{"begins without ends", "repair -o OUT", "open slices"},
		{"async events of many ids", "check", "ids of async events"},
		{"processes", "check", "threads"},
		{"names", "check", "names and categories"},
		{"processes", "repair -o OUT", "threads"},
		{"plain", "filter depth==0 -o OUT", "slices and how they nest"},
		{"threads", "index -o OUT", "requests"}, // each thread may be named by one
		{"categories", "index -o OUT", "categories"},
		{"requests", "index -o OUT", "requests"},
	} {
		t.Run(c.shape+" "+c.verb, func(t *testing.T) {
			dir := t.TempDir()
			in, out := filepath.Join(dir, "in.json"), filepath.Join(dir, "out")
			if err := os.WriteFile(in, shapes.Make(c.shape, 20_000), 0o666); err != nil {
				t.Fatal(err)
			}
			args := append([]string{"tracekit"}, strings.Fields(strings.ReplaceAll(c.verb, "OUT", out))...)
			var stdout, stderr bytes.Buffer
			status := run(t.Context(), append(args, "--max-memory", "100kB", in), strings.NewReader(""), &stdout, &stderr)
			want := "tracekit: error: the state kept for the trace exceeds the limit of 100.0 kB; most of it is " + c.most + "\n" +
				"hint: --max-memory allows more than 100.0 kB; docs/memory.md lists what grows with what\n"
			if status != exitFailed || stderr.String() != want {
				t.Errorf("status %d:\n%s\nwant\n%s", status, stderr.String(), want)
			}
			if _, err := os.Stat(out); err == nil {
				t.Error("something was written")
			}
		})
	}
}

func TestMaxMemoryIsEnough(t *testing.T) {
	in := filepath.Join(t.TempDir(), "in.json")
	if err := os.WriteFile(in, shapes.Make("threads", 20_000), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, limit := range [][]string{nil, {"--max-memory", "100MB"}} {
		var stderr bytes.Buffer
		if status := run(t.Context(), append([]string{"tracekit", "info", in}, limit...), strings.NewReader(""), &bytes.Buffer{}, &stderr); status != exitDone {
			t.Errorf("%v: status %d: %s", limit, status, &stderr)
		}
	}
	var stderr bytes.Buffer
	if status := run(t.Context(), []string{"tracekit", "info", "--max-memory", "much", in}, strings.NewReader(""), &bytes.Buffer{}, &stderr); status != exitUsage {
		t.Errorf("status %d: %s", status, &stderr)
	}
}

// The limit is that of the input, whatever stands before it.
func TestMaxMemoryByTheSizeOfTheInput(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "in.json")
	if err := os.WriteFile(file, make([]byte, 1000), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want int64
	}{
		{[]string{file}, leastMemory + 1000},
		{[]string{"dur > 1us", file}, leastMemory + 1000},
		{[]string{"-"}, mostMemory},
		{[]string{dir}, mostMemory},
		{nil, mostMemory},
	} {
		if got := usualMemory(c.args); got != c.want {
			t.Errorf("%q: %d, want %d", c.args, got, c.want)
		}
	}
}

// Several inputs at a time have one bound, and what comes out is what each alone makes within it:
// an input that others leave too little for has its turn alone.
func TestMaxMemoryOfSeveral(t *testing.T) {
	dir := t.TempDir()
	text := shapes.Make("threads", 4_000)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		if err := os.WriteFile(filepath.Join(dir, name+".json"), text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	call := func(args ...string) (status int, out, said string) {
		var stdout, stderr bytes.Buffer
		status = run(t.Context(), append([]string{"tracekit", "info"}, args...), strings.NewReader(""), &stdout, &stderr)
		return status, stdout.String(), stderr.String()
	}
	for kilobytes := 100; ; kilobytes += kilobytes / 2 {
		limit := fmt.Sprintf("--max-memory=%dkB", kilobytes)
		if status, _, _ := call(limit, filepath.Join(dir, "a.json")); status != exitDone {
			continue
		}
		_, want, _ := call(limit, dir)
		if status, got, said := call(limit, "-j", "4", dir); status != exitDone || got != want || said != "" {
			t.Errorf("%s: status %d, it said %q and shows\n%s\nwant\n%s", limit, status, said, got, want)
		}
		if status, _, said := call(fmt.Sprintf("--max-memory=%dkB", kilobytes/2), "-j", "4", dir); status != exitFailed || strings.Count(said, "tracekit: error: the state kept for the trace") != 5 {
			t.Errorf("half of %s: status %d, it said %q", limit, status, said)
		}
		return
	}
}

// What would take too much of a page ends open with the reason, as it does every verb.
func TestMaxMemoryOfOpen(t *testing.T) {
	for shape, most := range map[string]string{"threads": "steps and requests", "categories": "categories"} {
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			in := filepath.Join(t.TempDir(), "in.json")
			if err := os.WriteFile(in, shapes.Make(shape, 20_000), 0o666); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			ctx, stop := context.WithTimeout(t.Context(), time.Minute) // it would serve on
			defer stop()
			status := run(ctx, []string{"tracekit", "open", "-q", "--no-browser", "--max-memory", "100kB", in}, strings.NewReader(""), &stdout, &stderr)
			want := "tracekit: error: the state kept for the trace exceeds the limit of 100.0 kB; most of it is " + most + "\n" +
				"hint: --max-memory allows more than 100.0 kB; docs/memory.md lists what grows with what\n"
			if got := stderr.String(); status != exitFailed || !strings.HasSuffix(got, want) {
				t.Errorf("status %d:\n%s\nwant\n%s", status, got, want)
			}
		})
	}
}
