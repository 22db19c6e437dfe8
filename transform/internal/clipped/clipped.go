// Package clipped reads the args that tell what a slice was before it was cut to a
// range: [Original] is when it began. Package slice writes these args.
package clipped

import (
	"tracekit/trace"
)

// Original is the time that an event had before an earlier cut moved it.
func Original(e *trace.Event) trace.Time {
	at := e.TS
	for m := range trace.Members(e.Args()) {
		if string(m.Key) == KeyTS {
			if ts, ok := trace.ParseMicros([]byte(trace.Unquote(m.Value))); ok {
				at = ts
			}
		}
	}
	return at
}

// Args that tell what a slice was before it was cut.
const KeyTS, KeyDur = "tracekit.ts", "tracekit.dur"
