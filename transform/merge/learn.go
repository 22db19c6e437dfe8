package merge

import (
	"bytes"
	"context"
	"slices"
	"strconv"

	"tracekit/filter/producer"
	"tracekit/internal/budget"
	"tracekit/trace"
	"tracekit/transform/internal/clocks"
	"tracekit/transform/origin"
	"tracekit/transform/window"
)

// file is what is known of one trace after the first reading.
type file struct {
	Input
	place  int // among the inputs
	rank   *Rank
	byTag  map[string]*Rank // where several ranks wrote into the trace; else nil
	clock  *clocks.Clock
	extent trace.Extent
	events int64
	bytes  int64
	damage trace.Damage

	members   []member // of the document, in order, without the events
	bare      bool     // the document is an array, and has none
	base      int64    // baseTimeNanoseconds, 0 for none
	host      string   // host_name
	number    int      // rank, as distributedInfo has it; unknown if it has none
	processes map[string]*process
	order     []*process // as they came
	maxID     uint64     // of all ids below wide
	highLevel int64      // events as vLLM on Gaudi writes them
	tags      []string   // of ranks that stand before pids or names, as they came
	merged    bool       // by tracekit, which says so

	tracks      trace.Tracks
	byTrack     []*process
	text        []byte // of the document, until it is parsed
	aligned     bool   // its collectives are wanted
	collectives clocks.Collectives
	timing      clocks.Trace
}

const unknown = -1

// member is a member of a document.
type member struct {
	key, value string // JSON text, the key without quotes
}

// process is a process of a trace, by what a viewer takes its pid for.
type process struct {
	pid    string // JSON text
	name   string
	named  bool   // it has a process_name
	sorted bool   // and a process_sort_index
	sort   int64  // which is this
	tag    string // of the rank that wrote it, as the trace says; empty if it does not
	busy   bool   // it has events besides metadata
	rank   *Rank
}

func newFile(in Input, place int) *file {
	return &file{Input: in, place: place, number: unknown, processes: map[string]*process{}}
}

// learn reads the trace.
func (f *file) learn(ctx context.Context, align bool) error {
	if align {
		f.aligned = true
	}
	err := f.With(false, func(s *trace.Source) error {
		v, err := s.SurveyParts(func(p *trace.Part) error {
			f.text = append(f.text, p.Text...)
			for i := range p.Events {
				f.learnEvent(&p.Events[i])
			}
			return budget.Check(ctx)
		})
		if err != nil {
			return err
		}
		f.extent, f.events, f.bytes, f.damage = v.Extent, v.Events, v.Bytes, v.Damage
		return nil
	})
	if err != nil {
		return err
	}
	f.learnDocument()
	f.learnTags()
	f.tracks, f.byTrack = trace.Tracks{}, nil
	f.collectives.MakeSamples()
	return nil
}

func (f *file) learnEvent(e *trace.Event) {
	track := f.tracks.Of(e)
	for len(f.byTrack) <= track {
		f.byTrack = append(f.byTrack, f.processOf(f.tracks.All[len(f.byTrack)].Pid))
	}
	p := f.byTrack[track]
	if e.IsMeta() {
		p.learnName(e)
		return
	}
	p.busy = true
	f.maxID = max(f.maxID, mostID(e))
	if len(e.Cat()) == 0 && (e.Phase == 'X' || e.Phase == 'C') && isHighLevel(e) {
		f.highLevel++
	}
	if f.aligned && e.Phase == 'X' {
		f.collectives.Learn(e)
	}
}

// processOf returns the process of a pid, as a viewer takes it.
func (f *file) processOf(pid string) *process {
	p := f.processes[pid]
	if p == nil {
		p = &process{pid: pid}
		f.processes[pid] = p
		f.order = append(f.order, p)
	}
	return p
}

func (p *process) learnName(e *trace.Event) {
	switch string(e.Name()) {
	case "process_name":
		for m := range trace.Members(e.Args()) {
			if string(m.Key) == "name" {
				p.name, p.named = trace.Unquote(m.Value), true
			}
		}
	case "process_sort_index":
		for m := range trace.Members(e.Args()) {
			if n, err := strconv.ParseInt(string(m.Value), 10, 64); string(m.Key) == "sort_index" && err == nil {
				p.sort, p.sorted = n, true
			}
		}
	}
}

// isHighLevel reports an event as the high-level profiler of vLLM on Gaudi writes it: its
// slices and its counters stand on threads of their own.
func isHighLevel(e *trace.Event) bool {
	if e.Phase == 'C' {
		return string(e.Tid()) == producer.VLLMCounters
	}
	return string(e.Tid()) == strconv.Itoa(producer.VLLMEvents)
}

// learnDocument reads what the document says besides its events.
func (f *file) learnDocument() {
	text := bytes.TrimLeft(f.text, " \t\r\n")
	f.text = nil
	if f.bare = len(text) > 0 && text[0] == '['; f.bare {
		return
	}
	for m := range trace.Members(text) {
		switch key := string(m.Key); key {
		case "traceEvents":
			continue
		case "baseTimeNanoseconds":
			f.base = max(window.BaseTime([]byte(`"baseTimeNanoseconds":`+string(m.Value))), 0)
		case origin.Member:
			f.merged = origin.FromDocument(slices.Concat([]byte(`{"`), m.Key, []byte(`":`), m.Value, []byte("}"))).Ranks() > 0
		case "host_name":
			f.host = trace.Unquote(m.Value)
		case "distributedInfo":
			for d := range trace.Members(m.Value) {
				if n, err := strconv.Atoi(trace.Unquote(d.Value)); string(d.Key) == "rank" && err == nil && n >= 0 {
					f.number = n
				}
			}
		}
		f.members = append(f.members, member{string(m.Key), string(m.Value)})
	}
}

// learnTags finds which ranks wrote into the trace, where it was merged before.
func (f *file) learnTags() {
	for _, p := range f.order {
		if p.tag = tagOf(p.pid); p.tag == "" && f.merged {
			p.tag = labelOf(p.name)
		}
		if p.tag == "" && f.merged {
			p.tag = labelOf(trace.Unquote([]byte(p.pid)))
		}
		if p.tag != "" && !slices.Contains(f.tags, p.tag) {
			f.tags = append(f.tags, p.tag)
		}
	}
}

// labelOf is the rank that merge has put before a name.
func labelOf(name string) string {
	rank, _ := producer.SplitRank([]byte(name + ": ")) // of a name that was empty, nothing else is left
	return string(rank)
}

// isServerEvents reports the file of high-level events that vLLM on Gaudi writes beside the
// trace of PyTorch: nothing else is in it.
func (f *file) isServerEvents() bool {
	return f.bare && f.highLevel > 0 && f.highLevel == f.events
}
