package split

import (
	"fmt"

	"tracekit/internal/term"
	"tracekit/transform/requests"
	"tracekit/transform/slice"
	"tracekit/transform/window"
)

// byRequest finds the windows of requests. They may overlap.
func (p *pieces) byRequest(whole slice.Window) ([]slice.Window, error) {
	found, err := p.requests.Find(requests.Clock{Zero: p.survey.Zero, Last: p.survey.Last, Base: p.base()})
	if err == nil {
		p.run = found.Run
	}
	if err != nil {
		return nil, err
	}
	p.manifest.Marker = found.String()
	var windows []slice.Window
	for i := range found.Requests {
		r := &found.Requests[i]
		if r.Outside {
			p.manifest.Outside = append(p.manifest.Outside, Outside{Label: r.ID, Start: micros(r.Start), End: micros(r.End)})
			continue
		}
		w := slice.Window{From: max(r.Start, whole.From), To: min(max(r.End, r.Start.Add(1)), whole.To)}
		q := Piece{Kind: "request", Label: r.ID, Inferred: r.Inferred(), Begun: r.Begun, Unfinished: r.Unfinished}
		if found.Run != nil && r.FirstStep >= 0 {
			q.Steps = p.stretchesOf(found.Run).steps(r.FirstStep, r.LastStep)
			q.hostEnd = w.To
		}
		p.add(q, w)
		windows = append(windows, w)
	}
	if len(windows) == 0 {
		first := p.manifest.Outside[0]
		return nil, fmt.Errorf("%w: %s, the first from @%s to @%s; the trace goes from @%s to @%s",
			ErrOutside, term.Plural(len(found.Requests), "request"), first.Start, first.End, micros(whole.From), micros(p.survey.Last))
	}
	return windows, nil
}

// base is the trace's baseTimeNanoseconds, 0 if it has none.
func (p *pieces) base() int64 { return window.BaseOf(p.survey) }
