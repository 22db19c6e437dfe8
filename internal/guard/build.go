package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// before is the commit that the tree is compared with. It stands here since tags may
// not travel with a clone.
//
//go:embed before.txt
var before string

// errNoHistory says that the commit of before is not in this clone.
var errNoHistory = errors.New("the history of this clone does not reach the commit to compare with")

// build makes the programs that were not given, both with the same version, which
// some of what they write has in it.
func (c *config) build(ctx context.Context, dir string) (err error) {
	if c.old == "" {
		commit := strings.TrimSpace(before)
		tree := filepath.Join(dir, "before")
		if err := c.checkOut(ctx, commit, tree); err != nil {
			return err
		}
		if c.old, err = compile(ctx, tree, filepath.Join(dir, "tracekit-before")); err != nil {
			return fmt.Errorf("commit %s: %w", commit, err)
		}
	}
	if c.new == "" {
		c.new, err = compile(ctx, c.root, filepath.Join(dir, "tracekit-now"))
		return err
	}
	return nil
}

// checkOut puts the files of a commit into a folder.
func (c *config) checkOut(ctx context.Context, commit, to string) error {
	git := func(args ...string) *exec.Cmd {
		return exec.CommandContext(ctx, "git", append([]string{"-C", c.root}, args...)...)
	}
	if git("cat-file", "-e", commit+"^{commit}").Run() != nil {
		return fmt.Errorf("%w (%s): git fetch --unshallow brings it", errNoHistory, commit)
	}
	if err := os.MkdirAll(to, 0o777); err != nil {
		return err
	}
	packed := to + ".tar"
	if out, err := git("archive", "-o", packed, commit).CombinedOutput(); err != nil {
		return fmt.Errorf("git archive: %w\n%s", err, out)
	}
	if out, err := exec.CommandContext(ctx, "tar", "-xf", packed, "-C", to).CombinedOutput(); err != nil {
		return fmt.Errorf("tar: %w\n%s", err, out)
	}
	return nil
}

func compile(ctx context.Context, tree, to string) (string, error) {
	to, err := filepath.Abs(to)
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-tags", "urfave_cli_no_docs",
		"-ldflags", "-X main.releaseVersion=guarded", "-o", to, "./cmd/tracekit")
	cmd.Dir = tree
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build in %s: %w\n%s", tree, err, out)
	}
	return to, nil
}
