package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tracekit/internal/testkit/browser"
	"tracekit/internal/testkit/opened"
	"tracekit/internal/testkit/tracegen"
)

// TestOpenFigures measures open on a large trace, with a program and a browser of their own:
//
//	TRACE=big.json.gz go test ./cmd/tracekit -run TestOpenFigures -v
//
// What the viewer gets is compared with what the command writes, too.
func TestOpenFigures(t *testing.T) {
	path := os.Getenv("TRACE")
	if path == "" {
		t.Skip("measures the trace that TRACE names")
	}
	b := browser.Open(t)
	viewer := browser.Viewer(t)
	f := figures{t: t, Page: b, viewer: viewer.URL, bin: filepath.Join(t.TempDir(), "tracekit")}
	if out, err := exec.Command("go", "build", "-o", f.bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f.start(path)
	f.paint()
	f.pieces(path)
	f.searches()
	f.many()
}

// figures are what is measured.
type figures struct {
	*browser.Page
	t       *testing.T
	viewer  string
	bin     string
	server  opened.Server
	process int
	began   time.Time
}

func (f *figures) say(what string, since time.Time) {
	f.t.Logf("%-60s %6.2f s, %4d MB of memory, %d MB at most", what, time.Since(since).Seconds(), f.memory("VmRSS"), f.memory("VmHWM"))
}

// memory is that of the server in MB, 0 where the system does not say.
func (f *figures) memory(of string) (mb int64) {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", f.process))
	_, rest, _ := strings.Cut(string(status), of+":")
	fmt.Sscan(rest, &mb)
	return mb >> 10
}

func (f *figures) start(path string) {
	f.began = time.Now()
	cmd := exec.Command(f.bin, "open", "--no-browser", "--ui", f.viewer, path)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		f.t.Fatal(err)
	}
	f.process = cmd.Process.Pid
	f.t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		f.t.Fatal(err)
	}
	f.server = opened.At(line)
	f.say("address printed", f.began)
}

func (f *figures) paint() {
	opened := time.Now()
	f.Go(f.server.Address+"#"+f.server.Token, "document.documentElement?.dataset.ready === 'true'")
	f.say("first chart, from the start of the program", f.began)
	f.say("first chart, from the opening of its address", opened)
	for start := time.Now(); time.Since(start) < 3*time.Minute; time.Sleep(100 * time.Millisecond) {
		var ended bool
		if f.Eval("document.getElementById('progress').hidden === true", &ended); ended {
			break
		}
	}
	f.say("all read, its index made and drawn", f.began)
}

// pieces opens 2 % of the run, as it is and without Python, and a step.
func (f *figures) pieces(path string) {
	dir := f.t.TempDir()
	for _, python := range []bool{true, false} {
		r := f.Chart()
		f.Drag(.50, .52, r[1]+r[3]*.6)
		if !python {
			f.Click("python")
		}
		f.handOver(fmt.Sprintf("2 %% of the run, Python %v: from the click to the viewer", python), path, dir)
	}
	f.Eval(`document.querySelector('#list button').click()`, nil)
	f.handOver("a step without Python: from the click to the viewer", path, dir)
}

func (f *figures) handOver(what, path, dir string) {
	var estimate struct{ Events, Bytes string }
	f.Eval(`({...document.getElementById('estimate').dataset})`, &estimate)
	start := time.Now()
	f.Click("perfetto")
	g := received(f.Page, f.viewer)
	f.say(fmt.Sprintf("%s (%d kB packed)", what, g.Size/1000), start)
	script := "#!/bin/sh\nexec " + f.bin + ` "$@"` + "\n"
	os.WriteFile(filepath.Join(dir, "tracekit"), []byte(script), 0o777)
	sh := exec.Command("sh", "-c", f.Text("command"))
	sh.Dir, sh.Env = dir, append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
	if out, err := sh.CombinedOutput(); err != nil {
		f.t.Fatalf("%v\n%s", err, out)
	}
	made, err := filepath.Glob(filepath.Join(dir, "*.slice.json.gz"))
	if err != nil || len(made) != 1 {
		f.t.Fatalf("%v, %q", err, made)
	}
	sum, size := sumOf(f.t, made[0])
	if sum != g.Sum {
		f.t.Errorf("the viewer has got %d bytes, the command writes %d others", g.Size, size)
	}
	var info struct{ Events, Bytes int64 }
	text, err := exec.Command(f.bin, "info", "--json", made[0]).Output()
	if err == nil {
		err = json.Unmarshal(text, &info)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Logf("  estimated %s events, %s bytes; there are %d, %d", estimate.Events, estimate.Bytes, info.Events, info.Bytes)
	os.Remove(made[0])
}

func (f *figures) searches() {
	for _, q := range []string{"memcpy", "forward", "execute", "no such name"} {
		start := time.Now()
		status, text, err := f.server.Ask(f.t.Context(), "GET", "/api/search?q="+strings.ReplaceAll(q, " ", "+"), "")
		if err != nil || status != 200 {
			f.t.Fatal(status, err)
		}
		lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
		var last struct{ Count int64 }
		json.Unmarshal(lines[len(lines)-1], &last)
		f.say(fmt.Sprintf("search of %q: %d", q, last.Count), start)
	}
}

// many cuts 200 pieces.
func (f *figures) many() {
	text, err := f.server.Page(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	var page struct {
		Zero   int64 `json:",string"`
		Length int64
	}
	if err := json.Unmarshal(text, &page); err != nil {
		f.t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	began := time.Now()
	var took []time.Duration
	for len(took) < 200 && time.Since(began) < 3*time.Minute {
		from := page.Zero + rnd.Int64N(page.Length/100*98)
		start := time.Now()
		if _, err := f.server.Cut(f.t.Context(), fmt.Sprintf(`{"from":"%d","to":"%d","strip":["python"]}`, from, from+page.Length/50)); err != nil {
			f.t.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	f.say(fmt.Sprintf("%d pieces of 2 %% without Python, median %v, longest %v", len(took), took[len(took)/2].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond)), began)
}

// TestOpenPictures makes the pictures of docs/open.md:
//
//	PAGES=docs/pictures go test ./cmd/tracekit -run TestOpenPictures
func TestOpenPictures(t *testing.T) {
	pages := os.Getenv("PAGES")
	if pages == "" {
		t.Skip("writes pictures into the folder that PAGES names")
	}
	b := browser.Open(t)
	t.Chdir(t.TempDir())
	var text bytes.Buffer
	if _, err := tracegen.Generate(&text, tracegen.Config{Hardware: true, Python: true, TargetBytes: 80_000_000}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("run.json", text.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	if code := run(t.Context(), []string{"tracekit", "strip", "-q", "--cat", "none", "-o", "run.json.gz", "run.json"}, nil, io.Discard, os.Stderr); code != exitDone {
		t.Fatal(code)
	}
	o := opening(t, nil, "run.json.gz")
	b.Size(1280, 860, 1)
	b.Go(o.Address+"#"+o.Token, readAll)
	b.Eval(`(() => { document.getElementById('query').value = 'paged_attention'; document.getElementById('search').requestSubmit(); })()`, nil)
	b.Until("document.querySelectorAll('#hits button').length > 0 && !document.getElementById('hitcount').textContent.includes('searched')")
	r := b.Chart()
	b.Drag(.06, .12, r[1]+r[3]*.6)
	b.Until("document.getElementById('estimate').dataset.counted === 'true'")
	b.Click("download")
	b.Until(`/[kM]B/.test(document.getElementById('said').textContent)`)
	b.Drag(.40, .52, r[1]+r[3]*.6)
	b.Click("python")
	b.Until("document.getElementById('estimate').dataset.counted === 'true'")
	save := func(name, scheme string) {
		if err := os.WriteFile(filepath.Join(pages, name), b.Picture(scheme), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	save("open-page.png", "light")
	b.Size(400, 1000, 1)
	b.Until("Math.abs(document.querySelector('#time .uplot').clientWidth - document.getElementById('charts').clientWidth) <= 1")
	save("open-narrow.png", "dark")
}
