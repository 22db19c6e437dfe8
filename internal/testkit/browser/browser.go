package page

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// browser is a headless one, spoken to by the DevTools protocol over a pipe:
// objects of JSON with a zero byte behind each.
type browser struct {
	t       *testing.T
	in      io.Writer
	session string
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

// openBrowser starts a browser with one empty page. Where there is none, it
// skips the test, but fails it if BROWSER=required.
func openBrowser(t *testing.T) *browser {
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
	cmd := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
		"--window-size=1400,1200", "--user-data-dir="+t.TempDir(), "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // 3 and 4 there
	if err := cmd.Start(); err != nil {
		skip("no browser: %v", err)
	}
	theirIn.Close()
	theirOut.Close()
	b := &browser{t: t, in: ourOut, waiting: map[int]chan answer{}, events: make(chan string, 1000)}
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
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	return b
}

func (b *browser) listen(r io.Reader) {
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

func (b *browser) send(method string, params any) chan answer {
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

// call asks for something and waits for the answer.
func (b *browser) call(method string, params, result any) {
	b.t.Helper()
	select {
	case a := <-b.send(method, params):
		if a.Error != nil {
			b.t.Fatalf("%s: %s", method, a.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(a.Result, result); err != nil {
				b.t.Fatalf("%s: %v", method, err)
			}
		}
	case <-time.After(patience):
		b.t.Fatalf("%s: no answer", method)
	}
}

// eval gives the value of an expression of the page's script.
func (b *browser) eval(expression string, value any) {
	b.t.Helper()
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct{ Text string }
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &r)
	if r.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, r.Result.Value)
	}
	if value != nil {
		if err := json.Unmarshal(r.Result.Value, value); err != nil {
			b.t.Fatalf("%s: %v: %s", expression, err, r.Result.Value)
		}
	}
}

// text is what the element with that id shows.
func (b *browser) text(id string) (s string) {
	b.t.Helper()
	b.eval(fmt.Sprintf("document.getElementById(%q).textContent", id), &s)
	return s
}

// open shows a page and waits until it has drawn.
func (b *browser) open(url string) {
	b.t.Helper()
	b.call("Page.enable", nil, nil)
	b.call("Runtime.enable", nil, nil)
	b.call("Network.enable", nil, nil)
	b.call("Page.navigate", map[string]any{"url": url}, nil)
	b.until("document.documentElement?.dataset.ready === 'true'")
}

// until waits for an expression to be true.
func (b *browser) until(expression string) {
	b.t.Helper()
	for start := time.Now(); time.Since(start) < patience; time.Sleep(20 * time.Millisecond) {
		var ok bool
		if b.eval(expression, &ok); ok {
			return
		}
	}
	b.t.Fatalf("never true: %s", expression)
}

// mouse sends an event of the mouse at a place of the page.
func (b *browser) mouse(kind string, x, y float64) {
	b.t.Helper()
	p := map[string]any{"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}
	if kind == "mouseMoved" {
		p["buttons"] = 1
	}
	b.call("Input.dispatchMouseEvent", p, nil)
}

// drag goes over the chart, from one share of its width to another, at a height.
func (b *browser) drag(from, to, y float64) {
	b.t.Helper()
	r := b.chart()
	b.mouse("mouseMoved", r[0]+from*r[2], y)
	b.mouse("mousePressed", r[0]+from*r[2], y)
	for i := 1.0; i <= 5; i++ {
		b.mouse("mouseMoved", r[0]+(from+(to-from)*i/5)*r[2], y)
	}
	b.mouse("mouseReleased", r[0]+to*r[2], y)
}

// chart is where the chart over time is: left, top, width and height.
func (b *browser) chart() (r [4]float64) {
	b.t.Helper()
	b.eval(`(() => { const r = document.querySelector('#time .u-over').getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; })()`, &r)
	return r
}

// key presses a key; shift holds Shift down.
func (b *browser) key(key string, shift bool) {
	b.t.Helper()
	p := map[string]any{"type": "keyDown", "key": key}
	if shift {
		p["modifiers"] = 8
	}
	b.call("Input.dispatchKeyEvent", p, nil)
	p["type"] = "keyUp"
	b.call("Input.dispatchKeyEvent", p, nil)
}

// picture is a screenshot of the page, as light or dark.
func (b *browser) picture(scheme string) []byte {
	b.t.Helper()
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	b.eval("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))", nil)
	var shot struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"format": "png"}, &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		b.t.Fatal(err)
	}
	return png
}
