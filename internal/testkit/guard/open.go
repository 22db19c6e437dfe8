package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"

	"tracekit/internal/testkit/opened"
)

// asked are the pieces that are asked of open.
var asked = []string{
	`{"strip":["python"]}`,
	`{"strip":["hardware"],"cats":["cpu_op"]}`,
	`{"from":"%d","to":"%d"}`,
	`{"from":"%d","to":"%d","launched":true,"strip":["python"]}`,
	`{"from":"%d","to":"%d","target":1000000}`,
}

// startOpen starts cmd, which is open, does what its page does, and ends it. The result has the
// page's data and pieces as files; what stands on standard output is different each time.
func startOpen(ctx context.Context, cmd *exec.Cmd) (files map[string][]byte, err error) {
	cmd.Stdout = nil
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	files = map[string][]byte{}
	if line, err := bufio.NewReader(out).ReadString('\n'); err == nil {
		useOpen(ctx, opened.At(line), files, slices.Contains(cmd.Args, "--perfetto"))
		cmd.Process.Signal(os.Interrupt)
	}
	io.Copy(io.Discard, out)
	err = cmd.Wait()
	if errors.As(err, new(*exec.ExitError)) {
		err = nil
	}
	return files, err
}

// useOpen asks a server for what it has; without an overview that is one piece. An answer that
// is an error is kept as well.
func useOpen(ctx context.Context, s opened.Server, files map[string][]byte, straight bool) {
	keep := func(name string, text []byte, err error) {
		if err != nil {
			name, text = name+".error.txt", []byte(err.Error())
		}
		files[name] = text
	}
	if straight {
		piece, err := s.Cut(ctx, "{}")
		keep("piece.json.gz", piece, err)
		return
	}
	page, err := s.Page(ctx)
	if keep("page.json", page, err); err != nil {
		return
	}
	from, to := middle(page)
	for i, body := range asked {
		if i >= 2 {
			body = fmt.Sprintf(body, from, to)
		}
		piece, err := s.Cut(ctx, body)
		keep(fmt.Sprintf("piece-%d.json.gz", i), piece, err)
	}
	_, text, err := s.Ask(ctx, "GET", fmt.Sprintf("/api/finer?from=%d&to=%d", from, to), "")
	keep("finer.json", text, err)
}

// middle is the half of the run around its middle, in ns.
func middle(page []byte) (from, to int64) {
	var of struct {
		Zero   int64 `json:",string"`
		Length int64
	}
	if err := json.Unmarshal(page, &of); err != nil {
		return 0, 1
	}
	return of.Zero + of.Length/4, of.Zero + of.Length*3/4 + 1
}
