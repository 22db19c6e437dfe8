package trace

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// What is counted as no JSON is what encoding/json and unicode/utf8 refuse, event by event,
// wherever in an event the flaw is and however many like it were sound before.
func TestEventsThatAreNoJSONAreCounted(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	names := []string{"aten::mm", "a b", "größer", `q\"q`, `w\u00e9`, "x\ty", "bad\xff", `q\q`, `h\u12`, ""}
	numbers := []string{"1", "12.5", "0", "0.25", "01", "1.", "-3", "2e3", "123456789.125"}
	values := []string{`{}`, `{"a": 1}`, `{"a": 01}`, `{"a": [1,2]}`, `{"a": [1,,2]}`, `{"a": "x"}`, "{\"a\": \"x\x01\"}", `{"a": tru}`, `{"a": {"b": null}}`, `{"a": 1,}`, `{"a" 1}`, "{\"a\xff\": 1}", `{"a": 1, "a": 2}`, `{"a": -}`, `{"a": "\ud800"}`, `{"a": "\q"}`}
	ids := []string{"1", `"1"`, `"tid 7"`, "007", "-1", "\"t\x02\""}
	of := func(list []string) string {
		if rng.IntN(4) > 0 {
			return list[0]
		}
		return list[rng.IntN(len(list))]
	}
	for round := range 90 {
		form := []string{
			`{"ph":"X","cat":"op","name":"%[1]s","pid":%[2]s,"tid":%[3]s,"ts":%[4]s,"dur":%[5]s,"args":%[6]s}`,
			`{"ph": "X", "cat": "c` + []string{"", "", "", "\xff", "\x01"}[rng.IntN(5)] + `", "pid": %[2]s, "tid": %[3]s, "name": "%[1]s", "ts": %[4]s, "dur": %[5]s, "args": %[6]s}`,
			`{"ph":"s","id":%[2]s,"name":"%[1]s","pid":%[2]s,"tid":%[3]s,"ts":%[4]s,"args":%[6]s}`,
		}[round%3]
		var events []string
		for range 40 {
			events = append(events, fmt.Sprintf(form, of(names), of(ids), of(ids), of(numbers), of(numbers), of(values)))
		}
		text := "[" + strings.Join(events, ",\n") + strings.Repeat(" ", 300) + "]"
		s, err := NewSource(strings.NewReader(text), int64(len(text)), SourceOptions{Verify: true})
		if err != nil {
			t.Fatal(err)
		}
		want, kept := 0, 0
		v, err := s.Survey(func(e *Event) error {
			if kept++; !json.Valid(e.Raw()) || !utf8.Valid(e.Raw()) {
				want++
			}
			return nil
		})
		s.Close()
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for _, f := range v.Damage.Finds() {
			if f.Kind == BadJSON {
				got = int(f.Count)
			}
		}
		if got != want || kept < 10 {
			t.Fatalf("round %d: %d of %d events are counted as no JSON, want %d, in\n%s", round, got, kept, want, text)
		}
	}
}
