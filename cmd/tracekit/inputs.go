package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tracekit/internal/natural"

	"github.com/urfave/cli/v2"
)

// traceEndings end the names of the files that are taken for traces in a folder.
var traceEndings = []string{".json", ".json.gz", ".json.zst", ".json.zip"}

// manyInputs are the names of the files that a verb's arguments name: files, the traces in a
// folder, and those that a quoted pattern matches, each once.
func manyInputs(c *cli.Context) (names []string, err error) { return expandAll(c.Args().Slice()) }

// expandAll returns the files that arguments name, each once.
func expandAll(args []string) (names []string, err error) {
	seen := map[string]bool{}
	for _, arg := range args {
		some, err := expand(arg)
		if err != nil {
			return nil, err
		}
		for _, name := range some {
			if !seen[filepath.Clean(name)] {
				seen[filepath.Clean(name)] = true
				names = append(names, name)
			}
		}
	}
	return names, nil
}

// expand returns the files that an argument names.
func expand(arg string) ([]string, error) {
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		return inFolder(arg)
	case err == nil || !isPattern(arg):
		return []string{arg}, nil
	}
	names, err := filepath.Glob(arg)
	if err != nil {
		return nil, usage("%s: it is no file, and no pattern", arg)
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		info, err := os.Stat(name)
		return err != nil || info.IsDir()
	})
	if len(names) == 0 {
		return nil, hint(fmt.Errorf("%s: no file has such a name", arg), "is the pattern right, and seen from this folder?")
	}
	slices.SortFunc(names, natural.Compare)
	return names, nil
}

// isPattern reports whether an argument may match names of files.
func isPattern(arg string) bool { return strings.ContainsAny(arg, "*?[") }

// inFolder returns the traces in a folder, without those in folders in it.
func inFolder(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, plainPathError(err)
	}
	for _, e := range entries {
		if isTraceName(e) {
			names = append(names, filepath.Join(dir, e.Name()))
		}
	}
	if len(names) == 0 {
		return nil, hint(fmt.Errorf("%s: no trace is in the folder", dir), "their names would end in %s", strings.Join(traceEndings, ", "))
	}
	slices.SortFunc(names, natural.Compare)
	return names, nil
}

func isTraceName(e fs.DirEntry) bool {
	name := strings.ToLower(e.Name())
	if e.IsDir() || strings.HasPrefix(name, ".") || name == "manifest.json" || name == "perfetto_manifest.json" {
		return false
	}
	return slices.ContainsFunc(traceEndings, func(end string) bool { return strings.HasSuffix(name, end) })
}
