package main

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
)

// untouched is how much memory may be taken before the collector begins, in bytes:
// a small task is done before.
const untouched = 48 << 20

// spareMemory lets the collector begin late, and then often: little is allocated, so
// that memory is worth more than what this takes. Who sets GOGC or GOMEMLIMIT decides.
func spareMemory() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(untouched)
	type first struct{ _ [16]byte }
	runtime.AddCleanup(new(first), func(struct{}) {
		debug.SetGCPercent(25)
		debug.SetMemoryLimit(math.MaxInt64)
	}, struct{}{})
}
