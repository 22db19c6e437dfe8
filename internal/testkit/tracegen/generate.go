package tracegen

import (
	"io"
	"slices"
)

// gen is one pass over a trace's events.
type gen struct {
	c       Config
	e       *encoder
	quantum int64 // of the high-level events' times
	capture span  // of the whole profile
	columns int   // operators of a layer
	stride  int64 // ids set aside for each step

	name     []byte // scratch
	nodes    []node // of the step hostStep-1
	hostStep int
	hostRNG  rng
	seq      int
}

// run is one of the stretches that a trace file is made of: each holds one
// kind of events of all steps. The whole is written run by run, going through
// the steps again for each, so that no event is ever kept.
type run struct {
	begin func() // what comes before the first step's; may be nil
	step  func(*Step)
}

// idsOfPython is how many Python frames a slot may have.
const idsOfPython = 16

// The clocks start somewhere in the past. A float64 carries ts to the
// nanosecond below 2^43 µs, and the high-level events' two more decimals below
// 2^36 µs.
const (
	baseTime    = 1767189312000000000
	gaudiOrigin = 4_104_512_345_678
	cudaOrigin  = 6_520_430_063_606_411
	lead        = 3 * ms // from the profiler's start to the first step
	trail       = 2 * ms // from the last step's end to the profiler's
)

func newGen(w io.Writer, c Config, capture span) *gen {
	g := &gen{c: c, e: newEncoder(w, c), quantum: 1, capture: capture, columns: 2}
	if c.Array {
		g.quantum = serverQuantum
	}
	batches := maxGaudiBatches
	if c.Producer != Gaudi {
		g.columns, batches = 4, 1
	}
	if c.Layers == 1 {
		g.columns = 1
	}
	slots := prepareSlots + postSlots + batches*(c.Layers*g.columns+logitsSlots+sampleSlots)
	for g.stride = 64; g.stride < int64(4*slots+32); {
		g.stride *= 2
	}
	return g
}

// ids is the first of the step's own ids.
func (g *gen) ids(s *Step) int64 { return int64(s.Index)*g.stride + 1 }

func (c *Config) origin() int64 {
	at := int64(gaudiOrigin)
	if c.Producer != Gaudi {
		at = cudaOrigin
	}
	if c.Array || c.Epoch {
		at = baseTime + at/serverQuantum*serverQuantum
	}
	return at
}

// Generate writes a trace and returns the truth about it. The memory it takes
// does not depend on the trace's size, the truth aside.
func Generate(w io.Writer, c Config) (Truth, error) {
	c, err := c.withDefaults()
	if err != nil {
		return Truth{}, err
	}
	t := Truth{Producer: c.Producer, Seed: c.Seed}
	if !c.Array && !c.Epoch {
		t.BaseTimeNanoseconds = baseTime
	}
	steps := c.Warmup + c.Steps
	if c.TargetBytes > 0 {
		steps = c.fit()
	}
	capture := c.observe(&t, steps)
	g := newGen(w, c, capture)
	g.head()
	for _, r := range g.runs() {
		if r.begin != nil {
			r.begin()
		}
		p := newPlanner(c, c.origin()+lead)
		for range steps {
			r.step(p.advance())
			if g.e.err != nil {
				return t, g.e.err
			}
		}
	}
	g.tail()
	if c.Odd.Truncate {
		g.e.cut()
	} else {
		g.foot()
	}
	g.e.flush()
	t.count(g)
	return t, g.e.err
}

// observe writes down the steps and requests, and returns the time of the
// whole profile.
func (c *Config) observe(t *Truth, steps int) span {
	p := newPlanner(*c, c.origin()+lead)
	for range steps {
		s := *p.advance()
		s.Batches = slices.Clone(s.Batches)
		t.Requests = append(t.Requests, s.finished...)
		s.admitted, s.finished = nil, nil
		t.Steps = append(t.Steps, s)
	}
	for _, q := range p.running {
		q.Unfinished = true
		t.Requests = append(t.Requests, q)
	}
	slices.SortFunc(t.Requests, func(a, b Request) int { return a.ID - b.ID })
	return span{c.origin(), p.now + trail}
}

// fit returns how many steps make a trace of the size asked for.
func (c *Config) fit() int {
	p := newPlanner(*c, c.origin()+lead)
	g := newGen(io.Discard, *c, span{c.origin(), c.origin() + lead + trail})
	g.head()
	runs := g.runs()
	for _, r := range runs {
		if r.begin != nil {
			r.begin()
		}
	}
	g.tail()
	g.foot()
	for n := 0; ; n++ {
		s := p.advance()
		for _, r := range runs {
			r.step(s)
		}
		if g.e.total() > c.TargetBytes && n > c.Warmup {
			return n
		}
	}
}

// count takes over what the encoder has counted.
func (t *Truth) count(g *gen) {
	t.Bytes = g.e.total()
	t.Kinds = map[string]Tally{}
	t.MinNS, t.MaxNS = g.e.minTS, g.e.maxTS
	for k, v := range g.e.tallies {
		if v.Events == 0 {
			continue
		}
		t.Kinds[k] = *v
		t.Events += v.Events
	}
	for _, k := range deviceKinds {
		t.Hardware.Events += t.Kinds[k].Events
		t.Hardware.Bytes += t.Kinds[k].Bytes
	}
	t.Python = t.Kinds["X:python_function"]
}

var deviceKinds = []string{"X:Kernel", "X:kernel", "X:gpu_memcpy", "X:gpu_memset", "X:gpu_user_annotation"}

// runs returns the producer's runs in the order of its files.
func (g *gen) runs() []run {
	switch {
	case g.c.Array:
		return []run{g.highRun()}
	case g.c.Producer == Gaudi:
		return g.gaudiRuns()
	}
	return g.cudaRuns()
}
