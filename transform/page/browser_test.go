package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	_ "image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tracekit/internal/testkit/browser"
	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/tracegen"
	"tracekit/trace"
)

// TestInABrowser uses the page as a person does: it drags over a range, reads
// the command, runs it, and compares what that range has with what the page said.
// With PICTURES=DIR it leaves pictures there, to be looked at.
func TestInABrowser(t *testing.T) {
	b := browser.Open(t)
	dir := t.TempDir()
	data, truth := tracegen.Text(t, tracegen.Config{Steps: 120, Hardware: true, Python: true, Layers: 4})
	const name = "it's a run.json"
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
		t.Fatal(err)
	}
	page := writePage(t, dir, name, data)
	b.Go("file://"+page, drawn)
	t.Run("drag", func(t *testing.T) { b.T = t; testDrag(b, dir, data) })
	t.Run("steps", func(t *testing.T) { b.T = t; testSteps(b, &truth) })
	t.Run("keys", func(t *testing.T) { b.T = t; testKeys(b) })
	t.Run("fields", func(t *testing.T) { b.T = t; testFields(b) })
	t.Run("pictures", func(t *testing.T) { b.T = t; testPictures(b) })
	t.Run("plain", func(t *testing.T) { b.T = t; testPlain(b, dir) })
	t.Run("alone", func(t *testing.T) { b.T = t; testAlone(b) })
}

// drawn is true once the page has drawn.
const drawn = "document.documentElement?.dataset.ready === 'true'"

func writePage(t *testing.T, dir, name string, data []byte) string {
	t.Helper()
	d := collect(t, data)
	d.Name = name
	path := filepath.Join(dir, "page.html")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := Write(f, d); err != nil {
		t.Fatal(err)
	}
	return path
}

var commandLine = regexp.MustCompile(`^tracekit slice --from @(\d+\.\d{3}) --to @(\d+\.\d{3}) -o `)

// bounds reads the range of the command that the page shows, in ns.
func bounds(b *browser.Page) (from, to trace.Time) {
	b.T.Helper()
	m := commandLine.FindStringSubmatch(b.Text("command"))
	if m == nil {
		b.T.Fatalf("the page shows %q", b.Text("command"))
	}
	from, _ = trace.ParseMicros([]byte(m[1]))
	to, _ = trace.ParseMicros([]byte(m[2]))
	return from, to
}

func testDrag(b *browser.Page, dir string, data []byte) {
	t := b.T
	r := b.Chart()
	b.Drag(.25, .5, r[1]+r[3]*.6)
	from, to := bounds(b)
	d := collect(t, data)
	length := float64(d.Last - d.Zero)
	for _, edge := range []struct {
		got  trace.Time
		want float64
	}{{from, .25}, {to, .5}} {
		if share := float64(edge.got-d.Zero) / length; share < edge.want-.01 || share > edge.want+.01 {
			t.Errorf("an edge is at %.3f of the run, want %.3f", share, edge.want)
		}
	}
	var said struct{ Events, Bytes string }
	b.Eval(`({...document.getElementById('estimate').dataset})`, &said)
	events, size := d.Slice(from, to)
	if said.Events != fmt.Sprint(events) || said.Bytes != fmt.Sprint(size) {
		t.Errorf("the page estimates %s events and %s bytes, want %d and %d", said.Events, said.Bytes, events, size)
	}
	b.Eval("document.getElementById('copy').click()", nil)
	b.Until("document.getElementById('copied').textContent === 'copied'")
	runCommand(t, dir, b.Text("command"), from, to)
	gotEvents, gotSize := sliced(t, data, from, to)
	if off(events, gotEvents) > .1 || off(size, gotSize) > .1 {
		t.Errorf("the command gives %d events and %d bytes, the page says %d and %d", gotEvents, gotSize, events, size)
	}
}

// runCommand runs what the page shows in a shell, with a tracekit that prints its arguments.
func runCommand(t *testing.T, dir, command string, from, to trace.Time) {
	t.Helper()
	script := "#!/bin/sh\nprintf '%s\\n' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "tracekit"), []byte(script), 0o777); err != nil {
		t.Fatal(err)
	}
	sh := exec.Command("sh", "-c", command)
	sh.Dir = dir
	sh.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
	out, err := sh.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	at := func(t trace.Time) string { return "@" + string(trace.AppendMicros(nil, t)) }
	want := []string{"slice", "--from", at(from), "--to", at(to), "-o", "it's a run.slice.json.gz", "it's a run.json"}
	if d := cmptest.Diff(want, strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")); d != "" {
		t.Errorf("%s: the shell's words (- want, + got)\n%s", command, d)
	}
}

func testSteps(b *browser.Page, truth *tracegen.Truth) {
	b.Eval("document.getElementById('time').focus()", nil)
	b.Key("Escape", false)
	for i := range 3 {
		b.Key("n", false)
		from, to := bounds(b)
		if int64(from) != truth.Steps[i].StartNS || int64(to) != truth.Steps[i+1].StartNS {
			b.T.Errorf("step %d is from %d to %d, the page says %d to %d", i, truth.Steps[i].StartNS, truth.Steps[i+1].StartNS, from, to)
		}
	}
	b.Key("p", false)
	if from, _ := bounds(b); int64(from) != truth.Steps[1].StartNS {
		b.T.Errorf("the step before starts at %d, want %d", from, truth.Steps[1].StartNS)
	}
	r := b.Chart() // a click on a step chooses it
	s := &truth.Steps[60]
	share := float64((s.StartNS+s.EndNS)/2-truth.MinNS) / float64(truth.MaxNS-truth.MinNS)
	b.Mouse("mouseMoved", r[0]+share*r[2], r[1]+10)
	b.Mouse("mousePressed", r[0]+share*r[2], r[1]+10)
	b.Mouse("mouseReleased", r[0]+share*r[2], r[1]+10)
	if from, _ := bounds(b); int64(from) != s.StartNS {
		b.T.Errorf("the step clicked starts at %d, want %d", from, s.StartNS)
	}
}

func testKeys(b *browser.Page) {
	from, to := bounds(b)
	b.Key("ArrowRight", false)
	b.Key("ArrowRight", true)
	movedFrom, movedTo := bounds(b)
	if movedFrom <= from || movedTo-movedFrom <= to-from {
		b.T.Errorf("from %d..%d the keys lead to %d..%d", from, to, movedFrom, movedTo)
	}
	b.Key("z", false)
	b.Until("document.querySelector('#time .u-select').offsetWidth > .9 * document.querySelector('#time .u-over').offsetWidth")
	b.Key("0", false)
	b.Key("Escape", false)
	if text := b.Text("command"); !strings.HasPrefix(text, "Drag") {
		b.T.Errorf("Escape leaves %q", text)
	}
}

func testFields(b *browser.Page) {
	b.Eval(`for (const [id, v] of [['from', '1.5'], ['to', '2.000001']]) {
	  const e = document.getElementById(id); e.value = v;
	}
	document.getElementById('to').dispatchEvent(new Event('change'))`, nil)
	from, to := bounds(b)
	if to-from != 500_001 {
		b.T.Errorf("the fields give %d ns", to-from)
	}
}

func testPictures(b *browser.Page) {
	r := b.Chart()
	b.Drag(.3, .45, r[1]+r[3]*.6)
	var last []byte
	for _, scheme := range []string{"light", "dark"} {
		png := b.Picture(scheme)
		if dir := os.Getenv("PICTURES"); dir != "" {
			if err := os.WriteFile(filepath.Join(dir, scheme+".png"), png, 0o666); err != nil {
				b.T.Fatal(err)
			}
		}
		img, _, err := image.Decode(bytes.NewReader(png))
		if err != nil {
			b.T.Fatal(err)
		}
		red, green, blue, _ := img.At(2, img.Bounds().Dy()-3).RGBA()
		if light := red+green+blue > 3*0x8000; light != (scheme == "light") {
			b.T.Errorf("in %s the paper is %x %x %x", scheme, red, green, blue)
		}
		var width float64
		if b.Eval("document.querySelector('#time .u-select').offsetWidth", &width); width < .14*r[2] || width > .16*r[2] {
			b.T.Errorf("in %s the selection is %.0f wide, of %.0f", scheme, width, r[2])
		}
		colors := map[uint32]bool{}
		for x := int(r[0]); x < int(r[0]+r[2]); x++ {
			for y := int(r[1]); y < int(r[1]+r[3]); y += 3 {
				red, green, blue, _ := img.At(x, y).RGBA()
				colors[red>>8<<16|green>>8<<8|blue>>8] = true
			}
		}
		if len(colors) < 30 {
			b.T.Errorf("in %s the chart has %d colours only", scheme, len(colors))
		}
		if bytes.Equal(png, last) {
			b.T.Error("light and dark look the same")
		}
		last = png
	}
}

// testPlain opens pages of traces that have no steps, and next to nothing.
func testPlain(b *browser.Page, dir string) {
	for _, text := range []string{
		`[{"ph":"X","name":"x","pid":1,"tid":1,"ts":1,"dur":2}]`, `{"traceEvents":[]}`, `[{"ph":"i","name":"x","ts":5}]`,
	} {
		b.Go("file://"+writePage(b.T, dir, "plain.json", []byte(text)), drawn)
		if got := b.Text("markers"); got != "no markers of steps" {
			b.T.Errorf("%s: the page says %q of steps", text, got)
		}
	}
	r := b.Chart()
	b.Drag(.25, .5, r[1]+1)
	if text := b.Text("command"); text == "" {
		b.T.Error("there is no word on how to choose a range")
	}
}

// testAlone looks through what the browser did: it asked for nothing but the
// page, and its script threw nothing.
func testAlone(b *browser.Page) {
	for {
		select {
		case text := <-b.Events:
			var e struct {
				Method string
				Params struct {
					Request struct{ URL string }
				}
			}
			json.Unmarshal([]byte(strings.TrimSuffix(text, "\x00")), &e)
			switch url := e.Params.Request.URL; {
			case e.Method == "Runtime.exceptionThrown":
				b.T.Error(text)
			case e.Method == "Network.requestWillBeSent" && !strings.HasPrefix(url, "file://") && !strings.HasPrefix(url, "data:"):
				b.T.Errorf("the page asks for %s", url)
			}
		default:
			return
		}
	}
}
