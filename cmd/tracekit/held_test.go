package main

import (
	"bytes"
	"flag"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"tracekit/internal/budget"
	shapes "tracekit/internal/testkit/hostile"
)

var heldOf = flag.Int("held", 30_000, "how much each shape has that memory is measured on")

// What a verb remembers of a trace is in what it counts: memory that is in use is no more than
// that, a quarter above it, and what reading and writing take, whatever the trace is made of.
//
// Each call is made on one shape, with -full on all; -v shows what was measured, and
// docs/memory.md says how its table comes from two sizes, such as -held 100000 and 200000.
func TestWhatIsHeldIsCounted(t *testing.T) {
	if testing.Short() {
		t.Skip("memory is measured, so that the race detector has no part in it")
	}
	const buffers = 110 << 20 // as docs/memory.md has it
	for i, shape := range shapes.Shapes() {
		t.Run(shape, func(t *testing.T) {
			for j, call := range everyShape {
				if (i+j)%len(shapes.Shapes()) != 0 && !*full {
					continue
				}
				live, counted := liveAndCounted(t, call, shaped(t, shape, *heldOf))
				if strings.HasPrefix(call, "compare ") {
					counted *= 2 // each side counts for itself, and both are in use
				}
				t.Logf("%4d bytes each, %4d counted; %3d MB in all: %s", live / *heldOf, counted / *heldOf, live>>20, call)
				if live > buffers+counted+counted/4 {
					t.Errorf("%s: %d MB are held, %d are counted", call, live>>20, counted>>20)
				}
			}
		})
	}
}

// liveAndCounted returns how much memory a call has in use at most when it counts what it holds,
// and how much it counts at most, in bytes.
func liveAndCounted(t *testing.T, call, trace string) (live, counted int) {
	t.Helper()
	inUse := func() int {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	before := inUse()
	var looking sync.Mutex // what goes on side by side looks for itself
	ctx := budget.Observed(t.Context(), func(held int64) {
		looking.Lock()
		defer looking.Unlock()
		counted, live = max(counted, int(held)), max(live, inUse()-before)
	})
	out := t.TempDir()
	args := callOn(t, call, trace, out)
	args = append([]string{"tracekit", args[0], "--max-memory", "20GB"}, args[1:]...)
	var stderr bytes.Buffer
	if status := run(ctx, args, strings.NewReader(""), &bytes.Buffer{}, &stderr); status == exitUsage {
		t.Errorf("%q: %s", args, &stderr)
	}
	os.RemoveAll(out)
	os.Remove(trace + indexSuffix)
	return live, counted
}
