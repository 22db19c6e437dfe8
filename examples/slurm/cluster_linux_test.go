package slurm_test

import (
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// programs are what a cluster is made of.
var programs = []string{"munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "sinfo"}

// cluster is a Slurm of two nodes on this machine, of whoever runs the test.
type cluster struct {
	*testing.T
	dir   string
	env   []string
	nodes map[string]*exec.Cmd // daemons by the names of nodes
	ends  []int                // processes that nobody else ends
	held  map[string]time.Time // since when tasks are held
}

// start starts a cluster, and skips the test where that is not asked for.
func start(t *testing.T) *cluster {
	t.Helper()
	if os.Getenv("SLURM") != "required" {
		t.Skip("skipped: make test-slurm installs a Slurm and runs this")
	}
	os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin")
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Fatalf("%v: make test-slurm installs it", err)
		}
	}
	dir, err := os.MkdirTemp("", "slurm") // paths of sockets have to be short
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{T: t, dir: dir, nodes: map[string]*exec.Cmd{}, held: map[string]time.Time{}}
	t.Cleanup(func() {
		for _, pid := range c.ends {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		if t.Failed() {
			c.logs()
		}
		os.RemoveAll(dir)
	})
	if err := os.Chmod(dir, 0o755); err != nil { // or munged refuses to put its socket there
		t.Fatal(err)
	}
	for _, name := range []string{"run", "state", "log", "spool.n1", "spool.n2"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	c.write("slurm.conf", c.config(), 0o644)
	c.write("munge.key", rand.Text()+rand.Text(), 0o600) // munged wants 32 bytes at least
	c.env = append(os.Environ(), "SLURM_CONF="+filepath.Join(dir, "slurm.conf"))

	c.daemon("munged", "-F", "--key-file="+dir+"/munge.key", "--socket="+dir+"/run/munge.sock", "--pid-file="+dir+"/run/munged.pid",
		"--log-file="+dir+"/log/munged.log", "--seed-file="+dir+"/run/munged.seed")
	c.await("munged", func() bool { _, err := os.Stat(dir + "/run/munge.sock"); return err == nil })
	c.daemon("slurmctld", "-D")
	for _, node := range []string{"n1", "n2"} {
		c.nodes[node] = c.daemon("slurmd", "-D", "-N", node)
	}
	c.await("idle nodes", func() bool { return strings.Count(c.try("sinfo", "-hN", "-o", "%T"), "idle") == 2 })
	return c
}

// config is a configuration that needs neither root nor control groups. The time after which a
// node that says nothing is down is short.
func (c *cluster) config() string {
	host, err := os.Hostname()
	if err != nil {
		c.Fatal(err)
	}
	host, _, _ = strings.Cut(host, ".")
	uid, ports := os.Getuid(), freePorts(c.T, 3)
	return strings.NewReplacer("$B", c.dir, "$HOST", host, "$UID", fmt.Sprint(uid),
		"$P0", ports[0], "$P1", ports[1], "$P2", ports[2]).Replace(`ClusterName=t
SlurmctldHost=$HOST(127.0.0.1)
SlurmctldPort=$P0
SlurmUser=$UID
SlurmdUser=$UID
AuthInfo=socket=$B/run/munge.sock
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation=$B/state
SlurmdSpoolDir=$B/spool.%n
SlurmctldPidFile=$B/run/slurmctld.pid
SlurmdPidFile=$B/run/slurmd.%n.pid
SlurmctldLogFile=$B/log/slurmctld.log
SlurmdLogFile=$B/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,bf_interval=1
ReturnToService=2
SlurmdTimeout=3
MessageTimeout=4
TCPTimeout=1
KillWait=1
MinJobAge=3600
NodeName=n1 NodeHostname=$HOST NodeAddr=127.0.0.1 Port=$P1 CPUs=4 RealMemory=2000
NodeName=n2 NodeHostname=$HOST NodeAddr=127.0.0.1 Port=$P2 CPUs=4 RealMemory=2000
PartitionName=main Nodes=ALL Default=YES State=UP
`)
}

// freePorts are ports that nobody listens on.
func freePorts(t *testing.T, n int) (ports []string) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		ports = append(ports, port)
	}
	return ports
}

func (c *cluster) write(name, text string, mode os.FileMode) {
	c.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), mode); err != nil {
		c.Fatal(err)
	}
}

// daemon starts a program, which ends with the test.
func (c *cluster) daemon(name string, args ...string) *exec.Cmd {
	c.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = c.env
	said, err := os.Create(filepath.Join(c.dir, "log", filepath.Base(name)+"."+strconv.Itoa(len(c.nodes))+".said.log"))
	if err != nil {
		c.Fatal(err)
	}
	defer said.Close()
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		killed := time.AfterFunc(time.Second, func() { cmd.Process.Kill() })
		cmd.Wait()
		killed.Stop()
	})
	return cmd
}

// lose kills the daemon of a node without a warning.
func (c *cluster) lose(node string) {
	c.Helper()
	if err := c.nodes[node].Process.Kill(); err != nil {
		c.Fatal(err)
	}
}

// patience is how long something may take that takes seconds.
const patience = 100 * time.Second

// await waits until something is so.
func (c *cluster) await(what string, so func() bool) {
	c.Helper()
	for begun := time.Now(); !so(); time.Sleep(100 * time.Millisecond) {
		if time.Since(begun) > patience {
			c.Fatalf("no %s after %v; squeue says\n%s", what, patience, c.try("squeue", "-r", "-o", "%i %T %r %N"))
		}
	}
}

// try runs a program that may fail.
func (c *cluster) try(name string, args ...string) string {
	cmd := exec.Command(name, args...)
	cmd.Env = c.env
	out, _ := cmd.CombinedOutput()
	return string(out)
}

// run runs a program and returns what it says.
func (c *cluster) run(name string, args ...string) string {
	c.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = c.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		c.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// finish waits until all jobs have ended.
func (c *cluster) finish() {
	c.Helper()
	c.await("end of jobs", func() bool {
		c.hurry()
		return strings.TrimSpace(c.try("squeue", "-h")) == ""
	})
}

// hurry starts tasks that were put into the queue again: they are held for two minutes there,
// which an operator cuts short, once nothing is left of the try before.
func (c *cluster) hurry() {
	const settled = 2 * time.Second
	held := map[string]time.Time{}
	for line := range strings.Lines(c.try("squeue", "-h", "-r", "-t", "PENDING", "-o", "%i %r")) {
		id, is := strings.CutSuffix(strings.TrimSpace(line), " BeginTime")
		if !is {
			continue
		}
		since, known := c.held[id]
		if !known {
			since = time.Now()
		}
		held[id] = since
		if time.Since(since) > settled {
			c.try("scontrol", "update", "jobid="+id, "starttime=now")
		}
	}
	c.held = held
}

// state is how a job has ended.
func (c *cluster) state(job string) string {
	for word := range strings.FieldsSeq(c.run("scontrol", "show", "job", "-o", job)) {
		if state, is := strings.CutPrefix(word, "JobState="); is {
			return state
		}
	}
	return "unknown"
}

// logs shows what daemons and tasks have said last.
func (c *cluster) logs() {
	names, _ := filepath.Glob(filepath.Join(c.dir, "*", "*.log"))
	more, _ := filepath.Glob(filepath.Join(c.dir, "*.log"))
	for _, name := range append(names, more...) {
		text, _ := os.ReadFile(name)
		c.Logf("%s:\n%s", filepath.Base(name), text[max(len(text)-3000, 0):])
	}
}
