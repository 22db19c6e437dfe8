package open

import (
	"context"
	"time"

	"tracekit/internal/budget"
	"tracekit/trace"
	"tracekit/transform/page"
)

// Gather shows r what a Collector knows as the parts of a trace go by: early, so that
// there is something to see, and less often the longer it takes.
type Gather struct {
	*page.Collector
	*Reading
	// Finish completes what is shown.
	Finish func(d *page.Data)

	next time.Time
}

const (
	firstShown = 150 * time.Millisecond
	shownAgain = 700 * time.Millisecond
)

// Part takes the next part of the trace.
func (g *Gather) Part(ctx context.Context, p *trace.Part) error {
	g.Collector.Part(p)
	now := time.Now()
	switch {
	case g.next.IsZero():
		g.next = now.Add(firstShown)
	case now.After(g.next):
		d := g.Collector.Partial()
		g.Finish(d)
		if err := g.Show(d); err != nil {
			return err
		}
		g.next = time.Now().Add(max(shownAgain, 10*time.Since(now)))
	}
	g.yield(ctx)
	return budget.Check(ctx)
}

// End shows all of the trace that v surveys.
func (g *Gather) End(v *trace.Survey) error {
	d := g.Collector.Finish(v)
	g.Finish(d)
	return g.Show(d)
}
