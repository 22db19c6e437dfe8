package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// longest is how long a run may take before it is taken to hang: a machine that has other
// things to do may let it wait.
const longest = 15 * time.Minute

// result is a run that has ended.
type result struct {
	args           []string
	status         int
	stdout, stderr string
	peak           int64 // bytes of memory
	err            error // it could not be run, or was killed
}

// tracekit runs the command, with stdin from a pipe unless that is nil.
func (s *soak) tracekit(stdin io.Reader, args ...string) result {
	ctx, stop := context.WithTimeout(context.Background(), longest)
	defer stop()
	var stdout, stderr bytes.Buffer
	c := exec.CommandContext(ctx, s.bin, args...)
	c.Env = append(os.Environ(), "TMPDIR="+s.tmp())
	if s.rnd.IntN(3) == 0 {
		c.Env = append(c.Env, "GOMAXPROCS=1")
	}
	if stdin != nil {
		c.Stdin = struct{ io.Reader }{stdin} // so that it is no file
	}
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	r := result{args: args, stdout: stdout.String(), stderr: stderr.String()}
	if err != nil && !errors.As(err, new(*exec.ExitError)) || ctx.Err() != nil {
		r.err = errors.Join(err, ctx.Err())
		return r
	}
	r.status, r.peak = c.ProcessState.ExitCode(), peakMemory(c.ProcessState)
	s.peak = max(s.peak, r.peak)
	return r
}

func (s *soak) tmp() string { return filepath.Join(s.dir, "tmp") }

// broken says what no run may do, whatever it is asked for.
func (r result) broken(memory int64) error {
	lines := strings.Split(strings.TrimSpace(r.stderr), "\n")
	complaints := 0
	for _, line := range lines {
		if strings.HasPrefix(line, "tracekit: error: ") {
			complaints++
		}
	}
	switch {
	case r.err != nil:
		return r.fault("did not end: %v", r.err)
	case strings.Contains(r.stderr, "goroutine ") || strings.Contains(r.stderr, "panic"):
		return r.fault("panics")
	case r.status < 0 || r.status > 3:
		return r.fault("ends with status %d", r.status)
	case (r.status == 1 || r.status == 2) != (complaints == 1):
		return r.fault("ends with status %d and %d errors", r.status, complaints)
	case r.peak > memory:
		return r.fault("takes %d MB of memory", r.peak>>20)
	}
	return nil
}

// fault is what a run did wrong, with what it takes to meet it again.
type fault struct {
	args         []string
	what, stderr string
}

func (f *fault) Error() string { return fmt.Sprintf("tracekit %q %s\n%s", f.args, f.what, f.stderr) }

func (r result) fault(format string, args ...any) error {
	return &fault{r.args, fmt.Sprintf(format, args...), r.stderr}
}
