package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/gzip"

	"tracekit/internal/testkit/ranks"
	"tracekit/internal/testkit/tracegen"
)

const interfaceList = "../../testdata/interface.txt"

// TestInterface holds what scripts depend on against one list. It changes by intent
// alone: with -update, and a line in CHANGELOG.md.
func TestInterface(t *testing.T) {
	f := facts{}
	for status, what := range map[int]string{exitDone: "done", exitFailed: "failed", exitUsage: "usage", exitDamaged: "damaged", exitNo: "no"} {
		f.add("exit", fmt.Sprint(status), what)
	}
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM} {
		f.add("exit", fmt.Sprint(statusOf(signaled{sig})), sig.String())
	}
	f.flags()
	f.constants(t, "check", "Kind", "finding")
	f.constants(t, "check", "Level", "level")
	f.constants(t, "repair", "Kind", "repair")
	inputs := interfaceInputs(t)
	for _, path := range inputs {
		f.outputs(t, path)
	}
	f.comparisons(t, inputs)
	f.ranks(t)
	f.everyTagIsSeen(t)
	got := strings.Join(slices.Sorted(maps.Keys(f)), "\n") + "\n"
	if *update {
		if err := os.WriteFile(interfaceList, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(interfaceList)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		want[strings.TrimSuffix(line, "\n")] = true
	}
	for _, line := range slices.Sorted(maps.Keys(want)) {
		if !f[line] {
			t.Errorf("gone from the interface: %s", line)
		}
	}
	for _, line := range slices.Sorted(maps.Keys(f)) {
		if !want[line] {
			t.Errorf("new in the interface: %s", line)
		}
	}
	if t.Failed() {
		t.Log("if that is meant: go test ./cmd/tracekit -run TestInterface -update, and a line in CHANGELOG.md for whoever has scripts")
	}
}

// facts are the lines of the list.
type facts map[string]bool

func (f facts) add(words ...string) { f[strings.Join(words, " ")] = true }

func (f facts) flags() {
	for _, c := range docsApp().Commands {
		f.add("verb", c.Name)
		for _, flag := range c.Flags {
			f.add("flag", c.Name, "--"+strings.Join(flag.Names(), " -"))
		}
	}
}

// constants adds the values that a type of a package has.
func (f facts) constants(t *testing.T, pkg, typeName, as string) {
	t.Helper()
	before := len(f)
	for _, file := range parsed(t, filepath.Join("../../transform", pkg)) {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if name, ok := spec.Type.(*ast.Ident); !ok || name.Name != typeName {
				return true
			}
			for _, v := range spec.Values {
				if lit, ok := v.(*ast.BasicLit); ok {
					value, _ := strconv.Unquote(lit.Value)
					f.add(as, value)
				}
			}
			return true
		})
	}
	if len(f) == before {
		t.Errorf("package %s has no constants of type %s", pkg, typeName)
	}
}

func parsed(t *testing.T, dir string) (files []*ast.File) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// interfaceInputs are traces in which there is all that verbs write: the few that show it, and
// with -all many others, which must show no more.
func interfaceInputs(t *testing.T) []string {
	var inputs []string
	patterns := []string{
		"perfetto-cases/05_*", "perfetto-cases/14_*", "perfetto-cases/40_*", "perfetto-cases/65_*",
		"gaudi/compiles.json.gz", "gaudi/idle.json.gz", "merged/incomplete.json", "cases/32-*.json", "cases/114-*.json",
	}
	if *all {
		patterns = []string{"*.json.gz", "perfetto-cases/*.json", "perfetto-cases/6*", "gaudi/compiles.json.gz", "gaudi/idle.json.gz", "merged/*.json", "cases/32-*.json", "cases/114-*.json"}
	}
	for _, pattern := range patterns {
		paths, err := filepath.Glob(filepath.Join("../../testdata", pattern))
		if err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, paths...)
	}
	odd := tracegen.Odd{BeginEnd: true, Async: true, ThreadStates: true, BindFlows: true, Emoji: true}
	for i, c := range []tracegen.Config{
		{Producer: tracegen.Gaudi, TargetBytes: 2_000_000, Hardware: true, Python: true},
		{Producer: tracegen.CUDA, TargetBytes: 400_000, Hardware: true, Odd: odd},
		{Producer: tracegen.SGLang, TargetBytes: 100_000, Odd: tracegen.Odd{Truncate: true, NaN: true, Async: true}},
	} {
		c.Seed = uint64(i)
		var b bytes.Buffer
		if _, err := tracegen.Generate(&b, c); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "made.json")
		if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, path)
	}
	return inputs
}

// outputs adds what verbs tell of a trace, and what they write into it.
func (f facts) outputs(t *testing.T, path string) {
	dir := t.TempDir()
	tracekit := func(args ...string) []byte {
		var out bytes.Buffer
		run(t.Context(), append([]string{"tracekit"}, args...), strings.NewReader(""), &out, io.Discard)
		return out.Bytes()
	}
	f.document("json info", tracekit("info", "--json", path))
	piece := filepath.Join(dir, "piece.json")
	if tracekit("slice", "-q", "--step", "0..", "-o", piece, path); len(tracekit("info", piece)) > 0 {
		tracekit("slice", "-q", "--part", "1/1", "-o", piece+".again", piece)
		f.document("json info", tracekit("info", "--json", piece))
		f.document("json info", tracekit("info", "--json", piece+".again"))
	}
	f.document("json report", tracekit("report", "--json", "--for-compare", path))
	f.document("json check", tracekit("check", "--json", path))
	for _, verb := range []string{"info", "report", "check"} {
		tracekit(verb, "--csv", filepath.Join(dir, verb), path)
	}
	for _, by := range [][]string{{"step", "--steady", "1"}, {"step"}, {"phase"}, {"request"}, {"process"}, {"events", "--events", "1M"}, {"size", "--size", "20kB"}, {"request", "--requests", requestList(t)}} {
		tracekit(append([]string{"split", "-q", "-o", filepath.Join(dir, "by-"+by[0]+fmt.Sprint(len(by))), path, "--by"}, by...)...)
	}
	for _, call := range [][]string{{"slice", "--part", "1/2"}, {"strip", "--python"}, {"repair"}, {"split", "--by", "step"}} {
		f.document("json summary", tracekit(append(call, "-q", "-o", filepath.Join(dir, "summary-"+call[0]), "--summary", "-", path)...))
	}
	f.files(t, dir)
	before := tracekit("filter", "-q", "ph != ''", path)
	for _, made := range [][]string{
		{"slice", "--from", "30%", "--to", "60%"}, {"downsample", "--merge", "100us"}, {"downsample", "--target-size", "100kB"}, {"repair"}, {"strip", "--python"},
	} {
		f.written(made[0], before, tracekit(append(made, "-q", path)...))
	}
}

// comparisons adds what compare tells of traces that have something in common, and of others.
func (f facts) comparisons(t *testing.T, inputs []string) {
	dir := t.TempDir()
	var made []string
	for seed := range uint64(2) {
		var b bytes.Buffer
		c := tracegen.Config{Seed: seed, Producer: tracegen.CUDA, Steps: 30, Layers: 1, Hardware: true, Python: true}
		if _, err := tracegen.Generate(&b, c); err != nil {
			t.Fatal(err)
		}
		made = append(made, filepath.Join(dir, fmt.Sprint(seed, ".json")))
		if err := os.WriteFile(made[seed], b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, pair := range [][2]string{
		{made[0], made[1]}, {made[1], "../../testdata/vllm_decode_one_step.json.gz"}, {"../../testdata/gaudi/compiles.json.gz", inputs[len(inputs)-3]},
	} {
		var out bytes.Buffer
		run(t.Context(), []string{"tracekit", "compare", "--json", pair[0], pair[1]}, strings.NewReader(""), &out, io.Discard)
		f.document("json compare", out.Bytes())
		run(t.Context(), []string{"tracekit", "compare", "-q", "--csv", filepath.Join(dir, "tables"), pair[0], pair[1]}, strings.NewReader(""), io.Discard, io.Discard)
	}
	f.files(t, filepath.Join(dir, "tables"))
}

// ranks adds what report says of the ranks of a run.
func (f facts) ranks(t *testing.T) {
	dir := t.TempDir()
	c := ranks.Config{Ranks: 3, PerHost: 1, Hosts: true, Steps: 8, Layers: 4, Args: ranks.Seq, Overlap: 1000}
	for rank := range c.Ranks {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("rank-%d.json", rank)), c.Trace(rank), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	run(t.Context(), []string{"tracekit", "report", "--json", dir}, strings.NewReader(""), &out, io.Discard)
	f.document("json ranks", out.Bytes())
	run(t.Context(), []string{"tracekit", "report", "-q", "--csv", filepath.Join(dir, "tables"), dir}, strings.NewReader(""), io.Discard, io.Discard)
	f.files(t, filepath.Join(dir, "tables"))
}

// requestList is a list of requests, one of them outside of any trace.
func requestList(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "requests.csv")
	text := "id,start,end\na,@0,@9000000000000000\nb,1999-01-01T00:00:00Z,1999-01-01T00:00:01Z\n"
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// document adds the keys of a JSON document, with what they hold, such as
// json info steps.count number.
func (f facts) document(name string, text []byte) {
	var v any
	if json.Unmarshal(text, &v) == nil {
		f.value(name, v)
	}
}

func (f facts) value(at string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, member := range v {
			between := "."
			if strings.Count(at, " ") < 2 {
				between = " " // behind the name of the document
			}
			f.value(at+between+key, member)
		}
	case []any:
		for _, member := range v {
			f.value(at+"[]", member)
		}
	case float64:
		f.add(at, "number")
	case string:
		f.add(at, "text")
	case bool:
		f.add(at, "truth")
	}
}

// files adds the columns and keys of what lies in a folder.
func (f facts) files(t *testing.T, dir string) {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		switch name := filepath.Base(path); {
		case err != nil:
			return err
		case name == "manifest.json":
			f.document("json manifest", text)
		case filepath.Ext(name) == ".csv":
			columns, err := csv.NewReader(bytes.NewReader(text)).Read()
			if err != nil {
				return err
			}
			f.add("csv", name, strings.Join(columns, ","))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// written adds the args, and members of the document, that are in a trace only after
// a verb has made it.
func (f facts) written(verb string, before, after []byte) {
	had, has := keysOf(before), keysOf(after)
	if had == nil || has == nil {
		return
	}
	for key := range has {
		if !had[key] {
			f.add(verb, "writes", key)
		}
	}
}

func keysOf(text []byte) map[string]bool {
	if z, err := gzip.NewReader(bytes.NewReader(text)); err == nil {
		text, _ = io.ReadAll(z)
	}
	var doc map[string]any
	if json.Unmarshal(text, &doc) != nil {
		return nil
	}
	keys := map[string]bool{}
	for member := range doc {
		keys["member "+member] = true
	}
	events, _ := doc["traceEvents"].([]any)
	for _, e := range events {
		event, _ := e.(map[string]any)
		args, _ := event["args"].(map[string]any)
		for key := range args {
			keys["arg "+key] = true
		}
	}
	return keys
}

var jsonTag = regexp.MustCompile(`json:"([a-z0-9_]+)`)

// everyTagIsSeen complains of members that documents may have and no input showed.
func (f facts) everyTagIsSeen(t *testing.T) {
	for _, pkg := range []string{"info", "report", "compare", "check", "split"} {
		document := strings.Replace(pkg, "split", "manifest", 1)
		for _, file := range parsed(t, filepath.Join("../../transform", pkg)) {
			ast.Inspect(file, func(n ast.Node) bool {
				field, ok := n.(*ast.Field)
				if !ok || field.Tag == nil {
					return true
				}
				if m := jsonTag.FindStringSubmatch(field.Tag.Value); m != nil && !f.has(document, m[1]) {
					t.Errorf("no input of this test shows %q of %s's JSON", m[1], pkg)
				}
				return true
			})
		}
	}
}

func (f facts) has(document, key string) bool {
	part := regexp.MustCompile(`^json ` + document + ` (.*\.)?` + key + `(\[|\.| )`)
	for line := range f {
		if part.MatchString(line) {
			return true
		}
	}
	return false
}
