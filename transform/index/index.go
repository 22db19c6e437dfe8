// Package index builds the seek index of a trace. [Build] reads it once and keeps, beside what
// package trace has in an index, what its steps, requests and capture are found by.
package index

import (
	"context"

	"tracekit/internal/budget"
	"tracekit/trace"
	"tracekit/transform/requests"
	"tracekit/transform/steps"
)

// Build reads all of s, which is the file id, and returns its index. Each part of the trace is
// shown to look too, unless that is nil; it is valid until look returns, and an error of look
// ends the reading.
func Build(ctx context.Context, s *trace.Source, id trace.Identity, look func(*trace.Part) error) (*trace.Index, error) {
	collector, err := requests.NewCollector(requests.CollectOptions{})
	if err != nil {
		return nil, err
	}
	finder := steps.NewFinder(steps.Options{})
	var capture steps.Capture
	budget.Held(ctx, func(sum *budget.Sum) {
		sum.Add("markers of steps", finder.Held())
		sum.Add("requests", collector.Held())
	})
	x, err := s.Index(ctx, id, func(p *trace.Part) error {
		for i := range p.Events {
			e := &p.Events[i]
			finder.Learn(e)
			collector.Learn(e)
			capture.Learn(e)
		}
		if look != nil {
			if err := look(p); err != nil {
				return err
			}
		}
		return budget.Check(ctx)
	})
	if err != nil {
		return nil, err
	}
	for _, k := range []struct {
		name string
		data []byte
	}{
		{steps.CaptureName, capture.Snapshot()},
		{steps.IndexName(), finder.Snapshot()},
		{requests.IndexName(), collector.Snapshot()},
	} {
		x.Put(k.name, k.data, max(id.Size/mostShare-int64(len(x.Append(nil))), leastRoom))
	}
	return x, nil
}

// An index may take a share of its file, and each thing in it so many bytes in any case. What does not find
// room is not kept: a trace of that kind is read for it.
const (
	mostShare = 100
	leastRoom = 16 << 10
)
