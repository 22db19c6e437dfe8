package reference

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

const compared = `{"head":1,"traceEvents":[
	{"ph":"C","name":"c","ts":1,"args":{"a":1,"b":2}},
	{"ph":"C","name":"d","ts":1,"args":{"a":1}},
	{"ph":"B","name":"in","tid":1,"ts":3},
	{"ph":"i","name":"first","ts":11},
	{"ph":"B","name":"out","tid":1,"ts":2},
	{"ph":"i","name":"second","ts":12.50},
	{"ph":"X","name":"x","ts":9,"dur":2,"args":{"q":1.0,"r":2}},
	{"ph":"b","name":"r","id":1,"ts":11,"pid":3},
	{"ph":"b","name":"s","id":1,"ts":12,"pid":3},
	{"ph":"i","ts":99}
],"tail":[]}`

func comparedSlice(t *testing.T) (*Trace, []Out) {
	t.Helper()
	tr, err := Parse([]byte(compared))
	if err != nil {
		t.Fatal(err)
	}
	return tr, Slice(tr, Options{From: 10_000, To: 20_000})
}

func TestCompareAccepts(t *testing.T) {
	tr, outs := comparedSlice(t)
	same := string(Render(tr, outs))
	for _, edit := range [][]string{
		{},
		{`"args":{"a":1,"b":2}`, `"args":{"b":2, "a":1}`},
		{`{"q":1.0,"r":2,"tracekit.ts"`, `{ "q": 1.0, "r":2 ,"tracekit.ts"`},
		{`"pid":3,"name":"r","ts":20.000}`, `"tid":0,"ts":20.000,"name":"r","pid":3}`},
	} {
		got := strings.NewReplacer(edit...).Replace(same)
		if len(edit) > 0 && got == same {
			t.Fatalf("edit does nothing: %s in\n%s", edit[0], same)
		}
		if err := Compare([]byte(got), outs); err != nil {
			t.Errorf("after %s: %v", edit, err)
		}
		if err := CompareText([]byte(got), tr); err != nil {
			t.Errorf("after %s: %v", edit, err)
		}
	}
}

func TestCompareFinds(t *testing.T) {
	tr, outs := comparedSlice(t)
	same := string(Render(tr, outs))
	first, second := `{"ph":"i","name":"first","ts":11}`, `{"ph":"i","name":"second","ts":12.50}`
	for _, c := range []struct{ what, from, to string }{
		{"text", `12.50}`, `12.5}`},
		{"text", `"name":"first"`, `"name": "first"`},
		{"order", first, second},
		{"missing", first + ",\n", ""},
		{"not wanted", first, first + "," + first},
		{"not wanted", first, first + `,{"ph":"i"}`},
		{"dur is 1", `"dur":1.000`, `"dur":1`},
		{"args is", `"q":1.0,`, `"q":1,`},
		{"args is", `"q":1.0,"r":2`, `"r":2,"q":1.0`},
		{"member", `"name":"x","ts":10.000`, `"ts":10.000,"name":"x"`},
		{"members", `"name":"x",`, ``},
		{"args is", `"tracekit.ts":9,`, `"tracekit.ts":9.000,`},
		{"carried counter missing", `"args":{"a":1,"b":2}`, `"args":{"a":1,"b":3}`},
		{"carried counter missing", `"name":"d","ts":10.000`, `"name":"d","ts":10`},
		{"args is", `"tracekit.ts":2}`, `"tracekit.ts":3}`},
		{"order or content", `"pid":3,"name":"s","ts":20.000}`, `"pid":3,"name":"r","ts":20.000}`},
		{"missing (ended)", `"pid":3,"name":"s","ts":20.000}`, `"pid":3,"name":"s","ts":20.001}`},
		{"events, want", `{"ph":"C"`, `{"ph":"C"},{"ph":"C"`},
	} {
		got := strings.Replace(same, c.from, c.to, 1)
		if c.what == "order" {
			got = strings.NewReplacer(c.from, c.to, c.to, c.from).Replace(same)
		}
		if got == same {
			t.Fatalf("edit does nothing: %s in\n%s", c.from, same)
		}
		if err := Compare([]byte(got), outs); err == nil || !strings.Contains(err.Error(), c.what) {
			t.Errorf("%s -> %s: %v, want %s", c.from, c.to, err, c.what)
		}
	}
	if err := Compare([]byte(same[:9]), outs); err == nil {
		t.Error("no error for half a document")
	}
	for _, edit := range [][2]string{{`"head":1`, `"head":2`}, {`"tail":[]`, `"tail":[ ]`}} {
		if err := CompareText([]byte(strings.Replace(same, edit[0], edit[1], 1)), tr); err == nil {
			t.Errorf("no error after %s", edit)
		}
	}
}

// Any single event that is dropped, comes twice or changes is seen in random slices.
func TestCompareFindsInRandom(t *testing.T) {
	for seed := range seeds(rounds / 4) {
		tr, rng, _ := randomTrace(t, seed)
		from, to := RandomWindow(rng, tr)
		outs := Slice(tr, Options{From: from, To: to, Boundary: Boundary(rng.IntN(3)), Device: Device(rng.IntN(2))})
		if len(outs) == 0 {
			continue
		}
		i := rng.IntN(len(outs))
		without := slices.Delete(slices.Clone(outs), i, i+1)
		twice := slices.Insert(slices.Clone(outs), i, outs[i])
		changed := slices.Clone(outs)
		changed[i] = Out{Raw: `{"ph":"i","ts":1}`}
		for what, bad := range map[string][]Out{"without": without, "twice": twice, "changed": changed} {
			if err := Compare(Render(tr, bad), outs); err == nil {
				t.Errorf("seed %d: %s event %d, no error", seed, what, i)
			}
		}
	}
}

// The random traces hold what they promise to.
func TestRandomCoverage(t *testing.T) {
	phases, kinds := map[string]int{}, map[Kind]int{}
	found := map[string]int{}
	for seed := range uint64(rounds) {
		tr, rng, data := randomTrace(t, seed)
		if seed%8 == 0 && !bytes.Equal(data, again(t, seed)) {
			t.Fatalf("seed %d makes different traces", seed)
		}
		for i := range tr.Events {
			phases[tr.Events[i].Phase]++
		}
		from, to := RandomWindow(rng, tr)
		for _, o := range Slice(tr, Options{From: from, To: to, Device: Device(seed % 2)}) {
			kinds[o.Kind]++
			if o.Kind == Untouched && tr.Events[o.Source].isFlow() {
				found["flow stays"]++
			}
		}
		for _, s := range []string{"\n  ", `\ud83d\ude00`, `"bp"`, `"id2"`, `"tid": 0`, `"pid": "Spans"`, `"tracekit.ts"`, "\r\n", "\t", `,"ts":`} {
			if bytes.Contains(data, []byte(s)) {
				found[s]++
			}
		}
		if tr.Head[0] == '[' {
			found["bare"]++
		}
		if len(Overlaps(tr)) > 0 {
			found["overlap"]++
		}
	}
	for _, ph := range strings.Split("X B E b n e i I R C s t f M T P N O D v V S F p c ( ) , =", " ") {
		if phases[ph] == 0 {
			t.Errorf("no event of phase %s", ph)
		}
	}
	for k := Untouched; k <= Ended; k++ {
		if kinds[k] < 10 {
			t.Errorf("%d events %s", kinds[k], k)
		}
	}
	for _, s := range []string{"\n  ", `\ud83d\ude00`, `"bp"`, `"id2"`, `"tid": 0`, `"pid": "Spans"`, `"tracekit.ts"`, "\r\n", "\t", `,"ts":`, "bare", "overlap", "flow stays"} {
		if found[s] < 5 {
			t.Errorf("%q in %d traces", s, found[s])
		}
	}
	t.Log(phases, kinds, found)
}

func again(t *testing.T, seed uint64) []byte {
	_, _, data := randomTrace(t, seed)
	return data
}
