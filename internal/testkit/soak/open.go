package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"tracekit/internal/testkit/opened"
)

func open(s *soak) command { return command{args: flags("open", "--no-browser"), writes: aServer} }

// serve lets open serve a trace, does what its page does, and judges the pieces.
func (s *soak) serve(t *sample, c command) error {
	ctx, stop := context.WithTimeout(context.Background(), longest)
	defer stop()
	cmd := exec.CommandContext(ctx, s.bin, append(c.args, t.path)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+s.tmp())
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	var used error
	if err == nil {
		used = s.use(ctx, opened.At(line), t, c)
		cmd.Process.Signal(os.Interrupt)
	}
	io.Copy(io.Discard, out)
	err = cmd.Wait()
	r := result{args: cmd.Args[1:], stderr: said.String(), status: cmd.ProcessState.ExitCode(), peak: peakMemory(cmd.ProcessState)}
	s.peak = max(s.peak, r.peak)
	switch {
	case err != nil && !errors.As(err, new(*exec.ExitError)) || ctx.Err() != nil:
		r.err = errors.Join(err, ctx.Err())
	case used != nil:
		return r.fault("%v", used)
	case r.status != 0:
		return r.fault("ends with status %d", r.status)
	}
	if err := r.broken(s.most); err != nil {
		return err
	}
	if left, err := filepath.Glob(filepath.Join(s.tmp(), "*")); err != nil || len(left) > 0 {
		return r.fault("leaves %q, %v", left, err)
	}
	return nil
}

// use asks for a piece, for detail and for names.
func (s *soak) use(ctx context.Context, server opened.Server, t *sample, c command) error {
	text, err := server.Page(ctx)
	if err != nil {
		return err
	}
	var page struct {
		Zero   int64 `json:",string"`
		Length int64
	}
	if err := json.Unmarshal(text, &page); err != nil {
		return err
	}
	r := s.rnd
	from := page.Zero + r.Int64N(page.Length+1)
	to := from + 1 + r.Int64N(page.Length+1)
	kinds := some(r, 2, flags("python"), flags("hardware"))
	launched := r.IntN(3) == 0
	body, err := json.Marshal(map[string]any{"from": strconv.FormatInt(from, 10), "to": strconv.FormatInt(to, 10), "strip": kinds, "launched": launched})
	if err != nil {
		return err
	}
	got, err := server.Cut(ctx, string(body))
	if err != nil {
		return err
	}
	if want := s.cutByVerbs(t, from, to, kinds, launched); string(got) != want {
		return fmt.Errorf("%s: a piece of %d bytes, not the %d that the verbs write", body, len(got), len(want))
	}
	for _, path := range []string{fmt.Sprintf("/api/finer?from=%d&to=%d", from, to), "/api/search?q=" + pick(r, "a", "mm", "7", "decode", "%22")} {
		if status, text, err := server.Ask(ctx, "GET", path, ""); err != nil || status != 200 {
			return fmt.Errorf("%s: %d %.200s %v", path, status, text, err)
		}
	}
	return nil
}

// cutByVerbs makes the same piece by the command.
func (s *soak) cutByVerbs(t *sample, from, to int64, kinds []string, launched bool) string {
	at := func(ns int64) string {
		sign := ""
		if ns < 0 {
			sign, ns = "-", -ns
		}
		return fmt.Sprintf("@%s%d.%03d", sign, ns/1000, ns%1000)
	}
	args := flags("slice", "--from", at(from), "--to", at(to))
	if launched {
		args = append(args, "--device", "launched")
	}
	if len(kinds) == 0 {
		return s.tracekit(nil, append(args, "-z", "gzip", t.path)...).stdout
	}
	first := s.tracekit(nil, append(args, t.path)...).stdout
	strip := flags("strip", "-z", "gzip")
	for _, k := range kinds {
		strip = append(strip, "--"+k)
	}
	return s.tracekit(strings.NewReader(first), strip...).stdout
}
