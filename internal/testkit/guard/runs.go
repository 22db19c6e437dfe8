package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

//go:embed requests.*
var requestFiles embed.FS

// result is what a call has left.
type result struct {
	status   int
	hangs    bool
	panicked bool
	stderr   string
	files    map[string][]byte // what it wrote, by name; standard output is stdout
}

const stdout = "stdout"

// compareAll runs the jobs, several at a time.
func (c *config) compareAll(ctx context.Context, dir string, jobs []job, rep *report) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	queue := make(chan int)
	var group sync.WaitGroup
	for n := range c.workers {
		group.Go(func() {
			for i := range queue {
				found, err := c.compareOne(ctx, filepath.Join(dir, fmt.Sprint("run-", n)), jobs[i])
				if err != nil {
					fail(err)
					continue
				}
				rep.add(i, jobs[i], found)
			}
		})
	}
	for i := range jobs {
		select {
		case queue <- i:
		case <-ctx.Done():
		}
	}
	close(queue)
	group.Wait()
	return context.Cause(ctx)
}

func (c *config) compareOne(ctx context.Context, dir string, j job) ([]difference, error) {
	old, err := c.execute(ctx, c.old, dir, j)
	if err != nil {
		return nil, err
	}
	now, err := c.execute(ctx, c.new, dir, j)
	if err != nil {
		return nil, err
	}
	return compare(j.call, old, now), nil
}

// execute runs a job with one of the programs, in a folder that has nothing in it but
// the input and lists of requests.
func (c *config) execute(ctx context.Context, program, dir string, j job) (result, error) {
	work := filepath.Join(dir, "work")
	if err := errors.Join(os.RemoveAll(work), os.MkdirAll(filepath.Join(work, "tmp"), 0o777)); err != nil {
		return result{}, err
	}
	given, err := c.furnish(work, j)
	if err != nil {
		return result{}, err
	}
	if j.way.index {
		index := exec.CommandContext(ctx, program, "index", "-q", given)
		index.Dir = work
		index.Run() // of what can't be indexed the call says so itself
	}
	args := j.call.args
	var stdin *os.File
	switch {
	case j.call.alone:
	case j.way.pipe:
		if j.call.verb() == "compare" {
			args = append(args[:len(args):len(args)], "-")
		}
		if stdin, err = os.Open(filepath.Join(work, given)); err != nil {
			return result{}, err
		}
		defer stdin.Close()
	default:
		args = append(args[:len(args):len(args)], given)
	}
	r, err := c.start(ctx, program, work, j.way.procs, args, stdin)
	if err != nil {
		return r, err
	}
	err = filepath.WalkDir(work, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(work, path)
		if err != nil || d.IsDir() || name == given || name == otherName || strings.HasPrefix(name, "requests.") {
			return err
		}
		r.files[filepath.ToSlash(name)], err = os.ReadFile(path)
		return err
	})
	return r, err
}

// furnish puts into a folder what a call may read, and returns the name of the input.
func (c *config) furnish(work string, j job) (given string, err error) {
	if j.call.alone {
		return "", nil
	}
	path := map[string]string{asItIs: j.input.path, "gz": j.input.gz, "plain": j.input.plain}[j.way.form]
	given = filepath.Base(path)
	if err := os.Link(path, filepath.Join(work, given)); err != nil {
		return "", err
	}
	if j.call.verb() == "compare" {
		if err := os.Link(c.other, filepath.Join(work, otherName)); err != nil {
			return "", err
		}
	}
	return given, os.CopyFS(work, requestFiles)
}

// start runs a program until it ends or the time is up. Its input is a pipe, not the file.
func (c *config) start(ctx context.Context, program, work string, procs int, args []string, stdin *os.File) (result, error) {
	ctx, stop := context.WithTimeout(ctx, c.limit)
	defer stop()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = work
	cmd.Env = append(os.Environ(), fmt.Sprint("GOMAXPROCS=", procs), "TMPDIR="+filepath.Join(work, "tmp"))
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = time.Second
	if stdin != nil {
		cmd.Stdin = onlyReader{stdin}
	}
	r := result{files: map[string][]byte{}}
	var err error
	if args[0] == "open" {
		r.files, err = startOpen(ctx, cmd)
	} else {
		err = cmd.Run()
		r.files[stdout] = out.Bytes()
	}
	r.status, r.stderr = cmd.ProcessState.ExitCode(), errs.String()
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		r.hangs = true
	case ctx.Err() != nil:
		return r, ctx.Err()
	case err != nil && cmd.ProcessState == nil:
		return r, err
	}
	r.panicked = strings.Contains(r.stderr, "\ngoroutine ")
	return r, nil
}

// onlyReader hides that it is a file, which would be handed over as such.
type onlyReader struct{ f *os.File }

func (r onlyReader) Read(p []byte) (int, error) { return r.f.Read(p) }
