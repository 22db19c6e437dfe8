package clocks

import (
	"math"
	"testing"

	"tracekit/trace"
)

func TestFitFindsOffsetAndDrift(t *testing.T) {
	var points []point
	for i := range 500 {
		at := float64(i) * 1e6
		d := 1000 + 30e-6*at
		if i%3 == 0 {
			d += 5e6 // late
		}
		points = append(points, point{at, d})
	}
	l, _ := fit(points)
	if math.Abs(l.at(250e6)-(1000+30e-6*250e6)) > 20 || math.Abs(l.drift-30e-6) > 1e-7 {
		t.Errorf("%+v", l)
	}
}

func TestClockKeepsOrder(t *testing.T) {
	c := Clock{Shift: 5, Drift: -0.9e-3, Pivot: 1_000_000}
	for at := int64(999_000); at < 1_010_000; at++ {
		if c.At(trace.Time(at)) > c.At(trace.Time(at+1)) {
			t.Fatalf("%d comes behind %d", at, at+1)
		}
	}
	for at := int64(999_000); at < 1_001_000; at++ {
		was := c.Before(trace.Time(at))
		if c.At(was) < trace.Time(at) || c.At(was-1) >= trace.Time(at) {
			t.Fatalf("before %d is %d", at, was)
		}
	}
}
