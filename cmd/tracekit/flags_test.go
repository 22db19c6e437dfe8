package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sharedFlags are those that docs/flags.md shows by command.
var sharedFlags = []struct {
	about string
	names []string
}{
	{"range", []string{"from", "to", "for", "step", "phase", "request", "around", "pad", "part", "capture"}},
	{"choice", []string{"step-marker", "step-pid", "step-tid", "requests", "request-key", "request-by", "request-pattern", "hardware-is", "python-is", "device", "boundary", "strip"}},
	{"input", []string{"index", "max-size", "max-memory", "tmpdir", "strict", "quiet", "s3-endpoint", "offline", "jobs", "shard", "expect"}},
	{"output", []string{"output", "compress", "resume", "dry-run", "stats", "summary", "fail-empty"}},
	{"for scripts and people", []string{"json", "csv", "html", "rows"}},
}

// The page of flags shows which command has which, and one that two commands have is on it. With
// -update the tables are written.
func TestFlagsPage(t *testing.T) {
	app := docsApp()
	verbs := []string{"slice", "strip", "filter", "downsample", "split", "merge", "repair", "index", "open", "info", "report", "compare", "check"}
	own := []string{"cat", "counters", "every", "flows", "min-dur", "name", "skip", "help"}
	has := map[string][]string{}
	for _, verb := range verbs {
		for _, f := range app.Command(verb).Flags {
			has[f.Names()[0]] = append(has[f.Names()[0]], verb)
		}
	}
	var b strings.Builder
	shown := own
	for _, group := range sharedFlags {
		fmt.Fprintf(&b, "\n| %s | %s |\n|---|%s\n", group.about, strings.Join(verbs, " | "), strings.Repeat(":-:|", len(verbs)))
		for _, name := range group.names {
			shown = append(shown, name)
			fmt.Fprintf(&b, "| `--%s` |", name)
			for _, verb := range verbs {
				mark := "—"
				if slices.Contains(has[name], verb) {
					mark = "✓"
				}
				fmt.Fprintf(&b, " %s |", mark)
			}
			b.WriteByte('\n')
		}
	}
	for name, of := range has {
		if len(of) > 1 && !slices.Contains(shown, name) {
			t.Errorf("--%s is of %q, and not on the page", name, of)
		}
	}
	for _, name := range shown {
		if name != "help" && has[name] == nil {
			t.Errorf("no command has --%s", name)
		}
	}
	path := filepath.Join(docsDir, "flags.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- flags -->\n", "\n<!-- end of flags -->"
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, isEnd := strings.Cut(rest, end[1:])
	if !ok || !isEnd {
		t.Fatalf("%q or %q is missing", begin, end)
	}
	want := before + begin + strings.TrimPrefix(b.String(), "\n") + end + after
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	} else if string(page) != want {
		t.Error("docs/flags.md has other flags than the commands; go test ./cmd/tracekit -run TestFlagsPage -update")
	}
}
