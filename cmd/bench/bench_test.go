package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const real = "../../testdata/vllm_decode_one_step.json.gz"

func TestRepeatIsOneTraceInTime(t *testing.T) {
	var b bytes.Buffer
	if err := repeat(&b, real, 2e6); err != nil {
		t.Fatal(err)
	}
	if b.Len() < 2e6 || b.Len() > 4e6 {
		t.Errorf("%d bytes", b.Len())
	}
	var doc struct {
		TraceEvents []struct {
			Ph      string
			TS, Dur float64
		}
	}
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	events, period, err := load(real)
	if err != nil {
		t.Fatal(err)
	}
	if len(doc.TraceEvents)%len(events) != 0 || len(doc.TraceEvents) < 3*len(events) {
		t.Fatalf("%d events of %d", len(doc.TraceEvents), len(events))
	}
	for i, e := range doc.TraceEvents[len(events):] {
		before := doc.TraceEvents[i]
		if step := e.TS - before.TS; step < float64(period)-0.01 || step > float64(period)+0.01 || e.Dur != before.Dur {
			t.Fatalf("event %d is %v after the one it repeats, not %d", i, step, period)
		}
	}
}

func TestLoadAllKeepsTheRange(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.gz"), filepath.Join(dir, "out.gz")
	err := create(in, func(w io.Writer) error {
		_, err := io.WriteString(w, `{"a":1,"traceEvents":[{"ts":1},{"ts":2.5},{"ts":3},{}]}`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := loadAll([]string{in, "2", "3", out}); err != nil {
		t.Fatal(err)
	}
	events, _, err := load(out)
	if err != nil || len(events) != 1 || string(events[0].text) != `{"ts":2.5}` {
		t.Errorf("%v, error %v", events, err)
	}
}

func TestOnePassKeepsTheRange(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.gz"), filepath.Join(dir, "out.gz")
	const slice = `{"ph":"X","ts":2.5,"dur":0.5}`
	err := create(in, func(w io.Writer) error {
		_, err := io.WriteString(w, `{"a":1,"traceEvents":[{"ph":"i","ts":1},`+slice+`,{"ph":"X","ts":2,"dur":1.5},{"ph":"i","ts":4}]}`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := onePass([]string{in, "2", "3", out}); err != nil {
		t.Fatal(err)
	}
	events, _, err := load(out)
	if err != nil || len(events) != 1 || string(events[0].text) != slice {
		t.Errorf("%v, error %v", events, err)
	}
	if onePass([]string{in, "2", "x", out}) == nil || onePass([]string{in}) == nil {
		t.Error("no time is a time")
	}
}

func TestTable(t *testing.T) {
	runs := func(seconds ...float64) (all []sample) {
		for _, s := range seconds {
			all = append(all, sample{wall: time.Duration(s * 1e9), cpu: time.Duration(s * 2e9), memory: 3e6})
		}
		return all
	}
	all := []*contender{
		{name: common, data: dataset{bytes: 1e9}, times: runs(9, 2, 4)},
		{name: yardstick, data: dataset{bytes: 1e9}, times: runs(0.5)},
		{name: readingAlone, data: dataset{bytes: 1e9}, times: runs(0.8)},
		{name: script, data: dataset{bytes: 1e8}, times: runs(10)},
		{name: "tracekit x", data: dataset{bytes: 1e9}, times: runs(1, 1, 1),
			beside: map[string][]float64{yardstick: {1, 7, 2}, readingAlone: {1.25}}},
		{name: scriptTenth, data: dataset{bytes: 1e8}, times: runs(20)},
		{name: "tracekit y", like: scriptTenth, data: dataset{bytes: 1e9}, times: runs(1)},
		{name: "absent", failed: "not there"},
		{name: "poor", failed: "exit status 2"},
	}
	var b bytes.Buffer
	writeTable(&b, all)
	for _, want := range []string{
		"| gzip -dc |  |  | 1.00 | 25.0 | 250 | 4.00 | 8.00 | 3 | 1000 |\n",
		"| tracekit x | 2.00 | 1.25 | 4.00 | 100 | 1000 | 1.00 | 2.00 | 3 | 1000 |\n",
		`| gzip \| jq \| gzip |`,
		"| tracekit y |  |  | 4.00 | 200 | 1000 |",
		"failed: poor (exit status 2)",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "absent") {
		t.Error("a tool that is not there has a line")
	}
}

func TestRunsCountTheirChildren(t *testing.T) {
	c := config{rounds: 2, beside: func(dataset) []pace {
		return []pace{{readingAlone, []string{"sh", "-c", "true"}}}
	}}
	all := []*contender{
		{name: "a", needs: "sh", args: []string{"sh", "-c", "true"}, data: dataset{path: real}},
		{name: "b", needs: "no-such-program", data: dataset{path: real}},
		{name: "c", needs: "sh", args: []string{"sh", "-c", "exit 1"}, data: dataset{path: real}},
		{name: "d", needs: "sh", args: []string{"sh", "-c", "exit 1"}, data: dataset{path: real}, found: 1},
	}
	absent, err := c.runAll(all, new(bytes.Buffer))
	if err != nil || len(absent) != 1 || absent[0] != "no-such-program" {
		t.Errorf("%q, error %v", absent, err)
	}
	if len(all[0].times) != 2 || all[1].failed == "" || all[2].failed == "" || len(all[3].times) != 2 {
		t.Errorf("%+v", all)
	}
	if m := median(all[0].times); m.wall <= 0 || m.memory <= 0 || all[0].than(readingAlone) <= 0 {
		t.Errorf("%+v, %v", m, all[0].beside)
	}
}

func TestTablesGoBetweenTheirMarks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "doc.md")
	if err := os.WriteFile(path, []byte("head\n"+tablesBegin+"old\n"+tablesEnd+"tail\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := putIntoDoc(path, []byte("new\n")); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if want := "head\n" + tablesBegin + "new\n" + tablesEnd + "tail\n"; err != nil || string(got) != want {
		t.Errorf("%q, error %v", got, err)
	}
	if err := putIntoDoc(real, nil); err == nil {
		t.Error("no marks and no error")
	}
}

func TestPairsAreMeasuredInTurnAndJudged(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	command := func(word string) *contender {
		return &contender{name: "a", args: []string{"sh", "-c", "echo " + word + " >> " + log}}
	}
	rows, err := pairUp(func(c *config) ([]*contender, error) { return []*contender{command(c.tag)}, nil }, &config{tag: "old"}, &config{tag: "now"})
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	rows[0].measure(false)
	rows[0].measure(true)
	if got, err := os.ReadFile(log); err != nil || string(got) != "old\nnow\nnow\nold\n" {
		t.Errorf("%q, error %v", got, err)
	}
	row := func(name string, ratios ...float64) *pair {
		p := &pair{name: name, runs: 1, old: &contender{}, now: &contender{}}
		for _, r := range ratios {
			p.old.times = append(p.old.times, sample{user: time.Second})
			p.now.times = append(p.now.times, sample{user: time.Duration(r * 1e9)})
		}
		return p
	}
	short := &pair{name: "short", runs: 10, old: &contender{times: []sample{{user: 1, cpu: 2e8}}}, now: &contender{times: []sample{{user: 1e8, cpu: 2e8}}}}
	var b bytes.Buffer
	err = writePairs(&b, []*pair{row("quick", 0.9, 0.5, 1.2, 1), row("slow", 1.04, 1.06, 2, 1.05), short}, 1.05)
	if err == nil || !strings.HasSuffix(err.Error(), ": slow") {
		t.Errorf("error %v", err)
	}
	for _, want := range []string{"| quick | 0.950 | 0.900 to 1.000 | user | 1000.0 |", "| slow | 1.055 |", "| short | 1.000 | 1.000 to 1.000 | user + system | 20.0 | 20.0 |"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	broken := row("broken", 1)
	broken.failed = "exit status 2"
	if err := writePairs(io.Discard, []*pair{broken}, 9); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("error %v", err)
	}
	_, err = pairUp(func(c *config) ([]*contender, error) { return []*contender{{name: c.tag}}, nil }, &config{tag: "old"}, &config{tag: "now"})
	if err == nil {
		t.Error("a row without its other half passes")
	}
}
