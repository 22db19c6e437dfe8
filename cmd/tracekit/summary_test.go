package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tracekit/internal/testkit/schema"
)

// What --summary writes is as docs/summary.schema.json says, to the last member, whatever the verb
// and however it ends.
func TestSummariesMeetTheSchema(t *testing.T) {
	s := schema.Read(t, filepath.Join(docsDir, "summary.schema.json"))
	trace, err := filepath.Abs("../../testdata/vllm_decode_one_step.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"t.json":       `{"traceEvents":[{"ph":"X","name":"a","cat":"python_function","pid":1,"tid":1,"ts":0,"dur":10},{"ph":"X","name":"b","pid":1,"tid":1,"ts":20,"dur":10}]}`,
		"u.json":       `[{"ph":"X","name":"a","pid":1,"tid":1,"ts":5,"dur":10}]`,
		"nan.json":     `[{"ph":"X","name":"a","pid":1,"tid":1,"ts":5,"dur":NaN}]`,
		"damaged.json": `{"traceEvents":[{"ph":"X","name":"a","pid":1,"tid":1,"ts":0,"dur":10},{"ph":"X","na`,
		"none.json":    `{"a":1}`,
	} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		call   string
		status int
		has    string // a member that is seen in it
	}{
		{"slice --to 20us -o o.json t.json", exitDone, "range"},
		{"slice --from 10% --strip python --dry-run " + trace, exitDone, "range"},
		{"strip --python -o o.json t.json", exitDone, "dropped"},
		{"strip --python -o o.json damaged.json", exitDamaged, "damage"},
		{"strip --python --stats t.json", exitDone, "dry_run"},
		{"filter --name nix --fail-empty -o o.json t.json", exitNo, "status"},
		{"downsample --target-size 100kB -o o.json.gz " + trace, exitDone, "packed_bytes"},
		{"split --by time --time 10us -z none -o pieces t.json", exitDone, "pieces"},
		{"split --by events --events 1 --dry-run t.json", exitDone, "pieces"},
		{"merge -o o.json t.json u.json", exitDone, "notes"},
		{"merge --from 1us -o o.json t.json u.json", exitDone, "events_out"},
		{"merge -o o.tar t.json u.json", exitDone, "packed_bytes"},
		{"repair -o o.json damaged.json", exitDamaged, "repairs"},
		{"repair --dry-run nan.json", exitDone, "repairs"},
		{"strip --python -o out/ t.json damaged.json none.json", exitFailed, "files"},
		{"split --by time --time 10us -o many/ t.json u.json", exitDone, "files"},
	} {
		var out, said strings.Builder
		os.Remove("s.json")
		args := append([]string{"tracekit"}, strings.Fields(c.call)...)
		if status := run(t.Context(), append(args, "--summary", "s.json"), strings.NewReader(""), &out, &said); status != c.status {
			t.Errorf("%s: status %d, want %d\n%s", c.call, status, c.status, &said)
		}
		text, err := os.ReadFile("s.json")
		if err != nil {
			t.Fatal(err)
		}
		doc, _ := s.Judge(t, c.call, text).(map[string]any)
		if _, has := doc[c.has]; !has {
			t.Errorf("%s: there is no %s in\n%s", c.call, c.has, text)
		}
	}
}
