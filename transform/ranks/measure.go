package ranks

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"tracekit/internal/budget"
	"tracekit/trace"
	"tracekit/transform/internal/clocks"
	"tracekit/transform/report"
	"tracekit/transform/window"
)

const (
	mostKernels  = 5000 // names of which a trace keeps the sums, those with the largest
	mostSketches = 5000
)

type kernelName struct{ cat, name string }

// meter measures one trace.
type meter struct {
	trace   *Trace
	calls   calls
	repeats calls // of operations whose tasks stand elsewhere, in which they can't be told from others
	kernels map[kernelName]sketch
	text    []byte // of the document
}

// Measure returns what the trace s, of the file called name, adds to a report of many. It reads s
// twice, and fails as [report.Run] does. The report that it returns beside is that of s alone.
func Measure(ctx context.Context, s *trace.Source, name string, o report.Options) (*Trace, *report.Report, error) {
	m := &meter{trace: &Trace{File: name}, kernels: map[kernelName]sketch{}}
	m.calls, m.repeats = newCalls(m.trace), newCalls(m.trace)
	budget.Register(ctx, func(sum *budget.Sum) {
		const bins = 1000
		sum.Add("collectives", m.calls.memory()+m.repeats.memory())
		sum.Add("durations of kernels", bins*len(m.kernels))
		sum.Add("members of the document", len(m.text))
	})
	o.Document = func(text []byte) { m.text = append(m.text, text...) }
	o.Communication, o.Device = true, m.device
	r, err := report.Run(ctx, s, o)
	if err != nil {
		return nil, nil, err
	}
	m.finish(r)
	return m.trace, r, nil
}

// device takes work of a device.
func (m *meter) device(e *trace.Event, repeats bool) {
	if x, ok := clocks.CollectiveOf(e); ok && repeats {
		m.repeats.add(e, &x)
	} else if ok {
		m.calls.add(e, &x)
	}
	if repeats {
		return
	}
	k, ok := m.kernels[kernelName{string(e.Cat()), string(e.Name())}]
	if !ok {
		if len(m.kernels) >= mostSketches {
			return
		}
		k = newSketch()
		m.kernels[kernelName{string(e.Cat()), string(e.Name())}] = k
	}
	k.add(e.Dur, 1)
}

func (m *meter) finish(r *report.Report) {
	t := m.trace
	t.Zero, t.Last, t.From, t.To = int64(r.Survey.Zero), int64(r.Survey.Last), int64(r.From), int64(r.To)
	t.Markers, t.Outside, t.Merged = r.Markers, r.Outside, r.Merged != nil
	if len(r.Damage.Finds()) > 0 {
		t.Damage = r.Damage.String()
	}
	t.learnDocument(m.text)
	t.Phases, t.Buckets = []string{}, []string{}
	if len(m.calls.all) == 0 && len(m.repeats.all) > 0 {
		for i := range r.Steps {
			r.Steps[i].Communication, r.Steps[i].Exposed = nil, nil
		}
	}
	t.putSteps(r.Steps)
	t.Recompilations = r.Recompilations
	t.Devices, t.Kernels = []Device{}, []Kernel{}
	for i := range r.Devices {
		d := &r.Devices[i]
		t.Devices = append(t.Devices, Device{d.Name, d.Events, int64(d.First), int64(d.Last), int64(d.Busy), int64(d.Idle), (*int64)(d.Communication), (*int64)(d.Exposed)})
	}
	sketches := map[kernelName]sketch{}
	for k, s := range m.kernels {
		sketches[kernelName{string(trace.Unescape([]byte(k.cat))), string(trace.Unescape([]byte(k.name)))}] = s
	}
	for i := range r.Kernels {
		k := &r.Kernels[i]
		if i >= mostKernels {
			if t.Others == nil {
				t.Others = &Kernel{}
			}
			t.Others.Count += k.Count
			t.Others.Total += int64(k.Total)
			continue
		}
		n := Kernel{Name: k.Name, Cat: k.Cat, Count: k.Count, Total: int64(k.Total)}
		if s, ok := sketches[kernelName{k.Cat, k.Name}]; ok && s.TotalCount() == k.Count {
			n.Durations = s.columns()
		}
		t.Kernels = append(t.Kernels, n)
	}
	if len(m.calls.all) == 0 && len(m.repeats.all) > 0 {
		m.calls = m.repeats
		t.forgetOverlap(m.calls.all)
	}
	m.calls.finish()
}

// forgetOverlap takes for communication what operations say, whose tasks on the streams do not tell what
// they are part of: what hides it is not known.
func (t *Trace) forgetOverlap(all []call) {
	slices.SortStableFunc(all, func(a, b call) int { return cmp.Compare(a.start, b.start) })
	length, end := int64(0), trace.MinTime
	for _, x := range all {
		if x.end > end {
			length += int64(x.end - max(x.start, end))
			end = x.end
		}
	}
	for i := range t.Devices {
		t.Devices[i].Communication, t.Devices[i].Exposed = nil, nil
	}
	if len(t.Devices) > 0 {
		t.Devices[0].Communication = &length
	}
}

// learnDocument reads what the document says of the rank and its clock.
func (t *Trace) learnDocument(text []byte) {
	for m := range trace.Members(text) {
		switch string(m.Key) {
		case "baseTimeNanoseconds":
			t.Base = max(window.BaseTime([]byte(`"baseTimeNanoseconds":`+string(m.Value))), 0)
		case "host_name":
			t.Host = trace.Unquote(m.Value)
		case "distributedInfo":
			for d := range trace.Members(m.Value) {
				if n, err := strconv.Atoi(trace.Unquote(d.Value)); string(d.Key) == "rank" && err == nil && n >= 0 {
					t.Rank = &n
				}
			}
		}
	}
}
