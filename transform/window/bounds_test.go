package window

import (
	"errors"
	"testing"

	"tracekit/trace"
)

func TestBounds(t *testing.T) {
	const zero, last = 5_000_000_000, 15_000_000_000
	for text, want := range map[string]trace.Time{
		"0s": zero, "10s": 15_000_000_000, "1m30s": 95_000_000_000, "250ms": 5_250_000_000, "1us": 5_000_001_000, "40ns": 5_000_000_040,
		"1.5ms": 5_001_500_000, "-2s": 13_000_000_000, "-0s": last, "25%": 7_500_000_000, "0%": zero, "100%": last + 1, "12.5%": 6_250_000_000,
		"@7000000.5": 7_000_000_500, "@-1": -1000, "@6520430064204.583": 6_520_430_064_204_583,
	} {
		b, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := b.Resolve(zero, last, 0); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "10", "-10", "1.5", "1e3", "@", "@x", "@1e400", "101%", "-1%", "x%", "NaN%", "10 s", "+1s", "--1s", "2026-03-17", "s"} {
		if _, err := Parse(text); err == nil {
			t.Errorf("no error for %q", text)
		}
	}
}

func TestWallClock(t *testing.T) {
	b, err := Parse("2024-04-01T21:33:20.5+02:00")
	if err != nil {
		t.Fatal(err)
	}
	const epoch = 1_712_000_000_000_000_000
	for _, c := range []struct {
		zero trace.Time
		base int64
		want trace.Time
	}{
		{1000, epoch, 500_000_000},
		{epoch, 0, epoch + 500_000_000},
	} {
		if got, err := b.Resolve(c.zero, c.zero+1, c.base); err != nil || got != c.want {
			t.Errorf("zero %d, base %d: %d, %v, want %d", c.zero, c.base, got, err, c.want)
		}
	}
	if _, err := b.Resolve(1000, 2000, 0); !errors.Is(err, ErrNoWallClock) {
		t.Errorf("without a clock: %v", err)
	}
}

// Where times count from the epoch a viewer reads only whole microseconds
// exactly, so that bounds that are reckoned are such. What is said outright holds.
func TestReadableBounds(t *testing.T) {
	const zero, last = 1_712_000_000_000_000_000, 1_712_000_000_000_010_001
	for text, want := range map[string]trace.Time{
		"33.333%": zero + 3000, "1234ns": zero + 1000, "-1us": zero + 9000, "100%": last + 1, "@1712000000000000.333": zero + 333,
	} {
		b, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := b.Resolve(zero, last, 0); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", text, got-zero, err, want-zero)
		}
	}
	v := &trace.Survey{Extent: trace.Extent{Zero: zero + 1, Last: last}}
	for length, want := range map[trace.Time]trace.Time{5500: 5000, 999: 1000, 40: 41, 900: 901} {
		f := Finder{Range: Range{For: length}}
		if from, to, _, err := f.Resolve(v); err != nil || from != v.Zero || to-zero != want {
			t.Errorf("for %d: %d to %d, %v, want %d", length, from-zero, to-zero, err, want)
		}
	}
	at := v.Zero
	for n := 1; n <= 3; n++ {
		f := Finder{Range: Range{Part: n, Parts: 3}}
		from, to, _, err := f.Resolve(v)
		if err != nil || from != at || n < 3 && to%1000 != 0 || n == 3 && to != last+1 {
			t.Errorf("part %d: %d to %d, %v", n, from-zero, to-zero, err)
		}
		at = to
	}
}
