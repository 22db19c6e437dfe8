// Package browser drives a headless browser in tests, by the DevTools protocol: [Open] a
// page, and [Viewer] is the stand-in for Perfetto's.
package browser

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// Page is one page of a browser, spoken to over a pipe: objects of JSON with a zero byte
// behind each. T is who fails where it does not answer.
type Page struct {
	T *testing.T
	// Events are what the browser has told, as text; what nobody takes is lost.
	Events chan string

	*process
	session string
}

type process struct {
	in      io.Writer
	last    int
	mu      sync.Mutex
	waiting map[int]chan answer
	events  chan string
}

type answer struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// patience is how long a browser may take for an answer on a busy machine.
const patience = 60 * time.Second

// Open starts a browser with one empty page. Where there is none, it skips the test, but
// fails it if BROWSER=required. More flags are the browser's own.
func Open(t *testing.T, more ...string) *Page {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	skip := t.Skipf
	if os.Getenv("BROWSER") == "required" {
		skip = t.Fatalf
	}
	if path == "" || testing.Short() {
		skip("no browser, or no time for one")
	}
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	flags := []string{"--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage", "--disable-extensions",
		"--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows", // a page that is behind another waits long on a busy machine
		"--window-size=1400,1200", "--user-data-dir=" + t.TempDir(), "--remote-debugging-pipe"}
	cmd := exec.Command(path, append(append(flags, more...), "about:blank")...)
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // 3 and 4 there
	if err := cmd.Start(); err != nil {
		skip("no browser: %v", err)
	}
	theirIn.Close()
	theirOut.Close()
	b := &Page{T: t, process: &process{in: ourOut, waiting: map[int]chan answer{}, events: make(chan string, 1000)}}
	b.Events = b.events
	go b.listen(ourIn)
	t.Cleanup(func() {
		b.session = ""
		b.send("Browser.close", nil)
		done := make(chan struct{})
		go func() { cmd.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			cmd.Process.Kill()
			<-done
		}
		ourOut.Close()
		ourIn.Close()
	})
	var target struct{ TargetID string }
	b.Call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	return b.attach(target.TargetID)
}

// attach is another page of the same browser.
func (b *Page) attach(target string) *Page {
	b.T.Helper()
	own := &Page{T: b.T, Events: b.Events, process: b.process}
	var attached struct{ SessionID string }
	own.Call("Target.attachToTarget", map[string]any{"targetId": target, "flatten": true}, &attached)
	own.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Network"} {
		own.Call(domain+".enable", nil, nil)
	}
	return own
}

// Other waits for another page whose address begins so, and returns it.
func (b *Page) Other(address string) *Page {
	b.T.Helper()
	whole := &Page{T: b.T, process: b.process}
	for start := time.Now(); time.Since(start) < patience; time.Sleep(20 * time.Millisecond) {
		var all struct {
			TargetInfos []struct{ TargetID, Type, URL string }
		}
		whole.Call("Target.getTargets", nil, &all)
		for _, t := range all.TargetInfos {
			if t.Type == "page" && strings.HasPrefix(t.URL, address) {
				return b.attach(t.TargetID)
			}
		}
	}
	b.T.Fatalf("no page at %s", address)
	return nil
}

func (b *process) listen(r io.Reader) {
	in := bufio.NewReader(r)
	for {
		text, err := in.ReadBytes(0)
		if err != nil {
			return
		}
		var a answer
		if json.Unmarshal(text[:len(text)-1], &a) != nil {
			continue
		}
		if a.Method != "" {
			select {
			case b.events <- string(text):
			default:
			}
			continue
		}
		b.mu.Lock()
		c := b.waiting[a.ID]
		delete(b.waiting, a.ID)
		b.mu.Unlock()
		if c != nil {
			c <- a
		}
	}
}

func (b *Page) send(method string, params any) chan answer {
	b.mu.Lock()
	b.last++
	c := make(chan answer, 1)
	b.waiting[b.last] = c
	message := map[string]any{"id": b.last, "method": method}
	b.mu.Unlock()
	if params != nil {
		message["params"] = params
	}
	if b.session != "" {
		message["sessionId"] = b.session
	}
	text, _ := json.Marshal(message)
	b.in.Write(append(text, 0))
	return c
}

// Call asks for something and waits for the answer.
func (b *Page) Call(method string, params, result any) {
	b.T.Helper()
	select {
	case a := <-b.send(method, params):
		if a.Error != nil {
			b.T.Fatalf("%s: %s", method, a.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(a.Result, result); err != nil {
				b.T.Fatalf("%s: %v", method, err)
			}
		}
	case <-time.After(patience):
		b.T.Fatalf("%s: no answer", method)
	}
}

// Eval gives the value of an expression of the page's script.
func (b *Page) Eval(expression string, value any) {
	b.T.Helper()
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct{ Text string }
	}
	b.Call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &r)
	if r.ExceptionDetails != nil {
		b.T.Fatalf("%s: %s", expression, r.Result.Value)
	}
	if value != nil {
		if err := json.Unmarshal(r.Result.Value, value); err != nil {
			b.T.Fatalf("%s: %v: %s", expression, err, r.Result.Value)
		}
	}
}

// Text is what the element with that id shows.
func (b *Page) Text(id string) (s string) {
	b.T.Helper()
	b.Eval(fmt.Sprintf("document.getElementById(%q).textContent", id), &s)
	return s
}

// Go shows a page and waits until an expression of its script is true.
func (b *Page) Go(url, ready string) {
	b.T.Helper()
	b.Call("Page.navigate", map[string]any{"url": url}, nil)
	b.Until(ready)
}

// Size makes the page so many pixels wide and high, each of them ratio in a picture.
func (b *Page) Size(width, height int, ratio float64) {
	b.T.Helper()
	b.Call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": ratio, "mobile": false}, nil)
}

// Click clicks into the middle of the element with that id.
func (b *Page) Click(id string) {
	b.T.Helper()
	var at [2]float64
	b.Eval(fmt.Sprintf(`(() => { const e = document.getElementById(%q); e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect(); return [r.left + r.width / 2, r.top + r.height / 2]; })()`, id), &at)
	b.Mouse("mouseMoved", at[0], at[1])
	b.Mouse("mousePressed", at[0], at[1])
	b.Mouse("mouseReleased", at[0], at[1])
}

// Until waits for an expression to be true.
func (b *Page) Until(expression string) {
	b.T.Helper()
	for start := time.Now(); time.Since(start) < patience; time.Sleep(20 * time.Millisecond) {
		var ok bool
		if b.Eval(expression, &ok); ok {
			return
		}
	}
	b.T.Fatalf("never true: %s", expression)
}

// Mouse sends an event of the mouse at a place of the page.
func (b *Page) Mouse(kind string, x, y float64) {
	b.T.Helper()
	p := map[string]any{"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}
	if kind == "mouseMoved" {
		p["buttons"] = 1
	}
	b.Call("Input.dispatchMouseEvent", p, nil)
}

// Drag goes over the chart, from one share of its width to another, at a height.
func (b *Page) Drag(from, to, y float64) {
	b.T.Helper()
	r := b.Chart()
	b.Mouse("mouseMoved", r[0]+from*r[2], y)
	b.Mouse("mousePressed", r[0]+from*r[2], y)
	for i := 1.0; i <= 5; i++ {
		b.Mouse("mouseMoved", r[0]+(from+(to-from)*i/5)*r[2], y)
	}
	b.Mouse("mouseReleased", r[0]+to*r[2], y)
}

// Chart is where the chart over time is: left, top, width and height.
func (b *Page) Chart() (r [4]float64) {
	b.T.Helper()
	b.Eval(`(() => { const r = document.querySelector('#time .u-over').getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; })()`, &r)
	return r
}

// Key presses a key; shift holds Shift down.
func (b *Page) Key(key string, shift bool) {
	b.T.Helper()
	p := map[string]any{"type": "keyDown", "key": key}
	if shift {
		p["modifiers"] = 8
	}
	b.Call("Input.dispatchKeyEvent", p, nil)
	p["type"] = "keyUp"
	b.Call("Input.dispatchKeyEvent", p, nil)
}

// Picture is a screenshot of the page, as light or dark.
func (b *Page) Picture(scheme string) []byte {
	b.T.Helper()
	b.Call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	b.Eval("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))", nil)
	var shot struct{ Data string }
	b.Call("Page.captureScreenshot", map[string]any{"format": "png"}, &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		b.T.Fatal(err)
	}
	return png
}
