package split

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"tracekit/trace"
)

// Spans that are joined as they come take the same time as all of them, moment by moment.
func TestBusyIsTheUnion(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 3))
		const moments = 3000
		var at [moments]bool
		events := make([]string, 700)
		first, last := moments, 0
		for i := range events {
			start, dur := rng.IntN(moments-40), 1+rng.IntN(1+rng.IntN(30))
			events[i] = fmt.Sprintf(`{"ph":"X","cat":"kernel","name":"k","pid":1,"tid":1,"ts":%d,"dur":%d}`, start, dur)
			for n := start; n < start+dur; n++ {
				at[n] = true
			}
			first, last = min(first, start), max(last, start+dur)
		}
		want := 0
		for _, is := range at {
			if is {
				want++
			}
		}
		var b busy
		if _, err := source(t, []byte("["+strings.Join(events, ",")+"]")).Survey(func(e *trace.Event) error { b.add(e); return nil }); err != nil {
			t.Fatal(err)
		}
		sum, start, end := b.total()
		if sum != trace.Time(want)*1000 || start != trace.Time(first)*1000 || end != trace.Time(last)*1000 {
			t.Errorf("seed %d: %d from %d to %d, want %d from %d to %d µs", seed, sum/1000, start/1000, end/1000, want, first, last)
		}
	}
}
