package repair

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"tracekit/internal/testkit/reference"
	"tracekit/transform/check"
)

// strictSeeds have a bit of everything in which damage may hide.
var strictSeeds = []string{
	`{"ph":"X","name":"a","cat":"c","pid":1,"tid":1,"ts":1,"dur":2,"args":{"a":[1,{"b":"ü"}],"c":-1.5e3,"d":null,"e":{}}}`,
	`{"ph":"s","name":"f","cat":"c","pid":1,"tid":1,"ts":1,"id":1,"args":{"x":1,"y":"q"}}`,
	`{"name":"thread_name","args":{"name":"m","other":[1,2]},"ph":"M","pid":1,"tid":1,"x":{"y":[true]}}`,
	`{"ph":"C","name":"n","pid":1,"tid":1,"ts":2,"args":{"v":3}}`,
	`{"ph":"O","name":"o","pid":1,"tid":1,"ts":3,"args":{"v":"3"},"nested":{"a":["é"]}}`,
	`{"ph":"b","name":"b","cat":"c","id2":{"local":"0x1"},"pid":1,"tid":1,"ts":3,"args":{}}`,
	`{"ph":"e","name":"b","cat":"c","id2":{"local":"0x1"},"pid":1,"tid":1,"ts":4}`,
}

// refused reports whether readers that keep to the letter would refuse a text.
func refused(text []byte) bool { return !json.Valid(text) || !utf8.Valid(text) }

// Whatever is read, what a repair writes is JSON to the letter, and what check finds
// nothing in is, too. What is right is left as it is.
func TestRepairedTextIsJSON(t *testing.T) {
	rounds := 2_000
	if testing.Short() {
		rounds = 200
	}
	kept := 0
	for round := range rounds {
		rng := rand.New(rand.NewPCG(5, uint64(round)))
		var some []string
		for _, i := range rng.Perm(len(strictSeeds))[:1+rng.IntN(len(strictSeeds))] {
			some = append(some, strictSeeds[i])
		}
		body := strings.Join(some, ",\n")
		text := []byte(reference.Damage(rng, `{"schemaVersion":1,"mé":{"a":["x"]},"traceEvents":[`+body+`],"traceName":"x"}`))
		r := checkText(t, text)
		strict := r.Loads
		for _, f := range r.Findings {
			strict = strict && f.Level != check.Strict && f.Level != check.Lost
		}
		if strict && refused(text) {
			t.Fatalf("round %d: check finds nothing in %q", round, text)
		}
		out, _, _, err := repairText(t, text, Options{})
		if err != nil {
			continue
		}
		if refused(out) {
			t.Fatalf("round %d: repaired to\n%q\nfrom\n%q", round, out, text)
		}
		if unclean(r) == "" {
			kept++
			if !bytes.Equal(out, text) {
				t.Fatalf("round %d: nothing amiss, and repaired to\n%q\nfrom\n%q", round, out, text)
			}
		}
	}
	if kept == 0 {
		t.Error("nothing was right")
	}
}
