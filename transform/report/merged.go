package report

import (
	"tracekit/filter"
	"tracekit/trace"
	"tracekit/transform/internal/merged"
)

// Merged is what downsample has made one slice of many of. The report counts and measures
// those.
type Merged struct {
	Events int64 `json:"events"` // in the range
	Slices int64 `json:"slices"` // that they stand for
}

// merged measures the slices that e stands for.
func (m *measure) merged(e *trace.Event, s *merged.Slices) error {
	if !m.meets(e.TS, e.Span()) {
		return nil
	}
	if m.report.Merged == nil {
		m.report.Merged = &Merged{}
	}
	m.report.Merged.Events++
	m.report.Merged.Slices += s.Count
	r := mergedRun{Slices: s, exact: s.IsExact() && e.TS >= m.from && e.End() <= m.to}
	for n := range s.All {
		part := m.reader.Part(e, n)
		switch m.kindOfMerged(&part) {
		case frame:
			r.frames += n.Self
		case work:
			r.work(n)
			m.mergedKernel(&part, n, &r)
		case nothing:
			if m.classOf(&part) == work && m.sides.Side(&part) != filter.Device {
				r.host(&part, n)
			}
		}
	}
	for _, list := range [][]merged.Name{s.Names, s.Rest} {
		for i := range list {
			m.mergedName(e, &list[i], &r)
		}
	}
	for i := range s.More {
		m.rest.add(s.More[i].Cat, s.More[i].Count)
	}
	for i := range s.Rest {
		m.rest.add(s.Rest[i].Cat, -s.Rest[i].Count)
	}
	if r.frames > 0 {
		if err := m.python.cover(m, e, &r); err != nil {
			return err
		}
	}
	if r.count > 0 {
		if err := m.device.addMerged(m, e, &r); err != nil {
			return err
		}
	}
	return m.mergedHost(&r)
}

// kindOfMerged is what slices that were merged count for: frames, or work of a device.
func (m *measure) kindOfMerged(part *trace.Event) class {
	c := m.classOf(part)
	if c == work && (m.sides.Side(part) != filter.Device || m.levels.Repeats(&m.sides, part)) {
		return nothing
	}
	return c
}

// mergedName adds the slices of a name, of the run or of those before it.
func (m *measure) mergedName(e *trace.Event, n *merged.Name, r *mergedRun) {
	part := m.reader.Part(e, n)
	switch m.kindOfMerged(&part) {
	case frame:
		m.python.addMerged(m, &part, n, r.exact)
	case work:
		m.kernels.addMerged(&part, n, r)
	}
}

// unlisted knows by category how many slices runs do not list by name, less those that later
// ones do. Where some are left over, what names have is an estimate.
type unlisted map[string]int64

func (u *unlisted) add(cat []byte, n int64) {
	if *u == nil {
		*u = unlisted{}
	}
	(*u)[string(cat)] += n
}

func (u unlisted) any() bool {
	for _, n := range u {
		if n != 0 {
			return true
		}
	}
	return false
}

// mergedRun is what a merged slice has of what is measured.
type mergedRun struct {
	*merged.Slices
	exact  bool
	frames trace.Time // of Python frames, but for those in them
	count  int64      // of work of a device
	busy   trace.Time // that it covers
	cat    []byte     // of it
	mixed  bool       // it has several

	ran      int32       // the kernel of which there is most, by ranAs
	most     trace.Time  // of it
	operator trace.Event // of the host, of which there is most, as long as all of them
	largest  trace.Time
}

// host takes operators and annotations of a name.
func (r *mergedRun) host(part *trace.Event, n *merged.Name) {
	all := r.operator.Dur
	if n.Self > r.largest || all == 0 {
		r.operator, r.largest = part.Clone(), n.Self
	}
	r.operator.Dur = all.Add(n.Self)
}

// mergedHost notes merged slices of the host as one, that of which there is most.
func (m *measure) mergedHost(r *mergedRun) error {
	if m.moments == nil || r.operator.Dur == 0 {
		return nil
	}
	d := m.hostOf(&r.operator)
	return m.send(&d, r.operator.TS, r.operator.End(), 0)
}

// mergedKernel notes merged kernels of a name.
func (m *measure) mergedKernel(e *trace.Event, n *merged.Name, r *mergedRun) {
	if m.moments == nil {
		return
	}
	as := ranAs(m.kernels.of(e).number, m.sides.Communicates(e))
	m.moments.countKernels(e.TS, as, n)
	if n.Busy > r.most {
		r.ran, r.most = as, n.Busy
	}
}

func (r *mergedRun) work(n *merged.Name) {
	r.mixed = r.mixed || r.count > 0 && string(n.Cat) != string(r.cat)
	r.cat = n.Cat
	r.count += n.Count
	r.busy = r.busy.Add(r.Covers(n))
}

// addMerged adds kernels of a name. How long each took is not known, only bounds.
func (k *kernels) addMerged(e *trace.Event, n *merged.Name, r *mergedRun) {
	v := k.of(e)
	v.Count += n.Count
	v.Total = v.Total.Add(n.Busy)
	v.Estimate = v.Estimate || !r.exact
	k.total = k.total.Add(n.Busy)
	switch {
	case len(r.Names) == 1 && len(r.More) == 0 && r.IsComplete() && r.Min >= 0 && r.Max >= 0:
		v.min, v.max = min(v.min, r.Min), max(v.max, r.Max)
	default:
		v.lowest, v.highest = min(v.lowest, max(r.Min, 0)), max(v.highest, r.Max)
		if r.Max < 0 {
			v.highest = trace.MaxTime
		}
	}
}

// addMerged adds calls of a function that are merged.
func (p *stacks) addMerged(m *measure, e *trace.Event, n *merged.Name, exact bool) {
	t := p.frames(m, e)
	c := t.callsOf(p.function(e.Name()))
	c.n += n.Count
	c.self += n.Self
	c.merged = c.merged.Add(n.Total)
	c.estimate = c.estimate || !exact
}

// cover takes time from the frame around merged ones.
func (p *stacks) cover(m *measure, e *trace.Event, r *mergedRun) error {
	what := int32(covering)
	if !r.exact {
		what = coveringAbout
	}
	return p.frames(m, e).inOrder.add(e.TS, min(e.TS.Add(r.frames), e.End()), what, 0)
}

// In place of the function of a stretch that merged frames take, exactly or about.
const (
	covering      = -1
	coveringAbout = -2
)

// addMerged adds work of a device that was merged.
func (d *devices) addMerged(m *measure, e *trace.Event, r *mergedRun) error {
	v := d.device(m, e)
	track := int32(m.names.Of(e))
	g := v.engine(track)
	g.events += r.count
	v.events += r.count
	g.merged = g.merged.Add(r.busy)
	g.addCategory(r.cat)
	g.mixed = g.mixed || r.mixed
	g.estimate = g.estimate || !r.exact
	v.merged, v.loose = true, v.loose || r.count < r.Count
	v.last = max(v.last, m.clip(e.TS, e.End()).end)
	if err := v.inOrder.add(e.TS, e.End(), ^(2 * track), 0); err != nil {
		return err
	}
	return v.inOrder.add(e.TS, min(e.TS.Add(r.busy), e.End()), ^(2*track + 1), r.ran)
}

// addMergedSlice meets what addMerged has added: the stretch of time that a run is within, and one
// as long as its work takes, by which that of all engines is estimated: as if all of it were
// the kernel of which there is most.
func (v *device) addMergedSlice(m *measure, s span, what, ran int32) {
	what = ^what
	if what%2 == 1 {
		v.work(&m.device, s)
		if v.runs != nil {
			kernel, communicates := kernelOf(ran)
			v.runs.run(s, kernel, communicates, 0)
		}
		return
	}
	g := v.engine(what / 2)
	g.nested = g.nested || s.start < g.reach
	g.reach = max(g.reach, s.end)
}
