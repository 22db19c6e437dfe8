package window

import (
	"fmt"

	"tracekit/trace"
)

// Outside tells of events at impossible times, which are no part of a trace's range,
// and how far Perfetto's ruler, which counts them, begins from where times are
// counted here. It is empty if there are none.
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
