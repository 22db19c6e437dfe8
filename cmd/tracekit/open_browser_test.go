package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tracekit/internal/testkit/browser"
	"tracekit/internal/testkit/tracegen"
)

const (
	readAll = "document.getElementById('progress')?.hidden === true && document.documentElement.dataset.ready === 'true'"
	heardOf = "typeof got !== 'undefined' && got !== null"
)

// gotten is what the viewer has got.
type gotten struct {
	Size                 int64
	Sum, Title, FileName string
	Origin, Mode         string
	Start, End           string   // of the range in view, ns
	Pins, Blocked        []string // commands by the address
	LocalOnly            bool
}

// shellPiece runs the command that the page shows in a shell, and gives the sum of what it
// writes.
func shellPiece(b *browser.Page, dir string) (sum string, size int64) {
	b.T.Helper()
	command := b.Text("command")
	sh := exec.Command("sh", "-c", command)
	sh.Dir = dir
	if out, err := sh.CombinedOutput(); err != nil {
		b.T.Fatalf("%s: %v\n%s", command, err, out)
	}
	return sumOf(b.T, filepath.Join(dir, "t.slice.json.gz"))
}

func sumOf(t *testing.T, path string) (sum string, size int64) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := sha256.Sum256(data)
	return hex.EncodeToString(all[:]), int64(len(data))
}

// TestOpenInABrowser uses open as a person does: what the viewer, a page of another origin, gets
// is what the command beside makes in a shell. With PICTURES=DIR it leaves pictures there.
func TestOpenInABrowser(t *testing.T) {
	b := browser.Open(t)
	viewer := browser.Viewer(t)
	dir := t.TempDir()
	path := openTrace(t, dir, "t.json")
	o := opening(t, nil, "--ui", viewer.URL, "--hardware-is", `name == "it's"`, path)

	t.Run("token", func(t *testing.T) { b.T = t; testToken(b, o) })
	t.Run("open", func(t *testing.T) { b.T = t; testOpen(b, viewer.URL, dir) })
	t.Run("again", func(t *testing.T) { b.T = t; testAgain(b, viewer.URL) })
	t.Run("blocked", func(t *testing.T) { b.T = t; testBlocked(b, viewer.URL, dir) })
	t.Run("inside", func(t *testing.T) { b.T = t; testInside(b, viewer.URL) })
	t.Run("search", func(t *testing.T) { b.T = t; testSearch(b) })
	t.Run("detail", func(t *testing.T) { b.T = t; testDetail(b) })
	t.Run("sizes", func(t *testing.T) { b.T = t; testSizes(b) })
	t.Run("preset", func(t *testing.T) { b.T = t; testPreset(b, viewer.URL, dir, path) })
	t.Run("straight", func(t *testing.T) { b.T = t; testStraight(b, viewer.URL, path) })
	t.Run("untrusted", func(t *testing.T) { b.T = t; testUntrusted(b, viewer.URL, path) })
	t.Run("gone", func(t *testing.T) { b.T = t; testGone(b, path) })
	t.Run("large", func(t *testing.T) {
		if !*full {
			t.Skip("2.2 GB go through the browser with -full")
		}
		b.T = t
		testLarge(b, viewer.URL, dir)
	})
}

// testLarge has the viewer fetch what is too large to be handed over.
func testLarge(b *browser.Page, viewer, dir string) {
	path := filepath.Join(dir, "large.json")
	f, err := os.Create(path)
	if err != nil {
		b.T.Fatal(err)
	}
	if _, err = tracegen.Generate(f, tracegen.Config{Hardware: true, Python: true, TargetBytes: 2_200_000_000}); err != nil {
		b.T.Fatal(err)
	}
	if _, err = f.Seek(0, io.SeekStart); err != nil {
		b.T.Fatal(err)
	}
	all, size := sha256.New(), int64(0)
	for {
		part := sha256.New()
		n, err := io.CopyN(part, f, 32<<20)
		if size += n; n > 0 {
			all.Write(part.Sum(nil))
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			b.T.Fatal(err)
		}
	}
	f.Close()
	o := opening(b.T, nil, "--perfetto", "--ui", viewer, path)
	b.Go(o.Address+"#"+o.Token, heardOf)
	var g gotten
	b.Eval("got", &g)
	if want := hex.EncodeToString(all.Sum(nil)); g.Size != size || g.Sum != want || g.Title != "large.json" {
		b.T.Errorf("the viewer has got %+v, want %d bytes, %s", g, size, want)
	}
	o.end()
	if !strings.Contains(o.stderr.String(), "let it reach the local network") {
		b.T.Errorf("it says\n%s", o.stderr)
	}
}

// testToken looks for the token where it should not be.
func testToken(b *browser.Page, o *running) {
	b.Go(o.Address+"#wrong", "document.documentElement?.dataset.failed === 'true'")
	if said := b.Text("said"); !strings.Contains(said, "token") {
		b.T.Errorf("with a wrong token the page says %q", said)
	}
	b.Go(o.Address+"?#"+o.Token, readAll)
	var address, stored string
	b.Eval("location.href", &address)
	b.Eval("sessionStorage.getItem('tracekit')", &stored)
	if strings.Contains(address, o.Token) || stored != o.Token {
		b.T.Errorf("the address is %s, and %q is stored", address, stored)
	}
	b.Go(address, readAll) // again, in the same tab
}

// received is what the viewer got in a window, which is closed then.
func received(b *browser.Page, viewer string) (g gotten) {
	b.T.Helper()
	w := b.Other(viewer)
	w.Until(heardOf)
	w.Eval("got", &g)
	w.Call("Page.close", nil, nil)
	return g
}

// testOpen marks a range with the mouse, ticks "no Python", and opens it.
func testOpen(b *browser.Page, viewer, dir string) {
	b.Click("python")
	r := b.Chart()
	b.Drag(.25, .5, r[1]+r[3]*.6)
	var before struct{ Events, Bytes string }
	b.Eval(`({...document.getElementById('estimate').dataset})`, &before)
	b.Until("document.getElementById('estimate').dataset.counted === 'true'")
	var count struct{ Events, Bytes string }
	b.Eval(`({...document.getElementById('estimate').dataset})`, &count)
	b.Click("perfetto")
	g := received(b, viewer)
	sum, size := shellPiece(b, dir)
	if g.Sum != sum || g.Size != size {
		b.T.Errorf("the viewer has got %d bytes (%s), the command writes %d (%s)", g.Size, g.Sum, size, sum)
	}
	if !strings.HasPrefix(b.Text("command"), "tracekit slice --from @") || !strings.Contains(b.Text("command"), "| tracekit strip --python --hardware-is") {
		b.T.Errorf("the command is %s", b.Text("command"))
	}
	var from, to string
	b.Eval(`document.getElementById('command').textContent.match(/--from @([\d.]+)/)[1].replace('.', '')`, &from)
	b.Eval(`document.getElementById('command').textContent.match(/--to @([\d.]+)/)[1].replace('.', '')`, &to)
	testView(b.T, g, from, to, filepath.Join(dir, "t.slice.json.gz"))
	if !strings.HasPrefix(g.Title, "t.json ") || strings.Contains(g.Title, "  ") || g.FileName != "t.slice.json.gz" || !strings.HasPrefix(g.Origin, "http://127.0.0.1:") || !g.LocalOnly {
		b.T.Errorf("the viewer has got %+v", g)
	}
	counted := events(b.T, filepath.Join(dir, "t.slice.json.gz"))
	var estimated float64
	fmt.Sscan(before.Events, &estimated)
	if off := estimated/counted - 1; off > .15 || off < -.15 {
		b.T.Errorf("%v events were estimated, there are %v", estimated, counted)
	}
	if count.Events != fmt.Sprint(counted) || strings.Contains(b.Text("estimate"), "about") {
		b.T.Errorf("%s events were counted, there are %v: %s", count.Events, counted, b.Text("estimate"))
	}
}

// testView looks at what a viewer shows of a piece at first: the range, which it ignores unless
// the piece has all of it, and threads that are there.
func testView(t *testing.T, g gotten, from, to, piece string) {
	t.Helper()
	var start, end, lo, hi int64
	fmt.Sscan(g.Start, &start)
	fmt.Sscan(g.End, &end)
	fmt.Sscan(from, &lo)
	fmt.Sscan(to, &hi)
	if start < lo || start > lo+1000 || end > hi || end < hi-1000 {
		t.Errorf("the viewer shows %s to %s of %s to %s", g.Start, g.End, from, to)
	}
	text := joined(t, nil, []string{"slice", "-q", "-z", "none", "--from", "0%", piece})
	var threads struct {
		TraceEvents []struct {
			Name string
			Tid  any
			Args struct{ Name string }
		}
	}
	if err := json.Unmarshal([]byte(text), &threads); err != nil {
		t.Fatal(err)
	}
	if len(g.Pins) == 0 || len(g.Blocked) > 0 {
		t.Errorf("pinned are %q; refused is %q", g.Pins, g.Blocked)
	}
	for _, pin := range g.Pins {
		is := false
		for _, e := range threads.TraceEvents {
			is = is || e.Name == "thread_name" && regexp.MustCompile(pin).MatchString(fmt.Sprint(e.Args.Name, " ", e.Tid))
		}
		if !is {
			t.Errorf("%q is no thread of the piece", pin)
		}
	}
}

// events counts the events of a trace.
func events(t *testing.T, path string) float64 {
	t.Helper()
	var i struct{ Events float64 }
	if err := json.Unmarshal([]byte(joined(t, nil, []string{"info", "--json", path})), &i); err != nil {
		t.Fatal(err)
	}
	return i.Events
}

// testAgain opens the same piece once more: it is fetched again, not cut again, and is shown on
// the chart.
func testAgain(b *browser.Page, viewer string) {
	b.Click("perfetto")
	if g := received(b, viewer); g.Size == 0 {
		b.T.Errorf("the viewer has got %+v", g)
	}
	b.Go(strings.SplitN(address(b), "#", 2)[0], readAll)
	r := b.Chart()
	b.Drag(.1, .2, r[1]+r[3]*.6)
	b.Eval(`document.getElementById('time').focus()`, nil)
	b.Key("n", false)
	b.Key("Enter", false)
	if g := received(b, viewer); g.Size == 0 || !strings.Contains(b.Text("command"), "tracekit slice") {
		b.T.Errorf("Enter hands over %+v", g)
	}
}

func address(b *browser.Page) (a string) {
	b.Eval("location.href", &a)
	return a
}

// testBlocked opens without a click, which the browser refuses: a button is left.
func testBlocked(b *browser.Page, viewer, dir string) {
	b.Eval(`(() => { const open = window.open; window.open = () => { window.open = open; return null; }; document.getElementById('perfetto').click(); })()`, nil)
	b.Until("!document.getElementById('second').hidden")
	b.Click("window")
	g := received(b, viewer)
	if sum, _ := shellPiece(b, dir); g.Sum != sum {
		b.T.Errorf("the viewer has got %s, the command writes %s", g.Sum, sum)
	}
}

// testInside shows the viewer within the page.
func testInside(b *browser.Page, viewer string) {
	var before int
	b.Eval("Number(document.documentElement.dataset.handed)", &before)
	b.Eval(`document.getElementById('inside').click()`, nil)
	b.Until(fmt.Sprintf("Number(document.documentElement.dataset.handed) === %d && !document.getElementById('frame').hidden", before+1))
	b.Click("close")
	b.Until("document.getElementById('frame').hidden")
	b.Eval(`(() => { document.getElementById('inside').click(); document.getElementById('close').click(); })()`, nil)
	b.Until("document.getElementById('said').textContent === 'cancelled'")
}

func testSearch(b *browser.Page) {
	b.Eval(`(() => { document.getElementById('clear').click(); document.getElementById('query').value = 'MEMCPY'; document.getElementById('search').requestSubmit(); })()`, nil)
	b.Until("document.querySelectorAll('#hits button').length > 0 && !document.getElementById('hitcount').textContent.includes('searched')")
	b.Eval(`document.querySelector('#hits button').click()`, nil)
	if text := b.Text("command"); !strings.HasPrefix(text, "tracekit slice --from @") {
		b.T.Errorf("a hit chooses %q", text)
	}
}

// testDetail zooms in until the bins of the page are too wide.
func testDetail(b *browser.Page) {
	b.Eval(`document.getElementById('time').focus()`, nil)
	b.Key("z", false)
	b.Until("document.documentElement.dataset.detail === 'true'")
	b.Key("0", false)
}

// sticksOut are elements that reach beyond the page, or hold more than they show.
const sticksOut = `[...document.body.querySelectorAll('*')].filter(e => {
  const r = e.getBoundingClientRect();
  if (!r.width || e.closest('.table, .u-wrap, iframe, [hidden]')) return false;
  return r.left < -1 || r.right > innerWidth + 1 || e.matches('button, select, p, h1, h2, h3, code, output, label') && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline';
}).map(e => e.tagName + '#' + e.id + ' ' + e.textContent.slice(0, 40))`

// testSizes shows a marked range on a phone, a laptop and a wall.
func testSizes(b *browser.Page) {
	b.Eval(`document.getElementById('python').checked || document.getElementById('python').click()`, nil)
	r := b.Chart()
	b.Drag(.42, .47, r[1]+r[3]*.6)
	for _, size := range []struct {
		width, height int
		ratio         float64
	}{{400, 1700, 2}, {1280, 900, 1}, {3840, 2160, 1}} {
		b.Size(size.width, size.height, size.ratio)
		b.Until("Math.abs(document.querySelector('#time .uplot').clientWidth - document.getElementById('charts').clientWidth) <= 1")
		for _, scheme := range []string{"light", "dark"} {
			dir := os.Getenv("PICTURES")
			if dir == "" {
				break
			}
			path := filepath.Join(dir, fmt.Sprintf("open-%dx%d-%s.png", size.width, size.height, scheme))
			if err := os.WriteFile(path, b.Picture(scheme), 0o666); err != nil {
				b.T.Fatal(err)
			}
		}
		var out []string
		if b.Eval(sticksOut, &out); len(out) > 0 {
			b.T.Errorf("at %d × %d, %q stick out", size.width, size.height, out)
		}
	}
	b.Call("Emulation.clearDeviceMetricsOverride", nil, nil)
	b.Until("Math.abs(document.querySelector('#time .uplot').clientWidth - document.getElementById('charts').clientWidth) <= 1")
}

// testPreset begins with what flags say: boxes that are ticked, of which some are there for that.
func testPreset(b *browser.Page, viewer, dir, path string) {
	o := opening(b.T, nil, "--ui", viewer, "--step", "4", "--strip", "instants,python,counters", "--device", "launched", "--boundary", "keep", path)
	b.Go(o.Address+"#"+o.Token, readAll)
	text := b.Text("command")
	for _, want := range []string{" --device launched", " --boundary keep", "strip --python "} {
		if !strings.Contains(text, want) {
			b.T.Errorf("%q has no %q", text, want)
		}
	}
	if !strings.Contains(text, " --instants") || !strings.Contains(text, " --counters") || strings.Contains(text, "--hardware") {
		b.T.Errorf("the command is %q", text)
	}
	b.Click("perfetto")
	g := received(b, viewer)
	if sum, _ := shellPiece(b, dir); g.Sum != sum {
		b.T.Errorf("the viewer has got %s, the command writes %s", g.Sum, sum)
	}
	b.Click("instants")
	if text := b.Text("command"); strings.Contains(text, "--instants") {
		b.T.Errorf("with its box empty, the command is %q", text)
	}
	o.end()
}

// testStraight hands a step over without an overview.
func testStraight(b *browser.Page, viewer, path string) {
	o := opening(b.T, nil, "--perfetto", "--step", "4", "--ui", viewer, path)
	b.Go(o.Address+"#"+o.Token, "document.getElementById('said')?.textContent.startsWith('handed') === true")
	b.Click("apart")
	g := received(b, viewer)
	want := sha256.Sum256([]byte(joined(b.T, nil, []string{"slice", "--step", "4", "-z", "gzip", path})))
	if g.Sum != hex.EncodeToString(want[:]) || g.Title != "t.json --step 4" || g.Mode != "" {
		b.T.Errorf("the viewer has got %+v, want %x", g, want)
	}
	o.end()
}

// testUntrusted opens from a page whose address the viewer does not trust by itself: it asks its
// user, and the page says so.
func testUntrusted(b *browser.Page, viewer, path string) {
	o := opening(b.T, nil, "--listen", "127.0.0.2:0", "--ui", viewer, path)
	b.Go(o.Address+"#"+o.Token, readAll)
	b.Click("perfetto")
	w := b.Other(viewer)
	w.Until("typeof asked !== 'undefined' && asked !== null")
	b.Until("document.getElementById('said').textContent.includes('asks there')")
	w.Eval("answer(true)", nil)
	w.Until(heardOf)
	var g gotten
	w.Eval("got", &g)
	w.Call("Page.close", nil, nil)
	if g.Size == 0 || !strings.HasPrefix(g.Origin, "http://127.0.0.2:") {
		b.T.Errorf("the viewer has got %+v", g)
	}
	o.end()
}

// testGone opens a viewer that is out of reach, and then loses the server. The page's clock is put
// forward.
func testGone(b *browser.Page, path string) {
	dead := "http://127.0.0.1:1"
	o := opening(b.T, nil, "--ui", dead, path)
	b.Go(o.Address+"#"+o.Token, readAll)
	b.Eval(`(() => { window.later = 0; const now = Date.now; Date.now = () => now() + later; })()`, nil)
	b.Click("perfetto")
	window := b.Other(dead)
	b.Eval("later = 2000", nil)
	b.Until("/^[\\d.]+ .B$/.test(document.getElementById('said').textContent)") // the piece is there
	if said := b.Text("said"); strings.Contains(said, "answer") {
		b.T.Errorf("after 2 s the page says %q", said)
	}
	b.Eval("later = 3000", nil)
	b.Until("document.getElementById('said').textContent.includes('has not answered for 3 s')")
	b.Eval("later = 30000", nil)
	b.Until("document.getElementById('said').textContent.includes('has not answered for 30 s: download')")
	window.Call("Page.close", nil, nil)
	b.Click("download")
	b.Until("document.getElementById('said').textContent.length > 0")
	o.end()
	b.Eval(`(() => { document.getElementById('query').value = 'x'; document.getElementById('search').requestSubmit(); })()`, nil)
	b.Until("document.getElementById('hitcount').textContent.includes('does not answer any more')")
	if _, err := http.Get(o.Address); err == nil {
		b.T.Error("the server is still there")
	}
}
