package reference

// counter is what a counter had before the window.
type counter struct {
	samples []int            // all its samples, in file order
	series  []Member         // latest values, in order of first appearance
	since   map[string]int64 // time of each
	latest  int              // the sample written last by time, -1 if none
}

// addCounters takes the samples of the window, and makes one sample at its
// start for each counter that had values by then.
func (s *slicer) addCounters() {
	counters := map[[3]string]*counter{}
	var order []*counter
	for i := range s.t.Events {
		e := &s.t.Events[i]
		if e.Phase != "C" || !e.HasTS {
			continue
		}
		key := [3]string{e.Pid, e.text("name"), e.text("id")}
		c := counters[key]
		if c == nil {
			c = &counter{since: map[string]int64{}, latest: -1}
			counters[key] = c
			order = append(order, c)
		}
		c.samples = append(c.samples, i)
		if e.TS < s.o.From {
			c.addSample(s.t, i)
		}
		if s.inRange(e.TS) {
			s.leave(i)
		}
	}
	for _, c := range order {
		if c.latest >= 0 && !s.sampledAtStart(c) {
			e := &s.t.Events[c.latest]
			ms := with(e.Members, "ts", Micros(s.o.From))
			s.carried = append(s.carried, Out{Kind: Carried, Value: with(ms, "args", object(c.series)), Source: c.latest})
		}
	}
}

// note takes in the values of a sample; at equal times the later one in the
// file holds.
func (c *counter) addSample(t *Trace, i int) {
	e := &t.Events[i]
	for _, m := range e.Args {
		if since, ok := c.since[m.Name]; !ok || e.TS >= since {
			c.since[m.Name] = e.TS
			c.series = with(c.series, m.Name, m.Text)
		}
		if c.latest < 0 || e.TS >= t.Events[c.latest].TS {
			c.latest = i
		}
	}
}

// sampledAtStart reports whether a sample at the window's very start has all
// the series that would be carried to it.
func (s *slicer) sampledAtStart(c *counter) bool {
	for _, i := range c.samples {
		e := &s.t.Events[i]
		all := e.TS == s.o.From
		for _, m := range c.series {
			all = all && has(e.Args, m.Name)
		}
		if all {
			return true
		}
	}
	return false
}
