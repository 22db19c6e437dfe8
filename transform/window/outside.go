package window

import (
	"fmt"

	"tracekit/trace"
)

// Outside describes events at impossible times, which are not part of a trace's range, and how far the start
// of Perfetto's ruler, which includes them, is from the start of times here. It is empty if there are none.
func Outside(x *trace.Extent) string {
	if x.Outside == 0 {
		return ""
	}
	events := "events"
	if x.Outside == 1 {
		events = "event"
	}
	text := fmt.Sprintf("%d %s at impossible times, not counted", x.Outside, events)
	if x.Ruler < x.Zero {
		text += fmt.Sprintf("; Perfetto's ruler begins %v earlier", ago(x.Zero-x.Ruler))
	}
	return text
}
