package tracekit_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// neverRight are words that this project does not use, and what it says instead.
var neverRight = []struct{ word, say string }{
	{`arrows?`, "flow, flow event"},
	{`mend(s|ed|ing)?|healed|heals?`, "repaired (by the command), sanitized (while reading)"},
	{`alike`, "equal, the same"},
	{`kinship|kin`, "related, relations"},
	{`unruly`, "out of order"},
	{`fates?`, "decision, outcome"},
	{`tapes?`, "compressed range"},
	{`hangs? in the air`, "dangling"},
	{`of which it is known`, "known"},
	{`(what|that|which) stays?`, "kept"},
	{`shall`, "must"},
	{`twins?`, "naive reference"},
	{`comes? home`, "returned to the pool"},
	{`how-manieth`, "number"},
}

// rightHere are uses of such words that mean something else.
var rightHere = regexp.MustCompile(`(?i)arrow ?(keys?|left|right|up|down)|magnetic tapes|it stays the same|(what|that|which) stays? (the same|valid|open|unused)`)

// inName divides a name into its words.
var inName = regexp.MustCompile(`([a-z0-9])([A-Z])`)

// Words that were taken for riddles by those who read them first do not come back: in text, and in names.
func TestWords(t *testing.T) {
	var all []string
	for _, w := range neverRight {
		all = append(all, w.word)
	}
	any := regexp.MustCompile(`(?i)\b(` + strings.Join(all, "|") + `)\b`)
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && (name == ".git" || name == "bin" || name == "dist" || path == "testdata/cases") {
			return fs.SkipDir
		}
		switch filepath.Ext(path) {
		case ".go", ".md", ".txtar", ".js", ".html", ".css", ".sh", ".s":
		default:
			return nil
		}
		if path == "words_test.go" {
			return nil
		}
		files++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(text), "\n") {
			if filepath.Ext(path) == ".go" {
				line = inName.ReplaceAllString(strings.ReplaceAll(line, "_", " "), "$1 $2")
			}
			if found := any.FindString(rightHere.ReplaceAllString(line, "")); found != "" {
				t.Errorf("%s:%d: %q; say %s", path, i+1, found, instead(found))
			}
		}
		return nil
	})
	if err != nil || files < 300 {
		t.Errorf("%d files, %v", files, err)
	}
}

func instead(found string) string {
	for _, w := range neverRight {
		if regexp.MustCompile(`(?i)^(` + w.word + `)$`).MatchString(found) {
			return w.say
		}
	}
	return ""
}
