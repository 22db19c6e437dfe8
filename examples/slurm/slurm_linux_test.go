// Package slurm_test runs the example on a real Slurm.
package slurm_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tracekit/internal/testkit/ranks"
)

// program is a tracekit that ends badly: task 1 fails while there is a file broken, in its first
// try task 3 is killed, and task 5 does not end, until its node is lost.
const program = `#!/bin/sh
case ${SLURM_ARRAY_TASK_ID:-}.${SLURM_RESTART_COUNT:-0} in
1.*) [ ! -e "$CLUSTER/broken" ] || exit 1 ;;
3.0) kill -9 $$ ;;
5.0) [ -e "$CLUSTER/broken" ] || { echo "$SLURMD_NODENAME $$" > "$CLUSTER/stuck.tmp"; mv "$CLUSTER/stuck.tmp" "$CLUSTER/stuck"; exec sleep 300; } ;;
esac
exec "$CLUSTER/tracekit" "$@"
`

func TestTheExampleSurvives(t *testing.T) {
	c := start(t)
	traces := c.prepare()
	want := []byte(c.run(c.dir+"/tracekit", "report", "--json", traces))

	t.Run("a task that fails", func(t *testing.T) {
		c.T = t
		c.write("broken", "", 0o644)
		out := filepath.Join(c.dir, "first.json")
		_, reduction := c.submit(traces, out)
		c.finish()
		if state := c.state(reduction); state != "FAILED" {
			t.Errorf("the reduction is %s, with a task that has failed", state)
		}
		if _, err := os.Stat(out); err == nil {
			t.Error("it has written something all the same")
		}
		c.said(out, "task 1: status 1 on ", ", try 3 of 3", "1 of 8 traces have nothing among the inputs: "+traces+"/rank-1.json")

		os.Remove(c.dir + "/broken")
		c.run("sbatch", "--array=1", "--output="+out+".log", "--open-mode=append", "share.sh", traces, "8", out+".parts")
		c.finish()
		again := strings.TrimSpace(c.run("sbatch", "--parsable", "--output="+out+".log", "--open-mode=append", "reduce.sh", traces, out+".parts", out))
		c.finish()
		if state := c.state(again); state != "COMPLETED" {
			t.Errorf("the reduction is %s, once the task has been run again", state)
		}
		c.same(out, want)
	})

	t.Run("a task that is killed and a node that is lost", func(t *testing.T) {
		c.T = t
		out := filepath.Join(c.dir, "second.json")
		_, reduction := c.submit(traces, out)
		node := c.stuckOn()
		c.lose(node)
		c.finish()
		if state := c.state(reduction); state != "COMPLETED" {
			t.Errorf("the reduction is %s", state)
		}
		c.said(out, "task 3: status 137 on ", "try 1 of 3")
		if state := c.run("sinfo", "-hN", "-n", node, "-o", "%T"); !strings.HasPrefix(state, "down") {
			t.Errorf("node %s is %s", node, state)
		}
		c.same(out, want)
	})
}

// submit submits the example, and returns its two jobs.
func (c *cluster) submit(traces, out string) (array, reduction string) {
	c.Helper()
	said := c.run("./submit.sh", traces, "8", out, "--cpus-per-task=1", "--mem=100M")
	jobs := regexp.MustCompile(`array (\d+), reduction (\d+)`).FindStringSubmatch(said)
	if jobs == nil {
		c.Fatalf("it names no jobs: %s", said)
	}
	return jobs[1], jobs[2]
}

// stuckOn waits for the task that does not end, and for all others, and returns its node. What is
// left of it there ends with the test.
func (c *cluster) stuckOn() (node string) {
	c.Helper()
	c.await("task that does not end", func() bool { _, err := os.Stat(c.dir + "/stuck"); return err == nil })
	said, err := os.ReadFile(c.dir + "/stuck")
	if err != nil {
		c.Fatal(err)
	}
	node, pid, _ := strings.Cut(strings.TrimSpace(string(said)), " ")
	c.await("end of all others", func() bool {
		c.hurry()
		return strings.TrimSpace(c.try("squeue", "-hr", "-o", "%T")) == "PENDING\nRUNNING" // the reduction, and it
	})
	for step, err := strconv.Atoi(pid); err == nil && step > 1; step, err = parentOf(step) {
		name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", step))
		if strings.HasPrefix(string(name), "slurmd") && !strings.HasPrefix(string(name), "slurmstepd") {
			break
		}
		c.ends = append(c.ends, step)
	}
	return node
}

// parentOf is the process that has started another.
func parentOf(pid int) (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(status), "\nPPid:\t")
	line, _, _ := strings.Cut(rest, "\n")
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(line)
}

// said checks what tasks have said.
func (c *cluster) said(out string, want ...string) {
	c.Helper()
	log, err := os.ReadFile(out + ".log")
	if err != nil {
		c.Fatal(err)
	}
	for _, w := range want {
		if !bytes.Contains(log, []byte(w)) {
			c.Errorf("nobody says %q:\n%s", w, log)
		}
	}
}

// same checks that a report is the one that one machine makes, but for the shares it came in.
func (c *cluster) same(name string, want []byte) {
	c.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		c.Error(err)
		return
	}
	if got := withoutShards(c.T, text); !bytes.Equal(got, withoutShards(c.T, want)) {
		c.Errorf("the report is another than on one machine:\n%s\nand\n%s", got, want)
	}
}

// prepare puts the program, and traces of eight ranks, into the cluster's folder.
func (c *cluster) prepare() (traces string) {
	c.Helper()
	if out, err := exec.Command("go", "build", "-o", c.dir+"/tracekit", "../../cmd/tracekit").CombinedOutput(); err != nil {
		c.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"bin", "traces"} {
		if err := os.Mkdir(filepath.Join(c.dir, name), 0o755); err != nil {
			c.Fatal(err)
		}
	}
	c.write("bin/tracekit", program, 0o755)
	run := ranks.Config{Ranks: 8, PerHost: 4, Hosts: true, Steps: 12, Layers: 6, Args: ranks.CommsID, Offsets: []float64{0, 3e6}, Noise: 500, Seed: 1}
	for rank := range run.Ranks {
		c.write(fmt.Sprintf("traces/rank-%d.json", rank), string(run.Trace(rank)), 0o644)
	}
	c.env = append(c.env, "CLUSTER="+c.dir, "PATH="+c.dir+"/bin:"+os.Getenv("PATH"))
	return c.dir + "/traces"
}

// withoutShards is a report without the shares.
func withoutShards(t *testing.T, text []byte) []byte {
	t.Helper()
	var d map[string]any
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatalf("%v in\n%.500s", err, text)
	}
	delete(d, "shards")
	text, err := json.MarshalIndent(d, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return text
}
