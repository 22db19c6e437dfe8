package tracegen

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// TestOddThingsAddEventsAndChangeNone: each odd thing adds events and changes none.
func TestOddThingsAddEventsAndChangeNone(t *testing.T) {
	base := Config{Seed: 6, Steps: 30, Layers: 1}
	text, _ := generate(t, base)
	plain := map[string]int{}
	for _, e := range parse(t, text) {
		plain[e.raw]++
	}
	for kinds, odd := range map[string]Odd{
		"B: E:":                         {BeginEnd: true},
		"b:request n:request e:request": {Async: true},
		"T:":                            {ThreadStates: true},
		"X:queue":                       {BindFlows: true},
		"X:user_annotation":             {Emoji: true},
	} {
		c := base
		c.Odd = odd
		text, truth := generate(t, c)
		events := parse(t, text)
		left, added := len(plain), map[string]bool{}
		for i := range events {
			if plain[events[i].raw] > 0 {
				left--
				continue
			}
			added[events[i].tally()] = true
		}
		if left != 0 {
			t.Errorf("%+v: %d events are gone", odd, left)
		}
		for _, k := range strings.Fields(kinds) {
			if !added[k] || truth.Kinds[k].Events == 0 {
				t.Errorf("%+v: no %s was added, only %v", odd, k, added)
			}
			delete(added, k)
		}
		if delete(added, "M:"); len(added) > 0 {
			t.Errorf("%+v: %v was added too", odd, added)
		}
	}
}

func TestEmojiIsEscapedAsPythonDoes(t *testing.T) {
	c := Config{Steps: 8, Layers: 1, Odd: Odd{Emoji: true}}
	text, _ := generate(t, c)
	if !strings.Contains(text, `"prompt \ud83d\ude00 f\u00fcr \u21163"`) {
		t.Error("no surrogate pair in Python's layout")
	}
	c.Layout = Kineto
	if text, _ = generate(t, c); !strings.Contains(text, `"prompt 😀 für №3"`) {
		t.Error("no UTF-8 in Kineto's layout")
	}
}

func TestDamage(t *testing.T) {
	whole, _ := generate(t, Config{Steps: 8, Layers: 1})
	text, truth := generate(t, Config{Steps: 8, Layers: 1, Odd: Odd{Truncate: true}})
	if !strings.HasPrefix(whole, text) || len(text) != int(truth.Bytes) || len(text) == len(whole) {
		t.Errorf("%d bytes of %d are left, the truth says %d", len(text), len(whole), truth.Bytes)
	}
	if n := strings.Count(text, `"ph": `); int64(n) != truth.Events && int64(n) != truth.Events+1 {
		t.Errorf("%d events begin, the truth says %d are whole", n, truth.Events)
	}
	text, truth = generate(t, Config{Steps: 8, Layers: 1, Odd: Odd{NaN: true}})
	if !strings.Contains(text, `"dur": NaN`) || json.Valid([]byte(text)) || truth.Kinds["X:user_annotation"].Events == 0 {
		t.Error("no NaN")
	}
}

// TestPythonReads: Python takes what it is said to have written, NaN and all,
// and writes the same text again.
func TestPythonReads(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	const again = "import json, sys\ndump = json.load(sys.stdin)\njson.dump(dump, sys.stdout, indent=None if sys.argv[1] == 'dump' else 2)"
	for _, c := range []Config{
		{Steps: 5, Layers: 2, Hardware: true, Python: true, Odd: Odd{true, true, true, true, true, true, false}},
		{Steps: 5, Layers: 2, Hardware: true, Python: true, Producer: CUDA, Layout: Dump},
		{Steps: 5, Layers: 2, Hardware: true, Python: true, Producer: CUDA, Layout: Indent2},
		{Steps: 2, Layers: 2, Hardware: true, Layout: Indent2},
	} {
		text, _ := generate(t, c)
		layout := string(c.Layout)
		if layout == "" {
			layout = string(Dump)
		}
		cmd := exec.Command(python, "-c", again, layout)
		cmd.Stdin = strings.NewReader(text)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v: %s", c, err, &errs)
		}
		if i := differ(string(out), text); i >= 0 {
			t.Errorf("%v: Python writes\n%.150s\ninstead of\n%.150s", c, out[max(0, i-60):], text[max(0, i-60):])
		}
	}
}

// differ is where two texts differ, or -1.
func differ(a, b string) int {
	if a == b {
		return -1
	}
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b)) - 1
}
