package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// The collector waits until memory is used, then begins and goes on often; who has set
// it otherwise is left alone.
func TestTheCollectorBeginsLate(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(-1)
	defer func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}()
	settings := func() (percent int, limit int64) {
		percent = debug.SetGCPercent(100)
		debug.SetGCPercent(percent)
		return percent, debug.SetMemoryLimit(-1)
	}
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("GOGC", "")
			t.Setenv("GOMEMLIMIT", "")
			t.Setenv(name, "80")
			spareMemory()
			if p, l := settings(); p != 100 || l != limit {
				t.Errorf("%d %%, limit %d", p, l)
			}
		})
	}
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	spareMemory()
	if _, l := settings(); l != untouched && l != math.MaxInt64 { // it may have begun
		t.Errorf("limit %d before", l)
	}
	for range 500 {
		runtime.GC()
		if _, l := settings(); l == math.MaxInt64 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if p, l := settings(); p != 25 || l != math.MaxInt64 {
		t.Errorf("%d %%, limit %d after", p, l)
	}
}
