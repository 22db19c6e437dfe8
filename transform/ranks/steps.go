package ranks

import (
	"fmt"

	"tracekit/trace"
	"tracekit/transform/report"
)

// step is one step of a trace.
type step struct {
	number           int64 // its marker's, or its place
	numbered         bool
	start, duration  trace.Time
	phase, bucket    int // in the lists of the trace
	warmup, compiles bool
	measured         bool // busy is
	busy             trace.Time
	split            bool // communication and exposed are
	communication    trace.Time
	exposed          trace.Time
}

func (s *step) end() trace.Time { return s.start + s.duration }

const (
	isWarmup = 1 << iota
	isCompiling
	isNumbered
	isMeasured
	isSplit
)

// putSteps takes the steps of a report.
func (t *Trace) putSteps(all []report.Step) {
	phases, buckets := dictionary{list: &t.Phases}, dictionary{list: &t.Buckets}
	number, start := int64(0), trace.Time(0)
	for i := range all {
		s := &all[i]
		flags, at := int64(0), int64(s.Index)
		for _, f := range []struct {
			is   bool
			flag int64
		}{{s.Warmup, isWarmup}, {s.Recompiled, isCompiling}, {s.Number != nil, isNumbered}, {s.DeviceBusy != nil, isMeasured}, {s.Communication != nil, isSplit}} {
			if f.is {
				flags |= f.flag
			}
		}
		if s.Number != nil {
			at = *s.Number
		}
		t.Steps.put(flags, at-number, int64(s.Start-start), int64(s.Duration), int64(phases.number(s.Phase)), int64(buckets.number(s.Bucket)))
		number, start = at, s.Start
		if s.DeviceBusy != nil {
			t.Steps.put(int64(*s.DeviceBusy))
		}
		if s.Communication != nil {
			t.Steps.put(int64(*s.Communication), int64(*s.Exposed))
		}
	}
}

// steps are those of the trace, in order of time.
func (t *Trace) steps() ([]step, error) {
	var all []step
	n := numbers{rest: t.Steps}
	var last step
	for len(n.rest) > 0 {
		flags := n.next()
		s := step{number: last.number + n.next(), start: last.start + trace.Time(n.next()), duration: trace.Time(n.next()), phase: int(n.next()), bucket: int(n.next())}
		s.warmup, s.compiles, s.numbered = flags&isWarmup != 0, flags&isCompiling != 0, flags&isNumbered != 0
		if s.measured = flags&isMeasured != 0; s.measured {
			s.busy = trace.Time(n.next())
		}
		if s.split = flags&isSplit != 0; s.split {
			s.communication, s.exposed = trace.Time(n.next()), trace.Time(n.next())
		}
		if n.bad || s.phase < 0 || s.phase >= len(t.Phases) || s.bucket < 0 || s.bucket >= len(t.Buckets) || s.duration < 0 {
			return nil, errColumns
		}
		all = append(all, s)
		last = s
	}
	return all, n.end()
}

// dictionary numbers texts in order of their appearance.
type dictionary struct {
	list *[]string
	at   map[string]int
}

func (d *dictionary) number(text string) int {
	n, ok := d.at[text]
	if !ok {
		if d.at == nil {
			d.at = map[string]int{}
		}
		n = len(*d.list)
		d.at[text] = n
		*d.list = append(*d.list, text)
	}
	return n
}

// Report returns what a report of the trace alone would have of what is known here: steps, gaps,
// recompilations, devices without their engines, and kernels without their shortest and longest.
func (t *Trace) Report() (*report.Report, error) {
	all, err := t.steps()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.File, err)
	}
	r := &report.Report{
		Zero: trace.Time(t.Zero), Ruler: trace.Time(t.Zero), From: trace.Time(t.From), To: trace.Time(t.To), Markers: t.Markers, Outside: t.Outside,
		Recompilations: t.Recompilations, Gaps: []report.Gap{}, Steps: []report.Step{},
	}
	var gaps []trace.Time
	end := trace.MinTime
	for i := range all {
		s := &all[i]
		n := report.Step{Index: i, Phase: t.Phases[s.phase], Bucket: t.Buckets[s.bucket], Warmup: s.warmup, Recompiled: s.compiles, Start: s.start, Duration: s.duration}
		if s.numbered {
			n.Number, n.Label = &s.number, fmt.Sprint(s.number)
		} else {
			n.Index = int(s.number)
		}
		if s.measured {
			idle := s.duration - s.busy
			n.DeviceBusy, n.DeviceIdle = &s.busy, &idle
		}
		if s.split {
			n.Communication, n.Exposed = &s.communication, &s.exposed
		}
		if i > 0 && s.start > end {
			r.Gaps = append(r.Gaps, report.Gap{After: r.Steps[i-1].Index, Start: end, Duration: s.start - end})
			gaps = append(gaps, s.start-end)
		}
		end = max(end, s.end())
		r.Steps = append(r.Steps, n)
	}
	r.GapTotals = report.SumUp(gaps)
	for _, d := range t.Devices {
		r.Devices = append(r.Devices, report.Device{Name: d.Name, Events: d.Events, First: trace.Time(d.First), Last: trace.Time(d.Last), Busy: trace.Time(d.Busy), Idle: trace.Time(d.Idle)})
	}
	for i := range t.Kernels {
		k := &t.Kernels[i]
		r.Kernels = append(r.Kernels, report.Kernel{Name: k.Name, Cat: k.Cat, Count: k.Count, Total: trace.Time(k.Total)})
	}
	return r, nil
}
