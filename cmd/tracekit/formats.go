package main

import (
	"path/filepath"
	"slices"
	"strings"

	"tracekit/trace"
)

// packings are the endings of names that say how an output is compressed.
var packings = map[string]trace.Format{".gz": trace.Gzip, ".zst": trace.Zstd}

// foreign are endings that promise what no output of a trace is.
var foreign = []string{
	".xz", ".bz2", ".zip", ".lz4", ".lzma", ".lzo", ".lz", ".br", ".sz", ".7z", ".rar", ".z", ".tgz", ".tar", ".gzip", ".zstd",
	".pftrace", ".perfetto-trace", ".html", ".csv", ".db", ".sqlite", ".parquet", indexSuffix,
}

// formatOf is how an output is compressed: as --compress says, else by the ending
// of its name. An ending that promises something else is refused.
func formatOf(compress, name string) (trace.Format, error) {
	format := trace.Plain
	ending := strings.ToLower(filepath.Ext(name))
	promised, packed := packings[ending]
	switch compress {
	case "gzip", "gz":
		format = trace.Gzip
	case "zstd", "zst":
		format = trace.Zstd
	case "none":
	case "":
		format = promised
	default:
		return 0, hint(usage("--compress %q", compress), "gzip, zstd or none")
	}
	switch {
	case slices.Contains(foreign, ending):
		return 0, hint(usage("%s: a trace is not written as %s", name, ending), "end the name in .json, .json.gz or .json.zst")
	case packed && promised != format:
		return 0, hint(usage("%s: the name promises %s, but --compress says %s", name, packedAs(promised), packedAs(format)), "leave --compress out, or end the name as it says")
	}
	return format, nil
}

// packedAs names a format for people.
func packedAs(f trace.Format) string {
	switch f {
	case trace.Gzip:
		return "gzip"
	case trace.Zstd:
		return "zstd"
	}
	return "plain JSON"
}
