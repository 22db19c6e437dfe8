package jsonlex

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestUnescape(t *testing.T) {
	for raw, want := range map[string]struct {
		text  string
		marks Marks
	}{
		`a\"\\\/\b\f\n\r\tz`:          {"a\"\\/\b\f\n\r\tz", Escaped},
		`\u0041\u00e9\u20ac`:          {"Aé€", Escaped},
		`\ud83d\ude00\uD83D\uDE00`:    {"😀😀", Escaped | Surrogate},
		`\ud83d \ude00 \ud83d\u0041`:  {"� � �A", Escaped | Surrogate},
		`\e \x41 \u12 \u12g4 \`:       {`\e \x41 \u12 \u12g4 \`, Escaped | UnknownEscape | BadUnicode},
		`\ud83d\`:                     {"�\\", Escaped | Surrogate},
		`\ud83d\ud83d\ude00`:          {"�😀", Escaped | Surrogate},
		`\ud83d\u12`:                  {`�\u12`, Escaped | Surrogate | BadUnicode},
		"raw \x01 control, \xff byte": {"raw \x01 control, \xff byte", 0},
	} {
		got, m := Unescape(nil, []byte(raw))
		if string(got) != want.text || m != want.marks {
			t.Errorf("%s: %q with marks %b, want %q with %b", raw, got, m, want.text, want.marks)
		}
		if m := Escapes([]byte(raw)); m != want.marks {
			t.Errorf("%s: marks %b, want %b", raw, m, want.marks)
		}
	}
}

// What the standard library takes for a string says the same here; what it refuses is marked.
func TestUnescapeAsTheStandardLibrary(t *testing.T) {
	pieces := []string{`\`, `\\`, `\u`, `\u12`, `\ud83d`, `\ude00`, `\u0041`, `\n`, `\t`, `\q`, `\"`, "a", "é", "d83d", "00"}
	refused := 0
	for seed := range uint64(20_000) {
		rng := rand.New(rand.NewPCG(seed, 9))
		var b strings.Builder
		for range rng.IntN(8) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		raw := b.String()
		quoted := []byte(`"` + raw + `"`)
		end, _, st := String(quoted, 0)
		if st != OK || end != len(quoted) {
			continue // its last quote is escaped
		}
		got, m := Unescape(nil, []byte(raw))
		var want string
		if err := json.Unmarshal(quoted, &want); err != nil {
			if refused++; m&(UnknownEscape|BadUnicode) == 0 {
				t.Fatalf("%s: no marks, but %v", raw, err)
			}
			continue
		}
		if m&(UnknownEscape|BadUnicode) != 0 || string(got) != want {
			t.Fatalf("%s: %q with marks %b, want %q", raw, got, m, want)
		}
	}
	if refused < 1000 {
		t.Errorf("only %d strings were refused", refused)
	}
}

func TestIsNumber(t *testing.T) {
	pieces := []string{"0", "1", "12", "-", ".", "e", "E", "+", " "}
	numbers := 0
	for seed := range uint64(20_000) {
		rng := rand.New(rand.NewPCG(seed, 10))
		var b strings.Builder
		for range rng.IntN(6) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		text := b.String()
		want := json.Valid([]byte(text)) && strings.Trim(text, " ") == text
		if got := IsNumber([]byte(text)); got != want {
			t.Fatalf("%q: %v, want %v", text, got, want)
		}
		if want {
			numbers++
		}
	}
	if numbers < 1000 {
		t.Errorf("only %d numbers", numbers)
	}
}
