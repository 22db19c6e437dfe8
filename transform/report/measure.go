package report

import (
	"cmp"
	"context"
	"math"

	"tracekit/filter"
	"tracekit/internal/budget"
	"tracekit/internal/extsort"
	"tracekit/trace"
)

// measure is the second reading.
type measure struct {
	*learned
	report  *Report
	options Options
	device  devices
	python  stacks
	kernels kernels
	begins  begins // of this reading
	known   classes
	rest    unlisted
	scratch extsort.Scratch
	moments *moments // nil unless time is attributed
}

func newMeasure(l *learned, r *Report, o Options) *measure {
	m := &measure{learned: l, report: r, options: o}
	l.levels.FindLowest(&l.sides)
	m.begins.sort(&l.begins)
	r.Steps, r.Recompilations, r.Gaps = []Step{}, []Recompilation{}, []Gap{}
	r.Phases, r.Buckets, r.Padding = []Bucket{}, []Bucket{}, []Padding{}
	if l.run != nil {
		m.measureSteps()
	}
	m.device.between(r.Steps, r.Gaps)
	if o.Windows != nil {
		m.moments = newMoments(m, o.Windows(r))
	}
	return m
}

// choose returns the blocks that may hold something of the range, and apart from these the ones of which
// nothing may but slices that lie aside.
func (m *measure) choose() (blocks, outliers []trace.Block) {
	for _, b := range m.survey.Blocks {
		switch {
		case b.Text != nil:
		case b.OthersOverlap(m.from, m.to) || b.Holds&trace.HoldsPair != 0:
			blocks = append(blocks, b)
		case b.Overlaps(m.from, m.to):
			outliers = append(outliers, b)
		}
	}
	return blocks, outliers
}

// measureOutliers measures what lies aside of blocks before a place in the text, and returns the other ones.
func (m *measure) measureOutliers(outliers []trace.Block, before int64) ([]trace.Block, error) {
	for ; len(outliers) > 0 && outliers[0].Off < before; outliers = outliers[1:] {
		for e := range outliers[0].Outliers() {
			if err := m.slice(e); err != nil {
				return nil, err
			}
		}
	}
	return outliers, nil
}

// read measures what the blocks in the range hold, unless the first reading noted all of that.
func (m *measure) read(ctx context.Context, s *trace.Source) error {
	budget.Register(ctx, m.addMemory)
	if m.suffices() {
		return m.readNoted(ctx)
	}
	blocks, outliers := m.choose()
	r, err := s.ReadBlocks(blocks)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := trace.EachPart(ctx, r, func(p *trace.Part) (err error) {
		if outliers, err = m.measureOutliers(outliers, p.Off); err != nil {
			return err
		}
		for i := range p.Events {
			if err := m.event(&p.Events[i]); err != nil {
				return err
			}
		}
		return budget.Check(ctx)
	}); err != nil {
		return err
	}
	_, err = m.measureOutliers(outliers, math.MaxInt64)
	return err
}

// addMemory adds what m takes, besides what was learned.
func (m *measure) addMemory(s *budget.Sum) {
	s.Add("open slices", m.begins.held)
	n := m.python.memory()
	if m.moments != nil {
		n += m.moments.memory()
	}
	s.Add("threads", n)
}

func (m *measure) event(e *trace.Event) error {
	if e.Phase == 'B' || e.Phase == 'E' {
		return m.begins.addEvent(m.names.Of(e), e, m.kindOf, m.slice)
	}
	return m.slice(e)
}

func (m *measure) slice(e *trace.Event) error {
	if m.learned.merged {
		if s := m.reader.Read(e); s != nil {
			return m.merged(e, s)
		}
	}
	if !isSlice(e) {
		return nil
	}
	k := m.known.of(e, &m.sides)
	if k == nil {
		looked := m.lookAt(e)
		m.known.put(e, &m.sides, looked)
		k = &looked
	}
	switch {
	case k.class == nothing || !m.meets(e.TS, e.Span()):
		return nil
	case m.options.Device != nil && k.isDevice() && (!k.repeats || m.sides.Communicates(e)):
		m.options.Device(e, k.repeats)
	}
	d := m.destination(e, k)
	return m.send(&d, e.TS, e.End(), m.launch(e, k))
}

// destination is where slices of one name on one thread go.
type destination struct {
	order  *inOrder // nil if they are not measured
	what   int32
	kernel *kernel // of a device
	marks  bool    // they may be markers of steps
}

// destination returns where a slice goes that was looked at.
func (m *measure) destination(e *trace.Event, k *sliceClass) destination {
	switch {
	case k.class == call:
		return m.callsOf(e)
	case k.class == frame:
		return m.python.framesOf(m, e)
	case k.class == work && k.side != filter.Device:
		return m.hostOf(e)
	case k.class == work && !k.repeats:
		return m.device.workOf(m, e)
	}
	return destination{}
}

// launch is the number that a call shares with what it launched, 0 if there is none.
func (m *measure) launch(e *trace.Event, k *sliceClass) int32 {
	switch {
	case m.moments == nil:
	case k.class == call:
		return m.moments.called.of(e)
	case k.isDevice():
		return m.moments.launched.of(e)
	}
	return 0
}

// send sends a slice on its way into order.
func (m *measure) send(d *destination, start, end trace.Time, launch int32) error {
	switch {
	case d.order == nil, d.marks && m.moments.isMarker(start, end):
		return nil
	case d.kernel != nil:
		m.kernels.count(d.kernel, m.clip(start, end))
	}
	return d.order.add(start, end, d.what, launch)
}

// lookAt returns what a slice counts for.
func (m *measure) lookAt(e *trace.Event) sliceClass {
	k := sliceClass{class: m.kindOf(e)}
	if k.class == work {
		k.side = m.sides.Side(e)
		k.repeats = k.side == filter.Device && m.levels.Repeats(&m.sides, e)
	}
	return k
}

// inOrder puts slices in order of which the latest are as late as that.
func (m *measure) inOrder(late trace.Time) inOrder {
	held := cmp.Or(m.options.held, maxHeld)
	return inOrder{late: late, held: held, sorter: extsort.New(&byStart, held, &m.scratch, m.options.Temp)}
}

// close removes what was put aside.
func (m *measure) close() {
	for _, v := range m.device.order {
		v.sorter.Close()
	}
	m.python.close()
	if m.moments != nil {
		m.moments.close()
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

func (m *measure) finish(ctx context.Context) (err error) {
	if err = m.begins.end(m.kindOf, m.slice); err != nil {
		return err
	}
	if m.report.Devices, err = m.device.finish(ctx, m); err != nil {
		return err
	}
	if m.report.Python, err = m.python.finish(ctx, m); err != nil {
		return err
	}
	m.report.Kernels = m.kernels.finish()
	if m.rest.any() {
		for i := range m.report.Kernels {
			m.report.Kernels[i].Estimate = true
		}
		for i := range m.report.Python {
			m.report.Python[i].Estimate = true
		}
	}
	if m.moments != nil {
		if m.report.Attribution, err = m.attribute(ctx); err != nil {
			return err
		}
	}
	if n := trace.Time(len(m.report.Devices)); n > 0 {
		for i := range m.report.Steps {
			s := &m.report.Steps[i]
			s.DeviceBusy, s.DeviceIdle = split(m.device.steps.busy[i]/n, s.Duration)
			if m.measuresCommunication() {
				s.Communication, s.Exposed = m.device.exposedIn(i, n)
			}
		}
		for i := range m.report.Gaps {
			g := &m.report.Gaps[i]
			g.DeviceBusy, g.DeviceIdle = split(m.device.gaps.busy[i]/n, g.Duration)
		}
	}
	return nil
}

func split(busy, whole trace.Time) (b, idle *trace.Time) {
	rest := whole - busy
	return &busy, &rest
}
