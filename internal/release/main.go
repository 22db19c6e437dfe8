// Command release builds tracekit for each system and processor, and packs each
// build with its documentation, the same bytes every time.
package main

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// targets are the systems and processors that a release is for.
var targets = []struct{ system, processor string }{
	{"linux", "amd64"}, {"linux", "arm64"},
	{"darwin", "amd64"}, {"darwin", "arm64"},
	{"windows", "amd64"}, {"windows", "arm64"},
}

func main() {
	version := flag.String("version", "", "version that the builds tell of themselves")
	commit := flag.String("commit", "", "commit that they tell")
	seconds := flag.Int64("time", 0, "time of all files in the archives, in seconds since 1970: that of the commit")
	docs := flag.String("docs", "", "folder of what goes beside README, LICENSE and CHANGELOG")
	out := flag.String("o", "dist", "folder to write to")
	flag.Parse()
	if err := release(*version, *commit, time.Unix(*seconds, 0).UTC(), *docs, *out); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func release(version, commit string, at time.Time, docs, out string) error {
	if version == "" || commit == "" {
		return fmt.Errorf("-version and -commit are wanted")
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	texts, err := documentation(docs)
	if err != nil {
		return err
	}
	var sums strings.Builder
	for _, t := range targets {
		program, err := build(version, commit, t.system, t.processor)
		if err != nil {
			return err
		}
		folder := fmt.Sprintf("tracekit_%s_%s_%s", strings.TrimPrefix(version, "v"), t.system, t.processor)
		files := append([]file{program}, texts...)
		pack, suffix := packTar, ".tar.gz"
		if t.system == "windows" {
			pack, suffix = packZip, ".zip"
		}
		archive, err := pack(folder, files, at)
		if err != nil {
			return err
		}
		name := folder + suffix
		if err := os.WriteFile(filepath.Join(out, name), archive, 0o666); err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(archive), name)
		fmt.Println(name, len(archive), "bytes")
	}
	return os.WriteFile(filepath.Join(out, "SHA256SUMS"), []byte(sums.String()), 0o666)
}

// build compiles the program without anything of this machine in it: no cgo, no
// paths, no state of the work tree, the lowest version of the processor.
func build(version, commit, system, processor string) (file, error) {
	dir, err := os.MkdirTemp("", "tracekit-release")
	if err != nil {
		return file{}, err
	}
	defer os.RemoveAll(dir)
	name := "tracekit"
	if system == "windows" {
		name += ".exe"
	}
	path := filepath.Join(dir, name)
	link := fmt.Sprintf("-s -w -buildid= -X main.releaseVersion=%s -X main.releaseCommit=%s", version, commit)
	cmd := exec.Command("go", "build", "-trimpath", "-tags", "urfave_cli_no_docs", "-buildvcs=false", "-ldflags", link, "-o", path, "./cmd/tracekit")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOEXPERIMENT=", "GOAMD64=v1", "GOARM64=v8.0",
		"GOOS="+system, "GOARCH="+processor)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return file{}, fmt.Errorf("building for %s on %s: %w", system, processor, err)
	}
	text, err := os.ReadFile(path)
	return file{name: name, text: text, program: true}, err
}
