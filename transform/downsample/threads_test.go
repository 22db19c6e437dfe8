package downsample

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// What is merged stands on the thread that its slices were written for, and slices that
// are written for different ones are not merged, though Perfetto takes them for one.
func TestMergedSlicesKeepTheirThread(t *testing.T) {
	for _, c := range []struct {
		name string
		ids  []string // of slices side by side, one after another
		want []string // of what is left
	}{
		{"stream 0 of a device", []string{`"pid":2,"tid":0`, `"pid":2,"tid":0`}, []string{`2 0`}},
		{"streams 0 and 2 of device 2", []string{`"pid":2,"tid":0`, `"pid":2,"tid":0`, `"pid":2,"tid":2`, `"pid":2,"tid":2`}, []string{`2 0`, `2 2`}},
		{"stream 0 of a device with a name", []string{`"pid":"GPU 2","tid":0`, `"pid":"GPU 2","tid":0`}, []string{`"GPU 2" 0`}},
		{"no thread", []string{`"pid":2`, `"pid":2`}, []string{`2 `}},
		{"null for a thread", []string{`"pid":2,"tid":null`, `"pid":2,"tid":null`}, []string{`2 `}},
		{"neither", []string{`"x":1`, `"x":1`}, []string{` `}},
		{"no process", []string{`"tid":7`, `"tid":7`}, []string{`0 7`}},
		{"the main thread", []string{`"pid":7,"tid":7`, `"pid":7,"tid":7`}, []string{`7 7`}},
		{"a thread with a name", []string{`"pid":0,"tid":"stream 7"`, `"pid":0,"tid":"stream 7"`}, []string{`0 "stream 7"`}},
	} {
		for _, form := range []string{"complete", "begun"} {
			t.Run(c.name+", "+form, func(t *testing.T) {
				var events []string
				for i, ids := range c.ids {
					if form == "complete" {
						events = append(events, fmt.Sprintf(`{"ph":"X","name":"k","ts":%d,"dur":1,%s}`, 10+2*i, ids))
						continue
					}
					events = append(events, fmt.Sprintf(`{"ph":"B","name":"k","ts":%d,%s}`, 10+2*i, ids),
						fmt.Sprintf(`{"ph":"E","ts":%d,%s}`, 11+2*i, ids))
				}
				out := runOn(t, []byte("["+strings.Join(events, ",")+"]"), Options{Resolution: ns(5000)})
				found := map[string]bool{}
				for _, e := range parsed(t, out).Events {
					if !strings.HasPrefix(member(&e, "args"), mergedArgs) {
						t.Errorf("not merged: %s", e.Raw)
					}
					found[member(&e, "pid")+" "+member(&e, "tid")] = true
				}
				if got := slices.Sorted(maps.Keys(found)); !slices.Equal(got, c.want) {
					t.Errorf("on %q, want %q\n%s", got, c.want, out)
				}
			})
		}
	}
}
