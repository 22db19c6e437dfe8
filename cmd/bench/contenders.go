package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// contender is a command and what it took.
type contender struct {
	name  string   // as the table shows it
	needs string   // the program without which it is left out
	args  []string // what runs
	data  dataset
	found int    // exit status that says that it found something, not that it failed
	like  string // the script that selects what it does

	times  []sample
	beside map[string][]float64 // how many times as long as each yardstick that ran right before
	failed string               // why it gave no figures
}

// yardstick and common are what all else is compared with: the fastest and the
// usual way to do nothing but decompress, and what people cut traces with.
const (
	yardstick = "igzip -dc"
	common    = "gzip -dc"
	script    = "gzip | jq | gzip"

	scriptTenth = script + ", a tenth of the time"
	scriptKinds = script + ", by category"

	readingAlone = "tracekit's reader alone, every event"
)

// pace is a yardstick and the command that it is.
type pace struct {
	name string
	args []string
}

// yardsticks read what a contender reads. They are quick, and run right before each
// of its runs: the pace of a machine that others share changes from one second to
// the next.
func yardsticks(d dataset) []pace {
	all := []pace{{readingAlone, []string{itself(), readVerb, d.path}}}
	if path, err := exec.LookPath("igzip"); err == nil {
		all = append(all, pace{yardstick, []string{path, "-dc", d.path}})
	}
	return all
}

func (c *config) own(d dataset, verb string, args ...string) *contender {
	shown := strings.Join(append([]string{"tracekit", verb}, args...), " ")
	return &contender{name: shown, needs: c.tracekit, args: append(append([]string{c.tracekit, verb, "-q"}, args...), d.path), data: d}
}

// into sends a trace to a packed file.
func (k *contender) into(c *config) *contender {
	k.args = append(k.args, "-o", filepath.Join(c.dir, "out.json.gz"))
	return k
}

func (k *contender) finding(status int) *contender {
	k.found = status
	return k
}

// as names the script that selects what k does.
func (k *contender) as(script string) *contender {
	k.like = script
	return k
}

func (k *contender) called(name string) *contender {
	k.name = name
	return k
}

// streaming are the commands for a large trace.
func (c *config) streaming(d dataset) []*contender {
	var all []*contender
	for _, tool := range []string{"gzip", "igzip", "pigz"} {
		all = append(all, &contender{name: tool + " -dc", needs: tool, args: []string{tool, "-dc", d.path}, data: d})
	}
	self := itself()
	all = append(all, &contender{name: readingAlone, needs: self, args: []string{self, readVerb, d.path}, data: d})
	from, to := d.middle(0.1)
	all = append(all, &contender{
		name: "a tenth of the time, cut in one pass, not made whole", needs: self,
		args: []string{self, onePassVerb, d.path, from, to, filepath.Join(c.dir, "out.json.gz")}, data: d,
	})
	return append(all, c.ownRows(d)...)
}

// ownRows are tracekit's commands for a large trace.
func (c *config) ownRows(d dataset) (all []*contender) {
	indexed := d
	indexed.path = d.indexed
	cut := []string{"--from", "49%", "--to", "51%"}
	const device = `cat in ("kernel", "Kernel") && dur > 10us` // Kernel is Gaudi's, of the generated trace
	pieces := filepath.Join(c.dir, "pieces")
	own := []*contender{
		c.own(d, "info"),
		c.own(d, "strip", "--python", "--hardware", "--cat", "cpu_op").into(c).called("tracekit strip, less than 10 % kept").as(scriptKinds),
		c.own(d, "strip", "--cat", "nonesuch").into(c).called("tracekit strip, all kept"),
		c.own(d, "strip", "--python").into(c),
		c.own(d, "strip", "--python").called("tracekit strip --python, as plain JSON"),
		c.own(d, "filter", device).into(c),
		c.own(d, "filter", device).called("tracekit filter …, as plain JSON"),
		c.own(d, "slice", cut...).into(c),
		c.own(d, "slice", "--from", "45%", "--to", "55%").into(c).as(scriptTenth),
		c.own(indexed, "index"),
		c.own(indexed, "slice", cut...).into(c).called("tracekit slice --from 49% --to 51%, indexed"),
		c.own(d, "split", "--by", "size", "--size", "200MB", "--force", "-o", pieces).called("tracekit split --by size --size 200MB"),
		c.own(d, "split", "--by", "events", "--events", fmt.Sprint(d.events/200+1), "--force", "-o", pieces).called("tracekit split into 200 pieces"),
		c.own(d, "downsample", "--merge", "20us").into(c),
		c.own(d, "report"),
		c.own(d, "repair").into(c).finding(3), // events that are repeated have flows that begin twice
		c.own(d, "check").finding(1),
	}
	for _, k := range own {
		if c.hasVerb(k.args[1]) {
			all = append(all, k)
		}
	}
	return all
}

func (c *config) hasVerb(verb string) bool {
	return exec.Command(c.tracekit, verb, "--help").Run() == nil
}

// loading are the commands that hold a trace in memory, for a small one, all
// with the same selection, and tracekit for it too.
func (c *config) loading(d dataset) []*contender {
	from, to := d.middle(0.02)
	out := filepath.Join(c.dir, "out.json.gz")
	jq := func(name, condition string) *contender {
		line := fmt.Sprintf("gzip -dc '%s' | jq -c '.traceEvents |= map(select(%s))' | gzip > '%s'", d.path, condition, out)
		return &contender{name: name, needs: "jq", args: []string{"sh", "-c", line}, data: d}
	}
	within := func(from, to string) string { return fmt.Sprintf(".ts >= %s and .ts < %s", from, to) }
	self := itself()
	return []*contender{
		jq(script, within(from, to)),
		jq(scriptTenth, within(d.middle(0.1))),
		jq(scriptKinds, `.cat != "python_function" and .cat != "kernel" and .cat != "gpu_memcpy" and .cat != "gpu_memset" and .cat != "cpu_op"`),
		{name: "Python, json", needs: "python3", args: []string{"python3", "-c", pythonScript, d.path, from, to, out}, data: d},
		{name: "Go, encoding/json", needs: self, args: []string{self, loadAllVerb, d.path, from, to, out}, data: d},
		c.own(d, "slice", "--from", "@"+from, "--to", "@"+to).into(c).called("tracekit slice, the same range"),
	}
}

// itself is the program that runs, which has some contenders in it.
func itself() string {
	self, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return self
}

const pythonScript = `
import gzip, json, sys
path, begin, end, out = sys.argv[1:]
begin, end = float(begin), float(end)
with gzip.open(path) as f:
    trace = json.load(f)
trace["traceEvents"] = [e for e in trace["traceEvents"] if begin <= e.get("ts", 0) < end]
with gzip.open(out, "wt", compresslevel=6) as f:
    json.dump(trace, f)
`
