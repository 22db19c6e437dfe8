package report

import (
	"bytes"
	"sort"

	"tracekit/filter/producer"
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/internal/merged"
)

// Window is a stretch of time that is looked at by itself, such as a step. What several have in
// the same cell is added up.
type Window struct {
	Start, End trace.Time // half open
	Cell       int32
}

// moments note what the host and the devices do at each moment, each thread in a log of its own,
// to say in the end what the time of some windows was spent on.
type moments struct {
	temp      func() (*spill.File, error)
	windows   []Window
	marker    int                       // track of the markers of steps, -1 for none
	markers   map[trace.Time]trace.Time // where steps begin and end
	operators stacks                    // annotations too
	calls     stacks                    // of the runtime
	devices   []*deviceRuns
	logs      []*segments
	kernels   tally // by ranAs
	operated  tally
	launched  correlations // of work
	called    correlations // of calls
}

func newMoments(m *measure, windows []Window) *moments {
	a := &moments{temp: m.options.Temp, windows: windows, marker: -1, markers: map[trace.Time]trace.Time{}}
	if m.run != nil {
		a.marker = m.names.Find(m.run.Track.Pid, m.run.Track.Tid)
		for i := range m.run.Steps {
			a.markers[m.run.Steps[i].Start] = m.run.Steps[i].End
		}
	}
	return a
}

// newLog returns a log; times says that its marks are times.
func (a *moments) newLog(times bool) *segments {
	l := newSegments(times, a.temp)
	a.logs = append(a.logs, l)
	return l
}

// addThread lets a thread note what it does.
func (a *moments) addThread(s *stacks, t *thread) {
	t.states = &s.states
	t.log = a.newLog(s != &a.calls)
	if s == &a.operators {
		t.windows = &counter{windows: a.windows, of: &a.operated}
	}
}

// memory is about how many bytes a takes.
func (a *moments) memory() int {
	const counted, log = 1600, 160
	n := a.operators.memory() + a.calls.memory() + counted*len(a.operators.threads)
	for _, l := range a.logs {
		n += log + cap(l.buf) + l.log.Memory()
	}
	return n
}

func (a *moments) close() {
	for _, l := range a.logs {
		l.log.Close()
	}
	a.operators.close()
	a.calls.close()
}

// tally adds up amounts by number and cell.
type tally map[cellKey]*Spent

func (t *tally) add(number, cell int32, n Spent) *Spent {
	if *t == nil {
		*t = tally{}
	}
	s := (*t)[cellKey{number, cell}]
	if s == nil {
		s = &Spent{}
		(*t)[cellKey{number, cell}] = s
	}
	s.Count += n.Count
	s.Total += n.Total
	return s
}

type cellKey struct{ number, cell int32 }

// counter counts what begins in windows, in order of time.
type counter struct {
	windows []Window
	of      *tally
	latest  [64]struct { // by number
		cellKey
		spent *Spent
	}
}

func (c *counter) add(start trace.Time, number int32, length trace.Time) {
	for len(c.windows) > 0 && c.windows[0].End <= start {
		c.windows = c.windows[1:]
	}
	if len(c.windows) == 0 || c.windows[0].Start > start {
		return
	}
	k := cellKey{number, c.windows[0].Cell}
	l := &c.latest[uint32(number)%64]
	if l.spent == nil || l.cellKey != k {
		l.cellKey, l.spent = k, c.of.add(number, k.cell, Spent{})
	}
	l.spent.Count++
	l.spent.Total += length
}

// countKernels counts merged kernels where they begin.
func (a *moments) countKernels(start trace.Time, ran int32, n *merged.Name) {
	at := sort.Search(len(a.windows), func(i int) bool { return a.windows[i].End > start })
	if at == len(a.windows) || a.windows[at].Start > start {
		return
	}
	a.kernels.add(ran, a.windows[at].Cell, Spent{Count: n.Count, Total: n.Busy})
}

// deviceRuns is what a device runs at each moment. What communicates stands apart, since it
// counts only where nothing else runs.
type deviceRuns struct {
	events            int64
	compute, exchange stack
	counter           counter
}

func (a *moments) device() *deviceRuns {
	d := &deviceRuns{counter: counter{windows: a.windows, of: &a.kernels}}
	d.compute = stack{now: trace.MinTime, log: a.newLog(false)}
	d.exchange = stack{now: trace.MinTime, log: a.newLog(false)}
	a.devices = append(a.devices, d)
	return d
}

// run takes work in order of its start.
func (d *deviceRuns) run(s span, kernel int32, exchanges bool, launch int32) {
	at := &d.compute
	if exchanges {
		at = &d.exchange
	}
	at.run(s.start)
	at.begin(open{end: s.end, state: kernel, mark: int64(launch)})
	d.events++
}

func (d *deviceRuns) end() {
	d.compute.run(trace.MaxTime)
	d.exchange.run(trace.MaxTime)
}

// ranAs returns one number for a kernel and whether it communicates: what runs under one name may do so
// on one thread and not on another.
func ranAs(kernel int32, communicates bool) int32 {
	if communicates {
		return 2*kernel + 1
	}
	return 2 * kernel
}

// kernelOf returns what ranAs was given.
func kernelOf(ran int32) (kernel int32, communicates bool) { return ran / 2, ran%2 == 1 }

// callsOf is where calls of the runtime go.
func (m *measure) callsOf(e *trace.Event) destination {
	track := m.names.Of(e)
	s, late := &m.moments.calls, lateOn(m.calls, track)
	if m.unsure {
		late = anyLate
	}
	return destination{order: &s.thread(m, place{track: track}, late).inOrder, what: s.function(e.Name())}
}

// hostOf is where operators and annotations go, nowhere if time is not attributed.
func (m *measure) hostOf(e *trace.Event) destination {
	if m.moments == nil {
		return destination{}
	}
	a, track, name := m.moments, m.names.Of(e), e.Name()
	note := isAnnotation(e.Cat())
	if note {
		name = appendFolded([]byte(annotationMark), appendWithoutAddresses(nil, name))
	}
	f := a.operators.function(name)
	if note {
		a.operators.states.mark(f, annotation)
	}
	t := a.operators.thread(m, place{track: track}, lateOn(m.hosts, track))
	return destination{order: &t.inOrder, what: f, marks: note && track == a.marker}
}

// isMarker reports the marker of a step, which is no annotation.
func (a *moments) isMarker(start, end trace.Time) bool {
	at, ok := a.markers[start]
	return ok && at == end
}

// annotationMark begins the names of annotations, which may be those of operators too.
const annotationMark = "\x00"

// isAnnotation reports whether slices of a category say what the host works on. Events without
// a category are those of servers that write by themselves; Trace is the profiler's own.
func isAnnotation(cat []byte) bool {
	return len(cat) == 0 || bytes.Contains(cat, []byte("annotation")) || string(cat) == "Trace"
}

// appendFolded appends a name with # for each of its numbers.
func appendFolded(dst, name []byte) []byte {
	in := false
	for _, c := range name {
		digit := c-'0' <= 9
		if !digit {
			dst = append(dst, c)
		} else if !in {
			dst = append(dst, '#')
		}
		in = digit
	}
	return dst
}

// correlations find the number that a call shares with what it launched. Where in the args it
// stood last is where it is looked for first.
type correlations struct{ at int }

const correlationKey = `"correlation"`

// of is the number, 0 if there is none.
func (c *correlations) of(e *trace.Event) int32 {
	args := e.Args()
	if len(args) < c.at+len(correlationKey) || string(args[c.at:c.at+len(correlationKey)]) != correlationKey {
		at := bytes.Index(args, []byte(correlationKey))
		if at < 0 {
			return 0
		}
		c.at = at
	}
	number := uint64(0)
	for _, d := range bytes.TrimLeft(args[c.at+len(correlationKey):], ": \t\r\n\"") {
		if d-'0' > 9 {
			break
		}
		number = number*10 + uint64(d-'0')
	}
	return int32(number ^ number>>32)
}

// KernelTimeOf is the kind of time of a kernel of which only the name is known.
func KernelTimeOf(name string) Kind {
	if producer.CollectiveOf([]byte(name)) != producer.NoCollective {
		return CommunicationTime
	}
	return KernelTime
}
