package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"tracekit/internal/natural"
	"tracekit/internal/remote"

	"github.com/urfave/cli/v2"
)

// traceEndings end the names of the files that are taken for traces in a folder.
var traceEndings = []string{".json", ".json.gz", ".json.zst", ".json.zip"}

// manyInputs are the names of the files that a verb's arguments name: files, the traces in a
// folder, and those that a quoted pattern matches, each once.
func manyInputs(c *cli.Context, std streams) (names []string, err error) {
	return expandAll(c, std, c.Args().Slice())
}

// expandAll returns the files that arguments name, each once.
func expandAll(c *cli.Context, std streams, args []string) (names []string, err error) {
	seen := map[string]bool{}
	for _, arg := range args {
		some, err := expand(c, std, arg)
		if err != nil {
			return nil, err
		}
		for _, name := range some {
			one := name
			if !remote.Is(name) {
				one = filepath.Clean(name)
			}
			if !seen[one] {
				seen[one] = true
				names = append(names, name)
			}
		}
	}
	return names, nil
}

// expand returns the files that an argument names.
func expand(c *cli.Context, std streams, arg string) ([]string, error) {
	if remote.Is(arg) {
		return std.net.list(c, arg)
	}
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
func isPattern(arg string) bool {
	if remote.Is(arg) {
		return remote.IsPattern(arg)
	}
	return strings.ContainsAny(arg, "*?[")
}

// baseName is what an input is called without the folder that it is in.
func baseName(name string) string {
	if remote.Is(name) {
		return remote.Base(name)
	}
	return filepath.Base(name)
}

// folderName is the folder that an input is in.
func folderName(name string) string {
	if remote.Is(name) {
		return path.Dir(remote.Shown(name))
	}
	return filepath.Dir(name)
}

// inFolder returns the traces in a folder, without those in folders in it.
func inFolder(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, plainPathError(err)
	}
	for _, e := range entries {
		if !e.IsDir() && isTraceName(e.Name()) {
			names = append(names, filepath.Join(dir, e.Name()))
		}
	}
	if len(names) == 0 {
		return nil, hint(fmt.Errorf("%s: no trace is in the folder", dir), "their names would end in %s", strings.Join(traceEndings, ", "))
	}
	slices.SortFunc(names, natural.Compare)
	return names, nil
}

func isTraceName(name string) bool {
	name = strings.ToLower(name)
	if strings.HasPrefix(name, ".") || name == "manifest.json" || name == "perfetto_manifest.json" {
		return false
	}
	return slices.ContainsFunc(traceEndings, func(end string) bool { return strings.HasSuffix(name, end) })
}
