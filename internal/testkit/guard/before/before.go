// Package before builds the program as it was at a commit of the project's history,
// for comparison with what it is now.
package before

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

// commit is what the tree is compared with. It stands in a file since tags may not
// travel with a clone.
//
//go:embed commit.txt
var commit string

// ErrNoHistory says that the commit is not in this clone.
var ErrNoHistory = errors.New("the history of this clone does not reach the commit to compare with")

// Build makes the program of before in a folder, from the history of the tree at root.
func Build(ctx context.Context, root, dir string) (program string, err error) {
	commit, tree := strings.TrimSpace(commit), filepath.Join(dir, "before")
	if err := checkOut(ctx, root, commit, tree); err != nil {
		return "", err
	}
	if program, err = Compile(ctx, tree, filepath.Join(dir, "tracekit-before")); err != nil {
		return "", fmt.Errorf("commit %s: %w", commit, err)
	}
	return program, nil
}

// checkOut puts the files of a commit into a folder.
func checkOut(ctx context.Context, root, commit, to string) error {
	git := func(args ...string) *exec.Cmd {
		return exec.CommandContext(ctx, "git", append([]string{"-C", root}, args...)...)
	}
	if git("cat-file", "-e", commit+"^{commit}").Run() != nil {
		return fmt.Errorf("%w (%s): git fetch --unshallow brings it", ErrNoHistory, commit)
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

// Compile builds the command of a tree as releases are, and with the same version
// whatever the tree: some of what it writes has that in it.
func Compile(ctx context.Context, tree, to string) (program string, err error) {
	if program, err = filepath.Abs(to); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-tags", "urfave_cli_no_docs",
		"-ldflags", "-X main.releaseVersion=guarded", "-o", program, "./cmd/tracekit")
	cmd.Dir = tree
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build in %s: %w\n%s", tree, err, out)
	}
	return program, nil
}
