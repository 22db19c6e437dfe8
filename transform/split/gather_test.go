package split

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"tracekit/filter"
	"tracekit/trace"
	"tracekit/transform/pipeline"
	"tracekit/transform/slice"
)

// Launches are gathered in one reading, however they are recorded; a second takes ids
// that join nothing where a flow does.
func TestReadingsForLaunches(t *testing.T) {
	const (
		call   = `{"ph":"X","cat":"cuda_runtime","pid":1,"tid":1,"ts":1,"dur":1%s}`
		start  = `{"ph":"s","cat":"ac2g","name":"ac2g","id":1,"pid":1,"tid":1,"ts":1.5}`
		end    = `{"ph":"f","cat":"ac2g","name":"ac2g","id":1,"pid":7,"tid":7,"ts":30,"bp":"e"}`
		kernel = `{"ph":"X","cat":"kernel","pid":7,"tid":7,"ts":30,"dur":1%s}`
		lost   = `{"ph":"X","cat":"kernel","pid":7,"tid":7,"ts":5,"dur":1,"args":{"correlation":99}}`
		id     = `,"args":{"correlation":5}`
	)
	none, with := fmt.Sprintf(kernel, ""), fmt.Sprintf(kernel, id)
	for _, c := range []struct {
		name     string
		events   []string
		readings int
	}{
		{"by ids", []string{fmt.Sprintf(call, id), start, end, with}, 1},
		{"by ids, from behind", []string{with, end, start, fmt.Sprintf(call, id)}, 1},
		{"by flows", []string{fmt.Sprintf(call, ""), start, end, none}, 1},
		{"by a flow to a pair", []string{fmt.Sprintf(call, ""), start, end,
			`{"ph":"B","cat":"kernel","pid":7,"tid":7,"ts":30}`, `{"ph":"E","pid":7,"tid":7,"ts":31}`}, 1},
		{"one that was launched before the trace", []string{fmt.Sprintf(call, id), start, end, with, lost}, 1},
		{"by a flow beside an id of nothing", []string{fmt.Sprintf(call, ""), start, end, with}, 2},
		{"by flows, from behind", []string{none, end, start, fmt.Sprintf(call, "")}, 2},
	} {
		data := "[" + strings.Join(c.events, ",") + "]"
		src, err := trace.NewSource(strings.NewReader(data), int64(len(data)), trace.SourceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		r := newRouter(slice.Launched, filter.Given{})
		v, err := src.SurveyParts(func(p *trace.Part) error { r.Learn(p); return nil })
		if err != nil {
			t.Fatal(err)
		}
		r.SetWindows([]slice.Window{{From: 0, To: 10_000}, {From: 10_000, To: 20_000}, {From: 20_000, To: 40_000}}, v.Last)
		readings := 0
		read := func() (trace.Stream, error) {
			readings++
			return src.ReadBlocks(v.Blocks)
		}
		if err := r.Gather(context.Background(), read); err != nil {
			t.Fatal(err)
		}
		if readings != c.readings {
			t.Errorf("%s: read %d times, want %d", c.name, readings, c.readings)
		}
		if err := pipeline.EachEvent(context.Background(), read, func(e *trace.Event) {
			at, _ := r.Route(e)
			if e.TS == 30_000 && e.Phase != 'f' && fmt.Sprint(at) != "[0 2]" {
				t.Errorf("%s: %s goes to %v", c.name, e.Raw(), at)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
}
