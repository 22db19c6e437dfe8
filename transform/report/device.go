package report

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"tracekit/trace"
)

// devices measures when devices work.
type devices struct {
	byProcess map[int]*device
	order     []*device // of appearance
	steps     meter
	gaps      meter
	computing meter // steps, but what communicates
	exchanges meter // steps, and only that
	byJob     map[job]int32
	jobs      []job
}

// job is a kernel on a track, or other work of that name.
type job struct {
	track, kernel int32
	isKernel      bool
	communicates  bool
}

// job returns the number of a kernel on a track.
func (d *devices) job(m *measure, track, kernel int32, e *trace.Event) int32 {
	j := job{track: track, kernel: kernel, isKernel: string(e.Cat()) == "kernel"}
	n, ok := d.byJob[j]
	if !ok {
		if d.byJob == nil {
			d.byJob = map[job]int32{}
		}
		n = int32(len(d.jobs))
		d.byJob[j] = n
		j.communicates = (m.options.Communication || m.moments != nil) && m.sides.Communicates(e)
		d.jobs = append(d.jobs, j)
	}
	return n
}

// meter gathers how long devices worked in each of some stretches of time,
// whose starts and ends both rise.
type meter struct {
	of   []span
	busy []trace.Time // of all devices together
}

// device is one of them. Its work comes in order of its start.
type device struct {
	process int
	events  int64
	first   trace.Time
	inOrder
	engines map[int32]*engine
	all     union
	segment span // of work without a pause
	step    int  // the first that may still be met
	gap     int
	compute coverage    // of what does not communicate
	comm    coverage    // of what does
	merged  bool        // some of its work
	loose   bool        // with what is none
	last    trace.Time  // of what is merged
	runs    *deviceRuns // what runs at each moment; nil unless time is attributed
}

type engine struct {
	track  int
	events int64
	union
	merged   trace.Time // what merged slices cover
	cat      string     // of its latest work
	seen     bool       // some work
	mixed    bool       // it has several
	reach    trace.Time // the end of what came before, merged or not
	nested   bool       // merged work lies in other work, or has some in it
	estimate bool
	kernel   span  // the latest of its kernels
	inside   int64 // kernels that lie in others
}

// addKernel takes a kernel, in order of starts: those of a stream run one after the other.
func (g *engine) addKernel(s span) {
	if s.start < g.kernel.end && (s.end <= g.kernel.end || s.start == g.kernel.start) {
		g.inside++
	}
	if s.end > g.kernel.end {
		g.kernel = s
	}
}

// take notes a category of work. What merged slices cover is known by category: not if work
// of one lies in that of another.
func (g *engine) addCategory(cat []byte) {
	if g.cat != string(cat) {
		g.mixed = g.mixed || g.seen
		g.cat = string(cat)
	}
	g.seen = true
}

func (g *engine) isEstimate() bool { return g.estimate || g.merged > 0 && g.mixed && g.nested }

func (d *devices) between(steps []Step, gaps []Gap) {
	for i := range steps {
		d.steps.of = append(d.steps.of, span{steps[i].Start, steps[i].Start + steps[i].Duration})
	}
	for i := range gaps {
		d.gaps.of = append(d.gaps.of, span{gaps[i].Start, gaps[i].Start + gaps[i].Duration})
	}
	d.steps.busy = make([]trace.Time, len(steps))
	d.gaps.busy = make([]trace.Time, len(gaps))
	for _, m := range []*meter{&d.computing, &d.exchanges} {
		m.of, m.busy = d.steps.of, make([]trace.Time, len(steps))
	}
}

// workOf is where work of a device goes.
func (d *devices) workOf(m *measure, e *trace.Event) destination {
	track := int32(m.names.Of(e))
	v, k := d.device(m, e), m.kernels.of(e)
	if m.learned.merged {
		v.engine(track).addCategory(e.Cat())
	}
	return destination{order: &v.inOrder, what: d.job(m, track, k.number, e), kernel: k}
}

// device is the one that e is work of.
func (d *devices) device(m *measure, e *trace.Event) *device {
	process := m.names.All[m.names.Of(e)].Process
	v := d.byProcess[process]
	if v == nil {
		v = &device{process: process, engines: map[int32]*engine{}, first: trace.MaxTime, last: trace.MinTime}
		v.all.end, v.segment = trace.MinTime, span{trace.MinTime, trace.MinTime}
		v.compute, v.comm = newCoverage(&d.computing), newCoverage(&d.exchanges)
		v.inOrder = m.inOrder(lateOn(m.work, process))
		if m.moments != nil {
			v.runs = m.moments.device()
		}
		v.next = func(s stretch) { v.addSlice(m, m.clip(s.start, s.end), s.what, s.launch) }
		if d.byProcess == nil {
			d.byProcess = map[int]*device{}
		}
		d.byProcess[process] = v
		d.order = append(d.order, v)
	}
	return v
}

func (v *device) engine(track int32) *engine {
	g := v.engines[track]
	if g == nil {
		g = &engine{track: int(track), union: union{end: trace.MinTime}, reach: trace.MinTime, kernel: span{trace.MinTime, trace.MinTime}}
		v.engines[track] = g
	}
	return g
}

// addSlice meets the device's work in order.
func (v *device) addSlice(m *measure, s span, what, launch int32) {
	if what < 0 { // what is merged was counted before
		v.addMergedSlice(m, s, what, launch)
		return
	}
	j := m.device.jobs[what]
	if v.runs != nil {
		v.runs.run(s, j.kernel, j.communicates, launch)
		v.runs.counter.add(s.start, ranAs(j.kernel, j.communicates), s.length())
	}
	g := v.engine(j.track)
	g.nested = g.nested || s.start < g.reach && g.merged > 0
	g.reach = max(g.reach, s.end)
	g.events++
	v.events++
	g.add(s)
	if j.isKernel {
		g.addKernel(s)
	}
	v.work(&m.device, s)
	switch {
	case !m.options.Communication:
	case j.communicates:
		v.comm.add(s)
	default:
		v.compute.add(s)
	}
}

// work adds work of any engine.
func (v *device) work(d *devices, s span) {
	v.all.add(s)
	v.first = min(v.first, s.start)
	if s.start > v.segment.end {
		v.close(d)
		v.segment = s
	}
	v.segment.end = max(v.segment.end, s.end)
}

// close hands out a stretch of work.
func (v *device) close(d *devices) {
	v.step = d.steps.spread(v.step, v.segment)
	v.gap = d.gaps.spread(v.gap, v.segment)
}

// spread adds work to the stretches that it meets. Work comes in order; from
// is the first that may be met, and the result is that for the next.
func (m *meter) spread(from int, work span) int {
	for from < len(m.of) && m.of[from].end <= work.start {
		from++
	}
	for i := from; i < len(m.of) && m.of[i].start < work.end; i++ {
		m.busy[i] += min(m.of[i].end, work.end) - max(m.of[i].start, work.start)
	}
	return from
}

func (d *devices) finish(ctx context.Context, m *measure) ([]Device, error) {
	all := []Device{}
	for _, v := range d.order {
		if err := v.end(ctx); err != nil {
			return nil, err
		}
		v.close(d)
		name := m.names.Label(v.process)
		if name == "" {
			name = m.names.Name(v.process)
		}
		n := Device{
			Pid: trace.Unquote([]byte(m.names.Processes[v.process])), Name: name, Events: v.events,
			First: v.first, Last: max(v.all.end, v.last), Busy: v.all.length, Engines: v.list(m),
		}
		if n.Estimate = v.merged; v.merged && len(n.Engines) == 1 {
			n.Busy, n.Estimate = n.Engines[0].Busy, n.Engines[0].Estimate || v.loose
		}
		n.Idle = n.Last - n.First - n.Busy
		m.report.StepsEstimated = m.report.StepsEstimated || v.merged
		if m.measuresCommunication() {
			n.Communication, n.Exposed = v.exposed()
		}
		all = append(all, n)
	}
	slices.SortStableFunc(all, func(a, b Device) int { return cmp.Compare(b.Busy, a.Busy) })
	return all, nil
}

func (v *device) list(m *measure) []Engine {
	var all []Engine
	for _, track := range slices.Sorted(maps.Keys(v.engines)) {
		g := v.engines[track]
		all = append(all, Engine{
			Tid: trace.Unquote([]byte(m.names.All[g.track].Tid)), Name: m.names.Thread(g.track),
			Events: g.events, Busy: g.length.Add(g.merged), Estimate: g.isEstimate(), Inside: g.inside,
		})
	}
	slices.SortStableFunc(all, func(a, b Engine) int {
		return cmp.Or(cmp.Compare(b.Busy, a.Busy), cmp.Compare(b.Events, a.Events), cmp.Compare(a.Tid, b.Tid))
	})
	return all
}
