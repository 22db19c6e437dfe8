// Package info tells what is in a trace.
package info

import (
	"cmp"
	"context"
	"slices"

	"tracekit/trace"
	"tracekit/transform/window"
)

// Info is what one pass over a trace tells of it.
type Info struct {
	Zero, Last trace.Time // range of what a viewer shows, ns on the trace's clock
	BaseTime   int64      // baseTimeNanoseconds of the document, 0 if it has none
	Events     int64
	Bytes      int64 // of text
	Kinds      []KindInfo
	Processes  []ProcessInfo
	Damage     trace.Damage
}

// KindInfo is what a category has, by phase.
type KindInfo struct {
	Phase  string `json:"phase"`
	Cat    string `json:"cat"`
	Events int64  `json:"events"`
	Bytes  int64  `json:"bytes"`
}

// ProcessInfo is a process with its threads. Names are as the trace has them,
// empty if it has none.
type ProcessInfo struct {
	Pid     string       `json:"pid"`
	Name    string       `json:"name"`
	Labels  string       `json:"labels"`
	Events  int64        `json:"events"`
	Bytes   int64        `json:"bytes"`
	Threads []ThreadInfo `json:"threads"`
}

// ThreadInfo is a thread of a process.
type ThreadInfo struct {
	Tid    string `json:"tid"`
	Name   string `json:"name"`
	Events int64  `json:"events"`
	Bytes  int64  `json:"bytes"`
}

// Inspect reads the whole trace of s and tells what is in it.
func Inspect(ctx context.Context, s *trace.Source) (*Info, error) {
	c := census{kinds: map[kindKey]*KindInfo{}}
	v, err := s.Survey(func(e *trace.Event) error {
		if c.seen++; c.seen&0xfff == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		c.count(e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	info := &Info{Zero: v.Zero, Last: v.Last, Events: v.Events, Bytes: v.Bytes, Damage: v.Damage}
	for i := range v.Blocks {
		if t := v.Blocks[i].Text; t != nil && info.BaseTime == 0 {
			info.BaseTime = window.BaseTime(t)
		}
	}
	info.Kinds, info.Processes = c.lists()
	return info, nil
}

type kindKey struct {
	phase byte
	cat   string
}

// census counts events by kind and by thread.
type census struct {
	seen    int64
	kinds   map[kindKey]*KindInfo
	last    *KindInfo
	lastKey kindKey
	tracks  trace.Tracks
	threads []ThreadInfo
	procs   []ProcessInfo
}

func (c *census) count(e *trace.Event) {
	if c.last == nil || c.lastKey.phase != e.Phase || c.lastKey.cat != string(e.Cat()) {
		k := kindKey{e.Phase, string(e.Cat())}
		if c.last = c.kinds[k]; c.last == nil {
			c.last = &KindInfo{Phase: string(rune(max(e.Phase, ' '))), Cat: k.cat}
			c.kinds[k] = c.last
		}
		c.lastKey = k
	}
	c.last.Events++
	c.last.Bytes += int64(e.Size())
	n := c.tracks.Of(e)
	for len(c.threads) <= n {
		c.threads = append(c.threads, ThreadInfo{Tid: c.tracks.All[len(c.threads)].Tid})
	}
	p := c.tracks.All[n].Process
	for len(c.procs) <= p {
		c.procs = append(c.procs, ProcessInfo{Pid: c.tracks.Processes[len(c.procs)]})
	}
	if e.IsMeta() {
		c.name(e, &c.procs[p], &c.threads[n])
		return
	}
	c.threads[n].Events++
	c.threads[n].Bytes += int64(e.Size())
	c.procs[p].Events++
	c.procs[p].Bytes += int64(e.Size())
}

func (c *census) name(e *trace.Event, p *ProcessInfo, t *ThreadInfo) {
	for m := range trace.Members(e.Args()) {
		v := trace.Unquote(m.Value)
		switch string(e.Name()) + "/" + string(m.Key) {
		case "process_name/name":
			p.Name = v
		case "process_labels/labels":
			p.Labels = v
		case "thread_name/name":
			t.Name = v
		}
	}
}

// lists orders what was counted, the largest first. Processes and threads
// without events are left out.
func (c *census) lists() ([]KindInfo, []ProcessInfo) {
	var kinds []KindInfo
	for _, k := range c.kinds {
		kinds = append(kinds, *k)
	}
	slices.SortFunc(kinds, func(a, b KindInfo) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Cat, b.Cat), cmp.Compare(a.Phase, b.Phase))
	})
	for i, t := range c.threads {
		if t.Events > 0 {
			p := &c.procs[c.tracks.All[i].Process]
			p.Threads = append(p.Threads, t)
		}
	}
	procs := slices.DeleteFunc(c.procs, func(p ProcessInfo) bool { return p.Events == 0 })
	for i := range procs {
		slices.SortStableFunc(procs[i].Threads, func(a, b ThreadInfo) int { return cmp.Compare(b.Events, a.Events) })
	}
	slices.SortStableFunc(procs, func(a, b ProcessInfo) int { return cmp.Compare(b.Events, a.Events) })
	return kinds, procs
}
