package trace

import "testing"

func TestWholeID(t *testing.T) {
	for in, want := range map[string]string{
		"1": "1", "1.0": "1", "1.7": "1", "-1.0": "-1", "0.0": "0", "-0.5": "0", "1e0": "1", "12E2": "1200", "1.5e1": "15", "-3e0": "-3", "10e-1": "1",
		"": "", "null": "null", "true": "true", `"1.0"`: `"1.0"`, `"e"`: `"e"`, "1e999": "1e999",
	} {
		if got := string(wholeID([]byte(in))); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
