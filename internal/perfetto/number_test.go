package perfetto

import (
	"math/rand/v2"
	"testing"

	"tracekit/internal/jsonlex"
)

// judgePlain compares Plain with ParseNumber where it reads a number at all.
func judgePlain(t *testing.T, text string) (plain bool) {
	t.Helper()
	b := []byte(text)
	got, end := Plain(b, 0)
	if end < 0 {
		return false
	}
	want, wantEnd, st := ParseNumber(b, 0)
	if end < len(b) && (b[end]|0x20 == 'e' || b[end] == '.') {
		return true // the caller sees what follows
	}
	if st != jsonlex.OK || end != wantEnd || got != want {
		t.Fatalf("%q: %+v up to %d, want %+v up to %d (status %d)", text, got, end, want, wantEnd, st)
	}
	return true
}

// Plain numbers are read as all numbers are, and common ones are plain.
func TestPlain(t *testing.T) {
	for _, text := range []string{"0,", "-0,", "7}", "-1 ", "4105485772.631,", "6520618873136.96,", "0.001,", "-0.5,", "12345678,", "123456789,",
		"1234567812345678,", "123456781234567812,", "0.1234567812345678,", "1.5]"} {
		if !judgePlain(t, text) {
			t.Errorf("%q is not plain", text)
		}
	}
	for _, text := range []string{"", "-", ",", "01,", "-01,", "1.,", ".5,", "1", "12", "1.5", "1234567812345678123,", "0.12345678123456781,", "x1,"} {
		if judgePlain(t, text) {
			t.Errorf("%q is plain", text)
		}
	}
	rng := rand.New(rand.NewPCG(4, 4))
	alphabet := "0123456789012345678901234567890123456789.-e/:0123456789"
	for range 300_000 {
		b := make([]byte, 1+rng.IntN(22))
		for i := range b {
			b[i] = alphabet[rng.IntN(len(alphabet))]
		}
		judgePlain(t, string(b)+","+"x.9:/ \xff\x00\x8a-"[:rng.IntN(11)])
	}
}
