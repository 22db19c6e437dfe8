package open

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/trace"
)

// A search finds every event whose name holds the text, whatever its case, in the range.
func TestSearch(t *testing.T) {
	var text []string
	for i := range 3000 {
		name := [...]string{"aten::mm", "Memcpy HtoD", "memCPY \\u0041", "<b>x</b>"}[i%4]
		text = append(text, fmt.Sprintf(`{"ph":"X","cat":"k","name":"%s","pid":1,"tid":%d,"ts":%d,"dur":%d}`, name, i%3, i*10, i%7))
	}
	text = append(text, `{"ph":"M","name":"thread_name","pid":1,"tid":2,"args":{"name":"memcpy engine"}}`)
	data := []byte("[" + strings.Join(text, ",\n") + "]")
	s := served(t, func(o *Options) {
		o.Source = func() (*trace.Source, *trace.Survey, func(), error) {
			source, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
			if err != nil {
				return nil, nil, nil, err
			}
			v, err := source.Survey(nil)
			return source, v, func() {}, err
		}
	})
	for _, c := range []struct {
		query string
		count int64
	}{
		{"q=memcpy", 1500}, {"q=memcpy+a", 750}, {"q=%3Cb%3E", 750}, {"q=nothing", 0},
		{"q=memcpy&from=10000000&to=20000000", 500}, {"q=aten&from=0&to=1", 1},
	} {
		w := asked(s, "GET", "/api/search?"+c.query, "", TokenHeader, s.Token())
		lines := strings.Split(strings.TrimSpace(w.Body.String()), "\n")
		var got searching
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &got); err != nil {
			t.Fatalf("%s: %v: %.200s", c.query, err, w.Body)
		}
		var inBins, onThreads int64
		for _, n := range got.Bins {
			inBins += n
		}
		for _, h := range got.Threads {
			onThreads += h.Count
		}
		if d := cmptest.Diff([3]int64{c.count, c.count, c.count}, [3]int64{got.Count, inBins, onThreads}); d != "" || got.Done != got.Of {
			t.Errorf("%s: in all, in bins, on threads (- want, + got)\n%s", c.query, d)
		}
		if want := min(int(c.count), mostHits); len(got.Hits) != want {
			t.Errorf("%s: %d hits are listed, want %d", c.query, len(got.Hits), want)
		}
		for _, th := range got.Threads {
			if !strings.HasPrefix(th.Name, "tid ") && th.Name != "memcpy engine" {
				t.Errorf("%s: a thread is called %q", c.query, th.Name)
			}
		}
	}
	for _, query := range []string{"", "q=", "q=" + strings.Repeat("x", 501)} {
		if w := asked(s, "GET", "/api/search?"+query, "", TokenHeader, s.Token()); w.Code != 400 {
			t.Errorf("%.20q is answered with %d", query, w.Code)
		}
	}
}
