package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tracekit/internal/remote"
	"tracekit/transform/split"

	"github.com/urfave/cli/v2"
)

// outputs name what comes out of each input: as it is called itself, where no other is called so.
func (m *many) outputs(names []string) []done {
	all := make([]done, len(names))
	taken := map[string]bool{}
	for i, name := range names {
		all[i].name = name
		if m.dir == "" {
			continue
		}
		for out := range outputNames(name, m.outputName) {
			if !taken[out] {
				taken[out] = true
				all[i].output = filepath.Join(m.dir, out)
				break
			}
		}
	}
	return all
}

// spareInputs refuses outputs in the place of inputs.
func spareInputs(all []done) error {
	var inputs []os.FileInfo
	for i := range all {
		if in, err := os.Stat(all[i].name); err == nil {
			inputs = append(inputs, in)
		}
	}
	for i := range all {
		out, err := os.Stat(all[i].output)
		if err == nil && slices.ContainsFunc(inputs, func(in os.FileInfo) bool { return os.SameFile(in, out) }) {
			return hint(usage("%s: is an input", all[i].output), "name another folder")
		}
	}
	return nil
}

// outputName is the name of what comes out of a file of some name.
func (m *many) outputName(name string) string {
	if m.kind == writesBeside {
		return name + indexSuffix
	}
	packed := filepath.Ext(name)
	plain := strings.TrimSuffix(name, packed)
	switch strings.ToLower(packed) {
	case ".gz", ".zst":
	case ".zip":
		packed = ".gz"
	default:
		packed, plain = "", name
	}
	if m.kind == writesFolders {
		return strings.TrimSuffix(plain, ".json")
	}
	switch m.String("compress") {
	case "gzip", "gz":
		packed = ".gz"
	case "zstd", "zst":
		packed = ".zst"
	case "none":
		packed = ""
	}
	return plain + packed
}

// last is the file of an output that appears last.
func (m *many) last(output string) string {
	if m.kind == writesFolders {
		return filepath.Join(output, split.ManifestNames[0])
	}
	return output
}

// isNewer reports whether an output is there that is not older than its input.
func isNewer(c *cli.Context, std streams, output, input string) bool {
	out, known := writtenAt(c, std, output)
	if !known {
		return false
	}
	in, known := writtenAt(c, std, input)
	return known && !out.Before(in)
}

// writtenAt is when a file was written, wherever it is.
func writtenAt(c *cli.Context, std streams, name string) (at time.Time, known bool) {
	if remote.Is(name) {
		return std.net.writtenAt(c, name)
	}
	info, err := os.Stat(name)
	if err != nil {
		return at, false
	}
	return info.ModTime(), true
}
