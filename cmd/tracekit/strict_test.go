package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// notStrict are inputs with something in an event that is no JSON but loads.
func notStrict(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	event := `{"ph":"X","name":"a","cat":"c","pid":1,"tid":1,"ts":1,"dur":2`
	for name, rest := range map[string]string{
		"nested":   `,"x":{"y":[1,,2]}`,
		"utf8":     ",\"args\":{\"k\":\"\xff\"}",
		"utf8 key": ",\"args\":{\"\xc3\":1}",
		"own name": ",\"s\xff\":1",
		"control":  ",\"args\":{\"k\":\"a\tb\"}",
	} {
		text := `{"traceEvents":[` + event + rest + "}," + event + `}]}`
		if err := os.WriteFile(filepath.Join(dir, name+".json"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	text := "{\"traceEvents\":[" + event + "}],\"a\xff\":1}"
	if err := os.WriteFile(filepath.Join(dir, "document.json"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, pattern := range []string{filepath.Join(dir, "*.json"), "../../testdata/cases/39-args-*.json", "../../testdata/cases/37-*.json", "../../testdata/cases/27-*.json"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatal(pattern, err)
		}
		all = append(all, names...)
	}
	return all
}

// What is no JSON to the letter is passed on as it is, and refused with --strict, by
// check and by every other verb; info counts it, and repair makes JSON of it.
func TestStrictMeansJSON(t *testing.T) {
	for _, name := range notStrict(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			for _, line := range []string{"strip --flows -o OUT/a.json", "slice --from 0% --to 100% -o OUT/a.json", "filter -o OUT/a.json 'ph!=\"q\"'", "downsample --min-dur 1ns -o OUT/a.json", "split --by events --events 5 -o OUT/a", "info", "report", "check"} {
				out := t.TempDir()
				args := strings.Replace(line, " ", " --strict ", 1)
				if !strings.Contains(line, " ") {
					args += " --strict"
				}
				if status, said := call(t, args, name, out); status != exitFailed {
					t.Errorf("%s: status %d, said %s", args, status, said)
				}
				if left, _ := filepath.Glob(filepath.Join(out, "*")); len(left) > 0 {
					t.Errorf("%s: %v is left", args, left)
				}
			}
			if status, said := call(t, "info", name, ""); status != exitDamaged || !strings.Contains(said, "no strict JSON") {
				t.Errorf("info: status %d, said %s", status, said)
			}
			out := t.TempDir()
			if status, said := call(t, "repair -q -o OUT/a.json", name, out); status != 0 && status != exitDamaged {
				t.Errorf("repair: status %d, said %s", status, said)
			}
			for _, line := range []string{"check --strict", "info --strict"} {
				if status, said := call(t, line, filepath.Join(out, "a.json"), ""); status != 0 {
					t.Errorf("%s of what was repaired: status %d, said %s", line, status, said)
				}
			}
		})
	}
}
