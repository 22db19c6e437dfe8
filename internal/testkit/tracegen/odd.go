package tracegen

// Threads that only the odd events use.
const (
	scheduleTid = 9001
	putTid      = 9002
	getTid      = 9003
	stateTid    = 9004
	notesTid    = 9005
)

var (
	fRequest = newField("request_id", " ")
	fTokens  = newField("tokens", " ")
)

// oddRuns returns the runs of the rarer events that were asked for.
func (g *gen) oddRuns(main track) []run {
	var runs []run
	add := func(wanted bool, step func(*Step)) {
		if wanted {
			runs = append(runs, run{step: step})
		}
	}
	odd := g.c.Odd
	add(odd.BeginEnd, g.pairs(track{main.pid, id(scheduleTid)}))
	add(odd.Async, g.async(main))
	add(odd.ThreadStates, g.states(track{main.pid, id(stateTid)}))
	add(odd.BindFlows, g.binds(main.pid))
	add(odd.Emoji, g.emoji(track{main.pid, id(notesTid)}))
	add(odd.NaN, g.nan(track{main.pid, id(notesTid)}))
	return runs
}

func (g *gen) oddNames(m names, main track) {
	name := func(wanted bool, tid int, name string) {
		if wanted {
			m.thread(track{main.pid, id(tid)}, name, tid)
		}
	}
	odd := g.c.Odd
	name(odd.BeginEnd, scheduleTid, "scheduler")
	name(odd.BindFlows, putTid, "queue in")
	name(odd.BindFlows, getTid, "queue out")
	name(odd.ThreadStates, stateTid, "states")
	name(odd.Emoji || odd.NaN, notesTid, "notes")
}

// pairs writes B and E: one pair in a step, with one inside, and one around
// seven of every eight steps, which may be open at the end. Every other step
// has its ends before its beginnings in the file.
func (g *gen) pairs(t track) func(*Step) {
	e := g.e
	begins := e.shape("B:", true, `"ph": "B", "name": "@", "pid": %s, "tid": %s, "ts": #`, t.pid, t.tid)
	ends := e.shape("E:", true, `"ph": "E", "name": "@", "pid": %s, "tid": %s, "ts": #`, t.pid, t.tid)
	write := func(s *shape, name string, ts int64) {
		e.open(s)
		e.str(name)
		e.at(ts)
		e.close()
	}
	return func(s *Step) {
		prepare := g.prepare(s)
		inner := prepare.inner(2 * us)
		if s.Index%8 == 0 {
			write(begins, "epoch", s.StartNS-5*us)
		}
		if s.Index%2 == 0 {
			write(begins, "schedule", prepare.a)
			write(begins, "allocate_slots", inner.a)
		}
		write(ends, "allocate_slots", inner.b)
		write(ends, "schedule", prepare.b)
		if s.Index%2 == 1 {
			write(begins, "schedule", prepare.a)
			write(begins, "allocate_slots", inner.a)
		}
		if s.Index%8 == 6 {
			write(ends, "epoch", s.EndNS+5*us)
		}
	}
}

// async writes a request's begin, its first token and its end.
func (g *gen) async(t track) func(*Step) {
	e := g.e
	request := func(ph, name string) *shape {
		return e.shape(ph+":request", true, `"ph": "%s", "cat": "request", "name": "%s", "id": "@", "pid": %s, "tid": %s, "ts": #`, ph, name, t.pid, t.tid)
	}
	begin, instant, end := request("b", "request"), request("n", "first_token"), request("e", "request")
	write := func(s *shape, q *Request, ts int64, tokens int) {
		e.open(s)
		e.hex(int64(q.ID) + 1)
		e.at(ts)
		e.key(fRequest)
		e.str(`"cmpl-`)
		e.num(q.ID)
		e.str(`"`)
		e.integer(fTokens, int64(tokens))
		e.close()
	}
	return func(s *Step) {
		for i := range s.admitted {
			q := &s.admitted[i]
			write(begin, q, s.StartNS, q.PromptLen)
			write(instant, q, s.EndNS, 1)
		}
		for i := range s.finished {
			q := &s.finished[i]
			write(end, q, s.EndNS, q.Tokens)
		}
	}
}

// states writes a thread's states: it runs in a step and sleeps between.
func (g *gen) states(t track) func(*Step) {
	e := g.e
	shape := e.shape("T:", true, `"ph": "T", "name": "@", "pid": %s, "tid": %s, "ts": #`, t.pid, t.tid)
	write := func(name string, at span) {
		e.open(shape)
		e.str(name)
		e.span(at.a, at.b)
		e.close()
	}
	return func(s *Step) {
		write("Sleeping", span{s.StartNS - s.gap, s.StartNS})
		write("Running", span{s.StartNS, s.EndNS})
	}
}

// binds writes slices that a bind_id joins: a request put into a queue and
// the same taken out in its first step.
func (g *gen) binds(pid string) func(*Step) {
	e := g.e
	queue := func(name, flow string, tid int) *shape {
		return e.shape("X:queue", true, `"ph": "X", "cat": "queue", "name": "%s", "bind_id": "@", "%s": true, "pid": %s, "tid": %d, "ts": #`, name, flow, pid, tid)
	}
	put, get := queue("put", "flow_out", putTid), queue("get", "flow_in", getTid)
	return func(s *Step) {
		for i := range s.admitted {
			q, at := &s.admitted[i], int64(i)*10*us
			e.open(put)
			e.hex(int64(q.ID) + 1)
			e.span(s.StartNS-110*us+at, s.StartNS-105*us+at)
			e.close()
			e.open(get)
			e.hex(int64(q.ID) + 1)
			e.span(s.StartNS+at, s.StartNS+5*us+at)
			e.close()
		}
	}
}

// emoji writes a slice with a name from beyond the basic plane for every tenth step.
func (g *gen) emoji(t track) func(*Step) {
	e, shape := g.e, g.e.slices("user_annotation", t)
	return func(s *Step) {
		if s.Index%10 != 3 {
			return
		}
		e.open(shape)
		e.escaped("prompt 😀 für №")
		e.num(s.Index)
		e.span(s.StartNS, s.EndNS)
		e.close()
	}
}

// nan writes a slice without a usable duration for every tenth step.
func (g *gen) nan(t track) func(*Step) {
	e, shape := g.e, g.e.slices("user_annotation", t)
	return func(s *Step) {
		if s.Index%10 != 4 {
			return
		}
		e.open(shape)
		e.str("lost")
		e.at(s.StartNS)
		e.str(e.cur.dur)
		e.str("NaN")
		e.close()
	}
}
