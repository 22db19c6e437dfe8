package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tracekit/internal/manual"
	"tracekit/internal/testkit/tracegen"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/urfave/cli/v2"
)

const (
	docsDir    = "../../docs"
	sectionEnd = "<!-- end of help -->\n"
)

func sectionStart(verb string) string {
	return "<!-- " + strings.TrimSpace("tracekit help "+verb) + " -->\n"
}

func docsApp() *cli.App { return appOf(newStreams(nil, io.Discard, io.Discard)) }

// The pages hold what --help says, between two marks. With -update, it is written
// there; a verb without a page gets one.
func TestDocsSayWhatHelpSays(t *testing.T) {
	app := docsApp()
	pages := readPages(t)
	want := map[string]string{"": manual.Overview(app)}
	for _, v := range manual.Verbs(app) {
		want[v.Name] = v.Help(app.Name)
		if *update && !anyHas(pages, sectionStart(v.Name)) {
			addSection(pages, v)
		}
	}
	for verb, help := range want {
		found := 0
		for name, text := range pages {
			before, rest, ok := strings.Cut(text, sectionStart(verb))
			if !ok {
				continue
			}
			found++
			got, after, ok := strings.Cut(rest, sectionEnd)
			if !ok {
				t.Fatalf("%s: %q is missing", name, sectionEnd)
			}
			section := "```text\n" + help + "```\n"
			if *update {
				pages[name] = before + sectionStart(verb) + section + sectionEnd + after
			} else if got != section {
				t.Errorf("%s is not what tracekit help %s says; make docs", name, verb)
			}
		}
		if found != 1 {
			t.Errorf("tracekit help %s stands in %d pages, not in one; make docs", verb, found)
		}
	}
	if *update {
		for name, text := range pages {
			if err := os.WriteFile(filepath.Join(docsDir, name), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func readPages(t *testing.T) map[string]string {
	names, err := filepath.Glob(filepath.Join(docsDir, "*.md"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	pages := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		pages[filepath.Base(name)] = string(text)
	}
	return pages
}

func anyHas(pages map[string]string, text string) bool {
	for _, page := range pages {
		if strings.Contains(page, text) {
			return true
		}
	}
	return false
}

func addSection(pages map[string]string, v manual.Verb) {
	name := v.Name + ".md"
	if pages[name] == "" {
		pages[name] = "# tracekit " + v.Name + "\n\nUsed to " + v.Usage + ".\n"
	}
	pages[name] += "\n## Flags\n\n" + sectionStart(v.Name) + sectionEnd
}

// Every tracekit command in what people read has verbs and flags that exist.
func TestCommandsInDocsExist(t *testing.T) {
	texts := readPages(t)
	for _, pattern := range []string{"../../*.md", "../../examples/*.sh"} {
		names, _ := filepath.Glob(pattern)
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			texts[name] = string(text)
		}
	}
	app, seen := docsApp(), 0
	for name, text := range texts {
		for _, command := range commandsIn(text, strings.HasSuffix(name, ".sh")) {
			seen++
			if bad := badWord(app, command); bad != "" {
				t.Errorf("%s: %s: there is no %s", name, command, bad)
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d commands were seen", seen)
	}
}

var commandInProse = regexp.MustCompile("`tracekit [^`]+`")

// commandsIn finds tracekit commands: lines that begin with one, indented but in
// a script, what is piped into one, and what stands between backquotes. Lines
// that go on after a backslash are joined.
func commandsIn(text string, script bool) []string {
	text = strings.ReplaceAll(text, "\\\n", " ")
	found := commandInProse.FindAllString(text, -1)
	for line := range strings.Lines(text) {
		if !script && !strings.HasPrefix(line, "   ") {
			continue
		}
		for _, part := range strings.Split(line, " | ") {
			if part = strings.TrimSpace(part); strings.HasPrefix(part, "tracekit ") {
				found = append(found, part)
			}
		}
	}
	return found
}

var flagWord = regexp.MustCompile(`^--?[a-z][a-z0-9-]*`)

// badWord is the verb or flag of command that does not exist.
func badWord(app *cli.App, command string) string {
	words := strings.Fields(strings.Trim(command, "`"))
	if len(words) < 2 || strings.ToUpper(words[1]) == words[1] || words[1] == "--version" {
		return ""
	}
	if words[1] = strings.TrimSuffix(words[1], ":"); app.Command(words[1]) == nil {
		return "verb " + words[1]
	}
	known := map[string]bool{"--help": true, "-h": true}
	for _, f := range app.Command(words[1]).Flags {
		for _, n := range f.Names() {
			known[dashes(n)] = true
		}
	}
	for _, w := range words[2:] {
		if flag := flagWord.FindString(w); flag != "" && !known[flag] {
			return "flag " + flag
		}
	}
	return ""
}

var place = regexp.MustCompile("`([a-z]+(?:/[a-z_]+)+(?:\\.go|\\.md)?)`")

// Folders and files that are named in what tells of the code are there.
func TestPlacesInPagesExist(t *testing.T) {
	for _, name := range []string{"ARCHITECTURE.md", "FORMATS.md"} {
		text, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		found := place.FindAllStringSubmatch(string(text), -1)
		for _, m := range found {
			if _, err := os.Stat(filepath.Join("../..", m[1])); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if len(found) < 10 {
			t.Errorf("%s: only %d places", name, len(found))
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#:]+)\)`)

func TestLinksLeadSomewhere(t *testing.T) {
	seen := 0
	for _, pattern := range []string{"../../*.md", "../../*/*.md"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range link.FindAllStringSubmatch(string(text), -1) {
				seen++
				if _, err := os.Stat(filepath.Join(filepath.Dir(name), m[1])); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d links were seen", seen)
	}
}

// The examples of filter say what the page says that they do, in a shell.
func TestFilterExamples(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	page, err := os.ReadFile(filepath.Join(docsDir, "filter.md"))
	if err != nil {
		t.Fatal(err)
	}
	vllm, err := os.ReadFile("../../testdata/vllm_decode_one_step.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	var gaudi bytes.Buffer
	if _, err := tracegen.Generate(&gaudi, tracegen.Config{Seed: 1, Hardware: true, Steps: 20, Layers: 2}); err != nil {
		t.Fatal(err)
	}
	_, examples, _ := strings.Cut(string(page), "## Ten examples\n")
	examples, _, _ = strings.Cut(examples, "\n## ")
	var script, want strings.Builder
	for line := range strings.Lines(examples) {
		if line, ok := strings.CutPrefix(line, "    "); ok {
			if strings.HasPrefix(line, "tracekit ") {
				script.WriteString(strings.TrimSpace(line) + " >/dev/null 2>>said\n")
			} else if strings.HasPrefix(line, "filter: ") {
				want.WriteString(line)
			}
		}
	}
	if n := strings.Count(script.String(), "\n"); n != 10 {
		t.Fatalf("%d examples", n)
	}
	file := filepath.Join(t.TempDir(), "examples.txtar")
	text := "exec sh -eu examples.sh\ncmp said want\n-- examples.sh --\n" + script.String() + "-- want --\n" + want.String()
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{Files: []string{file}, Setup: func(env *testscript.Env) error {
		return errors.Join(
			os.WriteFile(env.Cd+"/vllm.json.gz", vllm, 0o666),
			os.WriteFile(env.Cd+"/gaudi.json.gz", gaudi.Bytes(), 0o666), // a name says nothing of what is in it
		)
	}})
}

// Who follows the README from top to bottom gets what it promises.
func TestReadmeWorks(t *testing.T) {
	if testing.Short() {
		t.Skip("runs many commands")
	}
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	data, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	script := "exec sh -eux readme.sh\n-- readme.sh --\n"
	commands := 0
	for line := range strings.Lines(string(readme)) {
		command, indented := strings.CutPrefix(line, "    ")
		copies := strings.HasPrefix(command, "cp ")
		// What needs a trace of many steps, or another host, is not there.
		if !indented || strings.Contains(command, "long.json.gz") || strings.Contains(command, "://") || !copies && !strings.HasPrefix(command, "tracekit ") {
			continue
		}
		script += strings.Replace(command, "cp testdata", "cp '"+filepath.ToSlash(data)+"'", 1)
		commands++
	}
	if commands < 15 {
		t.Fatalf("only %d commands were seen", commands)
	}
	file := filepath.Join(t.TempDir(), "readme.txtar")
	if err := os.WriteFile(file, []byte(script), 0o666); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{Files: []string{file}})
}
