package report

import "tracekit/trace"

// coverage is when work of a kind runs on a device. Work comes in order of its start.
type coverage struct {
	all     union
	segment span // of work without a pause
	at      int  // the first stretch of the meter that may still be met
	meter   *meter
}

func newCoverage(m *meter) coverage {
	return coverage{all: union{end: trace.MinTime}, segment: span{trace.MinTime, trace.MinTime}, meter: m}
}

func (c *coverage) add(s span) {
	c.all.add(s)
	if s.start > c.segment.end {
		c.close()
		c.segment = s
	}
	c.segment.end = max(c.segment.end, s.end)
}

func (c *coverage) close() { c.at = c.meter.spread(c.at, c.segment) }

// measuresCommunication reports whether it is asked for and known: merged slices do not say what ran
// beside what.
func (m *measure) measuresCommunication() bool {
	return m.options.Communication && !m.learned.merged
}

// exposed is how long the device communicates, and for how long of that it does nothing else.
func (v *device) exposed() (communication, exposed *trace.Time) {
	v.compute.close()
	v.comm.close()
	alone := v.all.length - v.compute.all.length
	return &v.comm.all.length, &alone
}

// exposedIn is the mean of n devices in a step.
func (d *devices) exposedIn(step int, n trace.Time) (communication, exposed *trace.Time) {
	comm := d.exchanges.busy[step] / n
	alone := (d.steps.busy[step] - d.computing.busy[step]) / n
	return &comm, &alone
}
