package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/opened"
	"tracekit/internal/testkit/tracegen"
)

// running is a run of open in this process.
type running struct {
	opened.Server
	t      *testing.T
	stderr *bytes.Buffer
	end    func() int
}

// opening starts open with args, and no browser, and waits for its address.
func opening(t *testing.T, stdin io.Reader, args ...string) *running {
	t.Helper()
	return openingAnywhere(t, stdin, append([]string{"--no-browser"}, args...)...)
}

// openingAnywhere is like opening, but for the browser.
func openingAnywhere(t *testing.T, stdin io.Reader, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	out, in := io.Pipe()
	o := &running{t: t, stderr: &bytes.Buffer{}}
	status := make(chan int, 1)
	go func() {
		code := run(ctx, append([]string{"tracekit", "open"}, args...), stdin, in, o.stderr)
		in.Close()
		status <- code
	}()
	o.end = func() int {
		cancel(signaled{os.Interrupt})
		return <-status
	}
	t.Cleanup(func() { cancel(nil) })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("open %q prints no address: status %d\n%s", args, <-status, o.stderr)
	}
	o.Server = opened.At(line)
	return o
}

// ask asks the server for something with the token.
func (o *running) ask(method, path, body string) (status int, text string) {
	o.t.Helper()
	status, all, err := o.Ask(o.t.Context(), method, path, body)
	if err != nil {
		o.t.Fatal(err)
	}
	return status, string(all)
}

// cut makes a piece and returns its bytes.
func (o *running) cut(body string) string {
	o.t.Helper()
	piece, err := o.Cut(o.t.Context(), body)
	if err != nil {
		o.t.Fatal(err)
	}
	return string(piece)
}

// data waits until all was read and returns what the page draws.
func (o *running) data(into any) {
	o.t.Helper()
	text, err := o.Page(o.t.Context())
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		o.t.Fatal(err)
	}
}

// joined runs verbs one behind the other, as a shell does.
func joined(t *testing.T, from io.Reader, verbs ...[]string) string {
	t.Helper()
	for _, words := range verbs {
		var out, said bytes.Buffer
		if code := run(t.Context(), append([]string{"tracekit"}, words...), from, &out, &said); code != exitDone {
			t.Fatalf("tracekit %q: status %d\n%s", words, code, &said)
		}
		from = &out
	}
	all, _ := io.ReadAll(from)
	return string(all)
}

func openTrace(t *testing.T, dir, name string) string {
	t.Helper()
	var text bytes.Buffer
	if _, err := tracegen.Generate(&text, tracegen.Config{Steps: 30, Layers: 3, Hardware: true, Python: true}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, text.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	if filepath.Ext(name) == ".json" {
		return path
	}
	packed := filepath.Join(dir, "packed-"+name)
	if code := run(t.Context(), []string{"tracekit", "filter", "-q", "-o", packed, "ph != \"\"", path}, nil, io.Discard, os.Stderr); code != exitDone {
		t.Fatal(code)
	}
	return packed
}

// What the server cuts is, byte for byte, what the verbs write.
func TestOpenCutsWhatVerbsCut(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"t.json", "t.json.gz", "t.json.zst"} {
		path := openTrace(t, dir, name)
		for _, way := range []string{"memory", "pipe", "file"} {
			if testing.Short() && (name != "t.json.gz" || way == "file") {
				continue
			}
			t.Run(name+" "+way, func(t *testing.T) {
				args, file := []string{path}, []string{path}
				var stdin io.Reader
				switch way {
				case "pipe":
					data, err := os.ReadFile(path)
					if err != nil {
						t.Fatal(err)
					}
					args, file, stdin = nil, nil, bytes.NewReader(data)
				case "file":
					args = append(args, "--save-index")
				}
				o := opening(t, stdin, args...)
				var page struct {
					Zero   string
					Length int64
				}
				o.data(&page)
				var zero int64
				fmt.Sscan(page.Zero, &zero)
				from, to := zero+page.Length/4, zero+page.Length/2
				at := func(ns int64) string { return fmt.Sprintf("@%d.%03d", ns/1000, ns%1000) }
				z := []string{"-z", "gzip"}
				plain := []string{"slice", "--from", at(from), "--to", at(to)}
				launched := append(plain[:5:5], "--device", "launched")
				verbs := func(first []string, rest ...[]string) string {
					var in io.Reader
					if way == "pipe" {
						data, _ := os.ReadFile(path)
						in = bytes.NewReader(data)
					}
					if len(rest) == 0 {
						first = append(first, z...)
					}
					return joined(t, in, append([][]string{append(first, file...)}, rest...)...)
				}
				bounds := fmt.Sprintf(`"from":"%d","to":"%d"`, from, to)
				for _, c := range []struct{ body, want string }{
					{"{" + bounds + "}", verbs(plain[:5:5])},
					{"{" + bounds + `,"launched":true}`, verbs(launched[:7:7])},
					{"{" + bounds + `,"strip":["python","hardware"],"cats":["Runtime"]}`,
						verbs(plain[:5:5], append([]string{"strip", "--python", "--hardware", "--cat", "Runtime"}, z...))},
					{`{"strip":["python"]}`, verbs([]string{"strip", "--python"})},
					{"{" + bounds + `,"target":1000000}`, verbs(plain[:5:5], append([]string{"downsample", "--target-size", "1MB"}, z...))},
				} {
					if got := o.cut(c.body); got != c.want {
						t.Errorf("%s: %d bytes, not the %d that the verbs write", c.body, len(got), len(c.want))
					}
				}
				if data, _ := os.ReadFile(path); name != "t.json.zst" && o.cut("{}") != string(data) {
					t.Error("the whole trace is not handed over as it is")
				}
				if code := o.end(); code != exitDone {
					t.Errorf("it ends with %d\n%s", code, o.stderr)
				}
				_, err := os.Stat(path + indexSuffix)
				if (err == nil) != (way == "file") {
					t.Errorf("an index is kept: %v", err)
				}
			})
		}
	}
}

// What a small piece will have is counted before it is cut, where that takes no reading of all.
func TestOpenCountsPieces(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"t.json.gz", "t.json.zst"} {
		o := opening(t, nil, openTrace(t, dir, name))
		var page struct{ Zero string }
		o.data(&page)
		for _, more := range []string{"", `,"strip":["python"]`, `,"cats":["Runtime"]`} {
			cut := fmt.Sprintf(`{"from":%q%s}`, page.Zero, more)
			status, text := o.ask("POST", "/api/count", cut)
			if strings.HasSuffix(name, ".zst") {
				if status != http.StatusConflict {
					t.Errorf("%s: to count %s is answered with %d: %s", name, cut, status, text)
				}
				continue
			}
			piece := filepath.Join(dir, "piece.json.gz")
			if err := os.WriteFile(piece, []byte(o.cut(cut)), 0o666); err != nil {
				t.Fatal(err)
			}
			var is struct{ Events, Bytes int64 }
			if err := json.Unmarshal([]byte(joined(t, nil, []string{"info", "--json", piece})), &is); err != nil {
				t.Fatal(err)
			}
			if want := fmt.Sprintf(`{"events":%d,"bytes":%d}`, is.Events, is.Bytes); status != http.StatusOK || text != want {
				t.Errorf("%s: %s is counted as %d %s, want %s", name, cut, status, text, want)
			}
		}
		o.end()
	}
}

// Flags that say what events are, and how much may be remembered, hold for pieces too.
func TestOpenPassesFlagsOn(t *testing.T) {
	path := openTrace(t, t.TempDir(), "t.json")
	given := []string{"--hardware-is", `cat == "cpu_op"`, "--python-is", `name contains "forward"`, "--max-memory", "1GB"}
	o := opening(t, nil, append([]string{path}, given...)...)
	var page struct{ Flags map[string][]string }
	o.data(&page)
	for _, verb := range []string{"slice", "strip", "downsample"} {
		cmptest.Same(t, "flags of "+verb, given, page.Flags[verb])
	}
	want := joined(t, nil, append([]string{"strip", "--python", "--hardware", "-z", "gzip", path}, given...))
	if got := o.cut(`{"strip":["python","hardware"]}`); got != want {
		t.Errorf("%d bytes, not the %d that the verb writes", len(got), len(want))
	}
	o.end()
	var out, said bytes.Buffer
	if code := run(t.Context(), []string{"tracekit", "open", "--no-browser", "--python-is", "name ==", path}, nil, &out, &said); code != exitUsage {
		t.Errorf("status %d\n%s", code, &said)
	}
}

// Flags that say how a piece is cut are what the page begins with, and hold at once with
// --perfetto.
func TestOpenCutsAsFlagsSay(t *testing.T) {
	path := openTrace(t, t.TempDir(), "t.json")
	o := opening(t, nil, "--strip", "counters,python", "--device", "launched", "--boundary", "keep", path)
	var page struct {
		Zero     string
		Strip    []string
		Launched bool
		Flags    map[string][]string
	}
	o.data(&page)
	cmptest.Same(t, "kinds", []string{"python", "counters"}, page.Strip)
	cmptest.Same(t, "flags", map[string][]string{"slice": {"--boundary", "keep"}}, page.Flags)
	if !page.Launched {
		t.Error("launches are not followed at first")
	}
	var zero int64
	fmt.Sscan(page.Zero, &zero)
	bounds := fmt.Sprintf(`{"from":"%d","to":"%d"}`, zero+1e6, zero+3e6)
	at := func(ns int64) string { return fmt.Sprintf("@%d.%03d", ns/1000, ns%1000) }
	if got, want := o.cut(bounds), joined(t, nil, []string{"slice", "--from", at(zero + 1e6), "--to", at(zero + 3e6), "--boundary", "keep", "-z", "gzip", path}); got != want {
		t.Errorf("a piece of the page has %d bytes, want %d", len(got), len(want))
	}
	o.end()
	for _, c := range []struct {
		args []string
		want [][]string
	}{
		{[]string{"--strip", "hardware"}, [][]string{{"strip", "--hardware", "-z", "gzip", path}}},
		{[]string{"--step", "5", "--device", "launched", "--boundary", "drop"}, [][]string{{"slice", "--step", "5", "--device", "launched", "--boundary", "drop", "-z", "gzip", path}}},
		{[]string{"--step", "5", "--strip", "python,flows"}, [][]string{{"slice", "--step", "5", path}, {"strip", "--python", "--flows", "-z", "gzip"}}},
	} {
		o := opening(t, nil, append(append([]string{"--perfetto"}, c.args...), path)...)
		if got, want := o.cut("{}"), joined(t, nil, c.want...); got != want {
			t.Errorf("--perfetto %q hands over %d bytes, want %d", c.args, len(got), len(want))
		}
		o.end()
	}
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--strip", "kernels"}, "the kinds are"},
		{[]string{"--device", "mine"}, "time or launched"},
		{[]string{"--boundary", "cut"}, "clip, keep or drop"},
		{[]string{"--perfetto", "--device", "launched"}, "goes with a range"},
	} {
		var out, said bytes.Buffer
		code := run(t.Context(), append([]string{"tracekit", "open", "--no-browser", path}, c.args...), nil, &out, &said)
		if code != exitUsage || !strings.Contains(said.String(), c.says) {
			t.Errorf("%q: status %d\n%s", c.args, code, &said)
		}
	}
}

// A file that is another by now is not cut, and one that is none ends the server.
func TestOpenKnowsItsFile(t *testing.T) {
	path := openTrace(t, t.TempDir(), "t.json")
	o := opening(t, nil, path)
	var page struct{ Name string }
	if o.data(&page); page.Name != path {
		t.Errorf("the page is of %q", page.Name)
	}
	data, _ := os.ReadFile(path)
	os.WriteFile(path, bytes.Replace(data, []byte("MME"), []byte("MMX"), 1), 0o666)
	os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour))
	if status, text := o.ask("POST", "/api/cut", `{"from":"0"}`); status != http.StatusUnprocessableEntity || !strings.Contains(text, "another file") {
		t.Errorf("a cut of another file is answered with %d: %s", status, text)
	}
	o.end()
	os.WriteFile(path, []byte(`{"a":1}`), 0o666)
	var out, said bytes.Buffer
	if code := run(t.Context(), []string{"tracekit", "open", "--no-browser", path}, nil, &out, &said); code != exitFailed || !strings.Contains(said.String(), "traceEvents") {
		t.Errorf("status %d\n%s", code, &said)
	}
}

// A range that is asked for is marked, and cut at once with --perfetto.
func TestOpenARange(t *testing.T) {
	path := openTrace(t, t.TempDir(), "t.json")
	var whole struct {
		Bands    [][]int64
		Requests []struct {
			S, D int64
			L    string
		}
	}
	o := opening(t, nil, path)
	o.data(&whole)
	o.end()
	r := whole.Requests[3]
	for _, c := range []struct {
		args []string
		from int64
		to   int64
	}{
		{[]string{"--step", "5"}, whole.Bands[5][0], whole.Bands[6][0]},
		{[]string{"--from", "1ms", "--for", "2ms"}, 1e6, 3e6},
		{[]string{"--request", r.L}, r.S, r.S + r.D},
	} {
		o := opening(t, nil, append(c.args, path)...)
		var page struct{ Asked struct{ S, D int64 } }
		if o.data(&page); page.Asked.S != c.from || page.Asked.S+page.Asked.D != c.to {
			t.Errorf("%q marks %d to %d, want %d to %d", c.args, page.Asked.S, page.Asked.S+page.Asked.D, c.from, c.to)
		}
		o.end()
		o = opening(t, nil, append([]string{"--perfetto", path}, c.args...)...)
		if got, want := o.cut("{}"), joined(t, nil, append(append([]string{"slice", "-z", "gzip"}, c.args...), path)); got != want {
			t.Errorf("--perfetto %q hands over %d bytes, want %d", c.args, len(got), len(want))
		}
		o.end()
	}
	for _, args := range [][]string{{"--step", "99999"}, {"--step", "1", "--from", "1s"}, {"--ui", "perfetto"}, {"--listen", "9"}, {"--listen", "127.0.0.1:9001"}} {
		var out, said bytes.Buffer
		code := run(t.Context(), append([]string{"tracekit", "open", "--perfetto", "--no-browser", path}, args...), nil, &out, &said)
		if code != exitFailed && code != exitUsage || !strings.Contains(said.String(), "hint: ") || out.Len() > 0 {
			t.Errorf("%q: status %d\n%s%s", args, code, &out, &said)
		}
	}
}

// Over ssh the line that forwards the port is printed.
func TestForwarding(t *testing.T) {
	for _, c := range []struct{ connection, want string }{
		{"10.1.2.3 51000 10.9.8.7 22", "ssh -N -L 8080:127.0.0.1:8080 "},
		{"fe80::1 51000 fe80::2 2222", "ssh -N -p 2222 -L 8080:127.0.0.1:8080 "},
		{"", "ssh -N -L 8080:127.0.0.1:8080 "},
	} {
		if got := forwarding(c.connection, "8080"); !strings.HasPrefix(got, c.want) {
			t.Errorf("%q: %q, want %q…", c.connection, got, c.want)
		}
	}
	if got := forwarding("1.1.1.1 1 10.9.8.7 22", "1"); !strings.HasSuffix(got, "10.9.8.7") {
		t.Errorf("%q does not lead to the machine that was reached", got)
	}
}
