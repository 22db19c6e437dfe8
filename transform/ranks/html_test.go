package ranks

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tracekit/internal/testkit/browser"
	"tracekit/internal/testkit/ranks"
)

// Names of a trace or a file can't become part of the page.
func TestThePageIsSafe(t *testing.T) {
	const evil = `</script><script>alert(1)</script><img src=x onerror=alert(1)>`
	c := ranks.Config{Ranks: 2, Steps: 3, Layers: 2, Args: ranks.Seq}
	var all []*Partial
	for rank := range c.Ranks {
		text := strings.ReplaceAll(string(c.Trace(rank)), "gemm", evil)
		m, _ := measured(t, fmt.Sprintf("%s-%d.json", evil, rank), []byte(text))
		all = append(all, &Partial{Traces: []*Trace{m}})
	}
	r := resultOf(t, merged(t, all...))
	r.Notes = append(r.Notes, evil)
	var page strings.Builder
	if err := r.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	if s := page.String(); strings.Count(s, "<script") != 1 || strings.Count(s, "</script") != 1 || strings.Contains(s, "<img") || !strings.Contains(s, "&lt;img src=x") {
		t.Error("a name is part of the page")
	}
}

// A page of many steps shows the most of those that share a column.
func TestColumnsOfManySteps(t *testing.T) {
	m := &member{Trace: &Trace{File: "a.json"}, label: "rank 0"}
	for i := range pageCells + 1 {
		m.steps = append(m.steps, step{number: int64(i), numbered: true, start: 1, duration: 1})
	}
	m.steps[7].duration = 99
	r := &Result{LastBy: lastByEnds, steps: matchSteps([]*member{m})}
	h := r.cells()
	if h.Columns != (pageCells+2)/2 || len(h.Measures) != 1 {
		t.Fatalf("%d columns, %d measures", h.Columns, len(h.Measures))
	}
	if v := h.Measures[0].Values; v.at(3) != 99 || v.at(4) != 1 || h.First.at(3) != 6 || h.Last.at(3) != 7 {
		t.Errorf("%g of steps %g to %g", v.at(3), h.First.at(3), h.Last.at(3))
	}
}

// A click on a cell gives a command that the shell reads as it is meant.
func TestAClickGivesTheCommand(t *testing.T) {
	b := browser.Open(t)
	c := ranks.Config{Ranks: 5, PerHost: 5, Hosts: true, Steps: 9, Layers: 2, Args: ranks.Seq, Delays: []ranks.Delay{{Rank: 2, Step: 4, Layer: 1, By: 1e6}}}
	var all []*Partial
	for rank := range c.Ranks {
		m, _ := measured(t, fmt.Sprintf("it's rank-%d.json", rank), c.Trace(rank))
		all = append(all, &Partial{Traces: []*Trace{m}})
	}
	path := filepath.Join(t.TempDir(), "page.html")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := resultOf(t, merged(t, all...)).WriteHTML(f); err != nil {
		t.Fatal(err)
	}
	f.Close()
	b.Go("file://"+path, "typeof chosen !== 'undefined' && range[1] > 0")
	b.Click("cells") // rank 2 and step 4 are in the middle
	said := b.Text("said")
	for _, want := range []string{"rank 2, step 4: waited for", "tracekit slice --step 4 -o rank-2-step-4.json.gz"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in %s", want, said)
		}
	}
	var command string
	b.Eval("document.querySelector('#said code').textContent", &command)
	out, err := exec.Command("sh", "-c", strings.Replace(command, "tracekit", "printf '%s\\n'", 1)).Output()
	if err != nil {
		t.Fatal(err)
	}
	if words := strings.Split(string(out), "\n"); len(words) != 7 || words[5] != "it's rank-2.json" {
		t.Errorf("the shell reads %q", words)
	}
	b.Key("ArrowRight", false)
	if said := b.Text("said"); !strings.Contains(said, "rank 2, step 5:") {
		t.Errorf("behind it is %s", said)
	}
}
