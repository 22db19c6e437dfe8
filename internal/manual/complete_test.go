package manual

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// script writes the completion for shell into a file, and returns the shell too.
// The test is skipped where that is not there.
func script(t *testing.T, shell string) (program, file string) {
	t.Helper()
	program, err := exec.LookPath(shell)
	if err != nil {
		t.Skip(err)
	}
	name, text, err := Completion(app(), shell)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return program, file
}

func TestShellsParseTheirScripts(t *testing.T) {
	for shell, flag := range map[string]string{"bash": "-n", "zsh": "-n", "fish": "--no-execute"} {
		t.Run(shell, func(t *testing.T) {
			program, file := script(t, shell)
			if out, err := exec.Command(program, flag, file).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

func TestPowerShellParsesItsScript(t *testing.T) {
	name, text, err := Completion(app(), "powershell")
	if err != nil || name != "demo.ps1" {
		t.Fatal(name, err)
	}
	if !strings.Contains(text, "'cut --kind' = @('clip', 'keep', 'drop')") || !strings.Contains(text, "'cut' = 'don''t keep: all'") {
		t.Error(text)
	}
	program, err := exec.LookPath("pwsh")
	if err != nil {
		t.Skip(err)
	}
	if out, err := exec.Command(program, "-NoProfile", "-Command", text).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestBashCompletes(t *testing.T) {
	program, file := script(t, "bash")
	for _, c := range []struct{ words, want string }{
		{"demo c", "cut"},
		{"demo cut --k", "--kind"},
		{"demo cut --kind k", "keep"},
		{"demo cut -k ", "clip keep drop"},
		{"demo cut --output ", ""},
		{"demo cut ", ""},
		{"demo help c", "cut"},
		{"demo shell ", "sh ksh"},
		{"demo nonesuch --", ""},
	} {
		run := `source "$1"; COMP_WORDS=("${@:2}"); COMP_CWORD=$(($#-2)); _demo; echo "${COMPREPLY[*]}"`
		args := append([]string{"-c", run, "bash", file}, strings.Split(c.words, " ")...)
		out, err := exec.Command(program, args...).CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != c.want {
			t.Errorf("%q: got %q, %v, want %q", c.words, got, err, c.want)
		}
	}
}

func TestFishCompletes(t *testing.T) {
	program, file := script(t, "fish")
	for _, c := range []struct{ line, want string }{
		{"demo cu", "cut"},
		{"demo cut --ki", "--kind"},
		{"demo cut --kind k", "keep"},
		{"demo shell k", "ksh"},
	} {
		out, err := exec.Command(program, "--no-config", "-c", `source $argv[1]; complete -C $argv[2]`, file, c.line).CombinedOutput()
		if got, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\t"); err != nil || got != c.want {
			t.Errorf("%q: got %q, %v, want %q", c.line, out, err, c.want)
		}
	}
}

func TestUnknownShell(t *testing.T) {
	if _, _, err := Completion(app(), "tcsh"); err == nil {
		t.Error("tcsh is no shell that is known")
	}
}
