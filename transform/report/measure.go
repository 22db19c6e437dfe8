package report

import (
	"context"
	"io"

	"tracekit/filter"
	"tracekit/trace"
)

// measure is the second reading.
type measure struct {
	*learned
	report  *Report
	device  devices
	python  python
	kernels kernels
}

func newMeasure(l *learned, r *Report) *measure {
	m := &measure{learned: l, report: r}
	r.Steps, r.Recompilations, r.Gaps = []Step{}, []Recompilation{}, []Gap{}
	r.Phases, r.Buckets = []Bucket{}, []Bucket{}
	if l.run != nil {
		m.takeSteps()
	}
	m.device.between(r.Steps, r.Gaps)
	return m
}

// read measures what the blocks in the range hold.
func (m *measure) read(ctx context.Context, s *trace.Source) error {
	var blocks []trace.Block
	for _, b := range m.survey.Blocks {
		if b.Text == nil && b.Overlaps(m.from, m.to) {
			blocks = append(blocks, b)
		}
	}
	r, err := s.ReadBlocks(blocks)
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		b, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		for i := range b.Parts {
			for j := range b.Parts[i].Events {
				m.event(&b.Parts[i].Events[j])
			}
		}
	}
}

func (m *measure) event(e *trace.Event) {
	c := classOf(e)
	if c == nothing || !m.meets(e) {
		return
	}
	if c == frame {
		m.python.add(m, e)
		return
	}
	if m.sides.Side(e) == filter.Device {
		m.device.add(m, e)
		m.kernels.add(e, m.clip(e.TS, e.End()))
	}
}

// clip returns the stretch of the range that a slice covers.
func (l *learned) clip(start, end trace.Time) span {
	return span{max(start, l.from), min(end, l.to)}
}

// span is a stretch of time, half open.
type span struct{ start, end trace.Time }

func (s span) length() trace.Time { return s.end - s.start }

// union is the length of a union of spans that come in order of their starts.
type union struct{ length, end trace.Time }

func (u *union) add(s span) {
	if s.end > u.end {
		u.length += s.end - max(s.start, u.end)
		u.end = s.end
	}
}

func (m *measure) finish() {
	m.report.Devices = m.device.finish(m)
	m.report.Python = m.python.finish(m)
	m.report.Kernels = m.kernels.finish()
	if n := trace.Time(len(m.report.Devices)); n > 0 {
		for i := range m.report.Steps {
			s := &m.report.Steps[i]
			s.DeviceBusy, s.DeviceIdle = split(m.device.steps.busy[i]/n, s.Duration)
		}
		for i := range m.report.Gaps {
			g := &m.report.Gaps[i]
			g.DeviceBusy, g.DeviceIdle = split(m.device.gaps.busy[i]/n, g.Duration)
		}
	}
}

func split(busy, whole trace.Time) (b, idle *trace.Time) {
	rest := whole - busy
	return &busy, &rest
}
