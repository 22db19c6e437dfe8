// Package index builds the seek index of a trace. [Build] reads it once and keeps, beside what
// package trace has in an index, what its steps, requests and capture are found by, and what a report
// has to know before it measures a range. The format and the use of an index are for package trace,
// and each of the others restores itself from what it has put there.
package index

import (
	"context"

	"tracekit/internal/budget"
	"tracekit/trace"
	"tracekit/transform/report"
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
	finder, first := steps.NewFinder(steps.Options{}), report.NewFirst()
	var capture steps.Capture
	budget.Register(ctx, func(sum *budget.Sum) {
		finder.Hold(sum)
		sum.Add("requests", collector.Memory())
		if first != nil {
			sum.Add("threads", first.Memory())
		}
		sum.Add("categories", s.IndexMemory())
	})
	x, err := s.Index(ctx, id, func(p *trace.Part) error {
		if first != nil && p.Text != nil {
			first.LearnDocument(p.Text)
		}
		for i := range p.Events {
			e := &p.Events[i]
			finder.Learn(e)
			collector.Learn(e)
			capture.Learn(e)
			if first != nil {
				first.Learn(e)
			}
		}
		if first != nil && first.Memory() > mostHeld {
			first = nil
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
	room := id.Size/mostShare - int64(len(x.Append(nil)))
	put := func(name string, data []byte) { room -= x.Put(name, data, max(room, leastRoom)) }
	put(steps.CaptureName, capture.Snapshot())
	put(steps.IndexName(), finder.Snapshot())
	put(requests.IndexName(), collector.Snapshot())
	if first != nil {
		put(report.IndexName(), first.Snapshot())
	}
	return x, nil
}

// An index may take a share of its file, and each thing in it so many bytes in any case. What does not find
// room is not kept: a trace of that kind is read for it.
const (
	mostShare = 100
	leastRoom = 16 << 10
)

// mostHeld is how many bytes are spent on what a report has to know. Of more threads or open slices than
// that it would find no room.
const mostHeld = 32 << 20
