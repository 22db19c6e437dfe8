//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// begun is a command that waits for more of its input, behind what it has got.
type begun struct {
	*exec.Cmd
	pipe   io.WriteCloser
	stderr bytes.Buffer
	dir    string // where its output goes, and its temporary files into tmp
}

// begin starts tracekit and feeds it half of a trace, until what it keeps
// meanwhile can be seen.
func begin(t *testing.T, args ...string) *begun {
	t.Helper()
	b := &begun{Cmd: exec.Command("tracekit", args...), dir: t.TempDir()}
	if err := os.Mkdir(filepath.Join(b.dir, "tmp"), 0o777); err != nil {
		t.Fatal(err)
	}
	b.Dir, b.Stderr = b.dir, &b.stderr
	b.Env = append(os.Environ(), "TMPDIR="+filepath.Join(b.dir, "tmp"))
	var err error
	if b.pipe, err = b.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Process.Kill(); b.Wait() })
	half := smallTrace[:strings.Index(smallTrace, `{"ph":"f"`)]
	if _, err := io.WriteString(b.pipe, half+strings.Repeat(" ", 4<<20)); err != nil {
		t.Fatal(err)
	}
	return b
}

// waiting are commands that have begun to write, or to spool, when their input
// pauses.
var waiting = [][]string{
	{"strip", "--python", "-o", "out.json.gz"},
	{"slice", "--from", "10%", "-o", "out.json"},
	{"filter", "dur > 1us", "-o", "out.json"},
	{"downsample", "--merge", "5us", "-o", "out.json.zst"},
	{"split", "--by", "time", "--time", "10us", "-o", "out"},
	{"repair", "-o", "out.json", "--rejects", "rejects.json"},
	{"info", "--html", "out.html"},
	{"report", "--csv", "out"},
	{"check"},
}

func TestSignalsLeaveNothingBehind(t *testing.T) {
	for _, args := range waiting {
		for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
			t.Run(args[0]+" "+sig.String(), func(t *testing.T) {
				t.Parallel()
				if signal.Ignored(sig) {
					t.Skip("this test runs where the signal is ignored, and so does the command")
				}
				b := begin(t, args...)
				if err := b.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
				tooLong := time.AfterFunc(time.Minute, func() { b.Process.Kill() })
				b.Wait()
				tooLong.Stop()
				if status := b.ProcessState.ExitCode(); status != 128+int(sig) || b.stderr.String() != "tracekit: error: interrupted\n" {
					t.Errorf("ends with status %d: %s", status, b.stderr.String())
				}
				if got := list(t, b.dir); !slices.Equal(got, []string{"tmp"}) {
					t.Errorf("%q is left", got)
				}
				if got := list(t, filepath.Join(b.dir, "tmp")); len(got) > 0 {
					t.Errorf("%q is left in the folder for temporary files", got)
				}
			})
		}
	}
}

// Who runs it under nohup does not want it to end with the terminal.
func TestAnIgnoredHangupRemainsIgnored(t *testing.T) {
	cmd := exec.Command("sh", "-c", `trap '' HUP; exec tracekit strip --python`)
	pipe, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	io.WriteString(pipe, strings.Repeat(" ", 4<<20)) // it runs when that is read
	cmd.Process.Signal(syscall.SIGHUP)
	io.WriteString(pipe, smallTrace)
	pipe.Close()
	if err := cmd.Wait(); err != nil || !bytes.Contains(out.Bytes(), []byte("aten::mm")) {
		t.Errorf("%v: %s", err, out.Bytes())
	}
}

// A process that was killed leaves at most a hidden file, which the next one
// passes over.
func TestAKilledProcessIsNoHindrance(t *testing.T) {
	for _, args := range waiting {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			b := begin(t, args...)
			waitForFiles(t, b)
			b.Process.Kill()
			b.Wait()
			for _, name := range list(t, b.dir) {
				if name[0] == '.' || name == "tmp" {
					continue
				}
				if left, _ := filepath.Glob(filepath.Join(b.dir, name, "[^.]*")); len(left) > 0 || name != "out" {
					t.Errorf("%s is left: %q", name, left)
				}
			}
			if got := list(t, filepath.Join(b.dir, "tmp")); len(got) > 0 {
				t.Errorf("%q is left in the folder for temporary files", got)
			}
			again := exec.Command("tracekit", args...)
			again.Dir, again.Stdin = b.dir, strings.NewReader(smallTrace)
			if told, err := again.CombinedOutput(); err != nil && args[0] != "check" {
				t.Errorf("the next run: %v: %s", err, told)
			}
		})
	}
}

// waitForFiles waits until b has made a file, if it makes one so early.
func waitForFiles(t *testing.T, b *begun) {
	for range 20 {
		if len(list(t, b.dir)) > 1 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}
