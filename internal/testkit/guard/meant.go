package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// meant is a line that says what may differ.
type meant struct {
	where       string // file and line
	call, input string // globs
	kinds       []allowed
	why         string
	used        bool
}

// allowed is a kind of difference, everywhere or in places like a glob.
type allowed struct {
	kind kind
	at   string
}

var gap = regexp.MustCompile(`\s{2,}|\t`)

// readMeant reads all lines of all files of a folder.
func readMeant(dir string) (all []*meant, err error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		lines, err := parseMeant(filepath.Base(path), string(text))
		if err != nil {
			return nil, err
		}
		all = append(all, lines...)
	}
	return all, nil
}

func parseMeant(file, text string) (all []*meant, err error) {
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		m := &meant{where: fmt.Sprintf("meant/%s:%d", file, n)}
		fields := gap.Split(line, 4)
		if len(fields) != 4 || fields[3] == "WHY" {
			return nil, fmt.Errorf("%s: wants a call, an input, what may differ, and why, with two spaces between: %s", m.where, line)
		}
		m.call, m.input, m.why = fields[0], fields[1], fields[3]
		for name := range strings.SplitSeq(fields[2], ",") {
			name, at, within := strings.Cut(name, ":")
			if !slices.Contains(kinds, kind(name)) {
				return nil, fmt.Errorf("%s: %q may not differ, but %q may", m.where, name, kinds)
			}
			if !within {
				at = "*"
			}
			m.kinds = append(m.kinds, allowed{kind(name), at})
		}
		all = append(all, m)
	}
	return all, nil
}

// covers says that a difference is meant.
func (m *meant) covers(j job, d difference) bool {
	return matches(m.call, j.call) && like(m.input, j.input.name) &&
		slices.ContainsFunc(m.kinds, func(a allowed) bool { return a.kind == d.kind && like(a.at, d.at) })
}

// matches says that a glob is like a call, or is its verb.
func matches(glob string, c call) bool { return glob == c.verb() || like(glob, c.text) }

// like matches a text with a glob in which * stands for anything, and nothing else
// for more than itself.
func like(glob, text string) bool {
	first, rest, more := strings.Cut(glob, "*")
	if !more {
		return glob == text
	}
	if !strings.HasPrefix(text, first) {
		return false
	}
	for text = text[len(first):]; ; text = text[1:] {
		if like(rest, text) {
			return true
		}
		if text == "" {
			return false
		}
	}
}
