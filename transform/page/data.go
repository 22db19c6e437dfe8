package page

import (
	"slices"

	"tracekit/trace"
	"tracekit/transform/requests"
	"tracekit/transform/steps"
)

// Data is what a page shows. All times are in ns on the trace's own clock.
type Data struct {
	// Name is the trace's file, as a user would type it, and Packed its size in
	// bytes; negative if it is not known. Both are the caller's to set.
	Name   string
	Packed int64

	Zero, Last trace.Time // range of what a viewer shows
	Base       int64      // baseTimeNanoseconds, 0 if the trace has none
	Events     int64
	Bytes      int64 // of JSON
	Damage     trace.Damage

	Categories []Category // the largest first
	Lanes      []Lane
	Counters   []Counter
	Markers    string // how the steps were found
	Bands      []Band
	Phases     []Band // runs of steps of one phase
	Gaps       []Mark // long ones
	Compiles   []Mark
	Requests   []requests.Request
	Pins       []string // names of the threads that a viewer puts first

	// Asked is the range that is marked at first; nil for none. Tables stand below the
	// charts. Flags are, by verb, words that each command on the page has besides its own.
	// Strip are kinds that are left out at first, and Launched whether launches are followed
	// then. All are the caller's to set.
	Asked    *Mark
	Tables   []Table
	Flags    map[string][]string
	Strip    []string
	Launched bool

	*Forecast
	shown []*lane // of Lanes
	finer *Finer
	names *Occurrences
}

// Table is one for eyes.
type Table struct {
	Head []string   `json:"head"`
	Rows [][]string `json:"rows"`
	Left int        `json:"left"` // columns whose cells begin at their left
}

// Category is what a category has in one phase.
type Category struct {
	Phase  string
	Cat    string
	Events int64
	Bytes  int64
	Busy   trace.Time // durations added up

	phase byte
	raw   string // as it stands in the trace

	long, longest trace.Time // durations of a day and more, added up, and the longest of them
	kinds         [4]int64   // of the first events, those that strip takes for each of categoryKinds
	events, bytes sums       // by bin; nil for categories beyond some
}

func (c *Category) widen(to func(i int) int) {
	c.events.widen(to)
	c.bytes.widen(to)
}

// categoryKinds are the kinds of strip that a category may be of.
var categoryKinds = [...]string{"python", "hardware", "runtime", "memory"}

// kind is what strip takes the category for; empty for none of categoryKinds.
func (c *Category) kind() string {
	for i, n := range c.kinds {
		if n > min(c.Events, learned)/2 {
			return categoryKinds[i]
		}
	}
	return ""
}

// Lane is a track, or several, over time.
type Lane struct {
	Process, Name string
	Kind          string // host, python or device
	Total         int64  // events
	// Events begin in each bin, and Busy is the share of it, in thousandths, that
	// slices cover. It is measured in the order of the file: slices that come
	// later than their time says may be missing.
	Events []int64
	Busy   []int64
}

// Counter is a series over time: the smallest and largest value in each bin. A
// bin without a sample has the value of the one before, nil before the first.
type Counter struct {
	Name      string
	Low, High []*float64
}

func (c *Collector) lane(d *Data, n *lane) Lane {
	l := Lane{Total: n.total, Kind: "host"}
	switch {
	case n.python:
		l.Kind = "python"
	case n.device:
		l.Kind = "device"
	}
	l.Process, l.Name = c.laneNames(n)
	from, to := d.bins()
	l.Events = append(l.Events, n.events[from:to]...)
	l.Busy = shares(n.busy[from:to], int64(d.scale.width()))
	return l
}

func (c *Collector) laneNames(n *lane) (process, name string) {
	names := &c.lanes.names
	if n.process < 0 {
		return "", "all other threads"
	}
	process = "pid " + trace.Unquote([]byte(names.Processes[n.process]))
	switch p, label := names.Name(n.process), names.Label(n.process); {
	case n.device && label != "":
		process = label
	case p != "":
		process = p
	}
	if n.track < 0 {
		return process, "more threads"
	}
	if name = names.Thread(n.track); name == "" {
		name = "tid " + trace.Unquote([]byte(names.All[n.track].Tid))
	}
	return process, name
}

func (c *Collector) counter(d *Data, n *counter) Counter {
	s := Counter{Name: n.name}
	from, to := d.bins()
	var low, high *float64
	for i := 0; i < to; i++ {
		if g := n.bins[i]; g.any {
			low, high = &g.min, &g.max
		}
		if i >= from {
			s.Low, s.High = append(s.Low, low), append(s.High, high)
		}
		if g := n.bins[i]; g.any {
			low, high = &g.latest, &g.latest
		}
	}
	return s
}

// shownPins is how many threads a viewer puts first.
const shownPins = 6

// pins are the names of the thread that shows steps, and of the busiest threads of
// devices among those shown.
func (c *Collector) pins(steps steps.Track, shown []*lane) []string {
	names := &c.lanes.names
	var pins []string
	add := func(track int) {
		if name := names.Thread(track); name != "" && !slices.Contains(pins, name) && len(pins) < shownPins {
			pins = append(pins, name)
		}
	}
	if n := names.Find(steps.Pid, steps.Tid); n >= 0 {
		add(n)
	}
	for _, l := range shown {
		if l.device && l.track >= 0 {
			add(l.track)
		}
	}
	return pins
}

// Bins returns where the first bin of all lanes begins, and how long each of them is.
func (d *Data) Bins() (first, width trace.Time) {
	from, _ := d.bins()
	return d.scale.start(from), d.scale.width()
}
