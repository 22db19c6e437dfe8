package reference

import "testing"

func TestNanos(t *testing.T) {
	for _, c := range []struct {
		text string
		ns   int64
	}{
		{"0", 0}, {"-0.0", 0}, {"1", 1000}, {"6520430064204.583", 6520430064204583},
		{"1712345678901234.567", 1712345678901234567}, {"-1.5", -1500}, {`"812.25"`, 812250},
		{"0.0005", 1}, {"0.00049999999999999999999", 0}, {"-0.0005", -1}, {"-0.0004", 0},
		{"1.5e3", 1500000}, {"15E-1", 1500}, {"1e-999999999999", 0}, {"0e999999999999", 0},
		{"9223372036854775.807", 9223372036854775807}, {"-9223372036854775.808", -9223372036854775808},
	} {
		if ns, ok := Nanos(c.text); !ok || ns != c.ns {
			t.Errorf("Nanos(%s) = %d, %v, want %d", c.text, ns, ok, c.ns)
		}
	}
	for _, text := range []string{"", "null", `""`, `"x"`, "{}", "01", ".5", "1.", "+1", "0x10", "1/2", "1_0", " 1", "NaN",
		"1e300", "1e999999999999", "9223372036854775.808", `"1`, "true"} {
		if ns, ok := Nanos(text); ok {
			t.Errorf("Nanos(%s) = %d, want none", text, ns)
		}
	}
}

func TestMicros(t *testing.T) {
	for ns, want := range map[int64]string{
		0: "0.000", 1: "0.001", -1: "-0.001", 12345: "12.345", -12345: "-12.345",
		9223372036854775807: "9223372036854775.807", -9223372036854775808: "-9223372036854775.808",
	} {
		got := Micros(ns)
		if got != want {
			t.Errorf("Micros(%d) = %s, want %s", ns, got, want)
		}
		if back, ok := Nanos(got); !ok || back != ns {
			t.Errorf("Nanos(%s) = %d, %v", got, back, ok)
		}
	}
}
