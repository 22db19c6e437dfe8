package filter

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/trace"
)

func TestDropArgs(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{`{"x": 1, "keep": 2}`, `{"keep": 2}`},
		{`{"keep": 1, "x": 2}`, `{"keep": 1}`},
		{`{"keep": 1 , "x": 2 , "y": 3, "also":4 }`, `{"keep": 1, "also":4 }`},
		{`{"x":1}`, `{}`},
		{"{\n  \"x\": 1,\n  \"y\": {\"x\": [1, \"}\"]}\n}", `{}`},
		{"{\n  \"x\": 1,\n  \"keep\": [ 1 ],\n\n  \"y\": 2\n  }", "{\n  \"keep\": [ 1 ]\n  }"},
		{`{ "x":"a \"quoted\" , \\" , "keep":NaN}`, `{ "keep":NaN}`},
		{`{"\u0078": 1, "keep": {"x": 1}}`, `{"keep": {"x": 1}}`},
		{`{"x": 1, "keep": 2, "x": 3}`, `{"keep": 2}`},
	} {
		before, after := `{"ph":"X", "ts":1,"dur":2 , "args" : `, `,"name":"n","more":{"args":{"x":1}}}`
		e := event(t, before+c.args+after)
		out, changed := DropArgs([]byte("kept:"), e, ArgKeys("x", "y"))
		if want := "kept:" + before + c.want + after; string(out) != want || !changed {
			t.Errorf("got  %s, %v\nwant %s", out, changed, want)
		}
	}
}

func TestDropArgsLeavesAlone(t *testing.T) {
	for _, object := range []string{
		`{"ph":"X","ts":1,"dur":2,"args":{"keep":1,"deep":{"x":1}}}`,
		`{"ph":"X","ts":1,"dur":2,"args":{}}`,
		`{"ph":"X","ts":1,"dur":2,"args":null}`,
		`{"ph":"X","ts":1,"dur":2,"args":["x"]}`,
		`{"ph":"X","ts":1,"dur":2,"x":1}`,
		`{"ph":"C","ts":1,"args":{"x":1}}`,
		`{"ph":"M","name":"process_name","args":{"x":1}}`,
		`{"ph":"X","ts":1,"dur":2,"args":{"x":1,"keep":2 bad}}`,
		`{"ph":"X","ts":1,"dur":2,"args":{"x":1 "keep":@}}`,
	} {
		e := event(t, object)
		if out, changed := DropArgs([]byte("kept"), e, ArgKeys("x")); string(out) != "kept" || changed {
			t.Errorf("%s became %s", object, out)
		}
	}
}

func TestArgKeys(t *testing.T) {
	for _, c := range []struct {
		names   []string
		in, out string
	}{
		{[]string{"shapes"}, "Input Dims|Input Strides|Input type|Concrete Inputs|Input dims", "Call stack|Python id|input dims|"},
		{[]string{"stack"}, "Call stack|Python id|Python parent id|Python module id|Module Hierarchy", "Input Dims|correlation|"},
		{[]string{"all"}, "Call stack|anything|", "-"},
		{[]string{"External id", "shapes"}, `External id|Input Dims|\u0045xternal id`, "External|id"},
		{nil, "-", "Call stack|"},
	} {
		f := ArgKeys(c.names...)
		for _, k := range strings.Split(c.in, "|") {
			if k != "-" && !f([]byte(k)) {
				t.Errorf("%v: %q is not in it", c.names, k)
			}
		}
		for _, k := range strings.Split(c.out, "|") {
			if k != "-" && f([]byte(k)) {
				t.Errorf("%v: %q is in it", c.names, k)
			}
		}
	}
}

// TestDropArgsAgainstPlain compares with a map from which keys are deleted.
func TestDropArgsAgainstPlain(t *testing.T) {
	r := random{rand.New(rand.NewPCG(5, 6))}
	space := []string{"", " ", "\n\t", ""}
	var objects []string
	for range 3000 {
		var args []string
		for i := range r.IntN(6) {
			args = append(args, r.of(space)+`"`+string(rune('a'+i))+`"`+r.of(space)+":"+r.of(space)+r.of(poolArgs)+r.of(space))
		}
		objects = append(objects, `{"ph": "X","args":{`+strings.Join(args, ",")+`} ,"name":"args"}`)
	}
	for i, e := range events(t, objects...) {
		object := objects[i]
		gone := map[string]bool{}
		for i := range 6 {
			gone[string(rune('a'+i))] = r.IntN(3) == 0
		}
		out, changed := DropArgs(nil, &e, func(k []byte) bool { return gone[string(k)] })
		if !changed {
			out = e.Raw()
		}
		var got, want map[string]any
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%s\nbecame %s: %v", object, out, err)
		}
		if err := json.Unmarshal([]byte(object), &want); err != nil {
			t.Fatal(err)
		}
		left := want["args"].(map[string]any)
		before := len(left)
		for k, g := range gone {
			if g {
				delete(left, k)
			}
		}
		if d := cmptest.Diff(want, got); d != "" || changed != (len(left) < before) {
			t.Fatalf("%s\nbecame %s (%v)\nwithout %v (- want, + got)\n%s", object, out, changed, gone, d)
		}
	}
}

// TestDropArgsOfRealTraces takes shapes and stacks out of every real event: it
// stays JSON, and only args differ.
func TestDropArgsOfRealTraces(t *testing.T) {
	drop := ArgKeys("shapes", "stack", "External id")
	var out []byte
	dropped := 0
	for _, path := range sharedTraces(t) {
		readTrace(t, readFile(t, path), func([]byte) {}, func(e *trace.Event) {
			var changed bool
			if out, changed = DropArgs(out[:0], e, drop); !changed {
				return
			}
			if dropped++; dropped%5 > 0 {
				return // one in five is enough to look at closely
			}
			if !json.Valid(out) && json.Valid(e.Raw()) {
				t.Fatalf("%s\nbecame %s", e.Raw(), out)
			}
			if i := bytes.Index(e.Raw(), []byte(`"args"`)); !bytes.HasPrefix(out, e.Raw()[:i]) {
				t.Fatalf("%s\nbecame %s", e.Raw(), out)
			}
			if bytes.Contains(out, []byte(`"External id"`)) || bytes.Contains(out, []byte(`"Python id"`)) {
				t.Fatalf("left in %s", out)
			}
		})
	}
	if dropped < 100000 {
		t.Errorf("only %d events were changed", dropped)
	}
}
