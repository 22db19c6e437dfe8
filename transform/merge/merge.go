// Package merge makes one trace of the traces of many ranks. [Learn] reads them once and
// returns a [Plan], which writes a trace or an archive. How clocks differ is for package clocks.
//
// It reads each trace twice, one after the other. The first reading learns which
// processes and ids there are, what the document says, and when collectives ended
// (learn.go). Then ranks get their places, processes and ids that are no other rank's,
// and a clock (rank.go, ids.go, clock.go). The second reading writes (write.go), event by
// event, and what of an event need not change is written as it was.
//
// It remembers of each rank its processes, the members of its document, and at most
// [MostCollectives] collectives, and nothing of its events.
package merge

import (
	"context"
	"errors"
	"fmt"

	"tracekit/internal/budget"
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/origin"
	"tracekit/transform/slice"
	"tracekit/transform/strip"
)

// Input is a trace that is merged. With calls f with a source that reads it from its start,
// and closes that; it is called several times. Copy says that what f reads is written, so that
// it matters how it was packed.
type Input struct {
	Name   string // base name of its file
	Folder string // that the file lies in, its base name
	Others int    // traces of the run before it that are merged elsewhere
	With   func(copy bool, f func(s *trace.Source) error) error
}

// Options say how traces are merged.
type Options struct {
	// Align says that clocks are corrected by what ranks did together.
	Align bool
	// Clocks are corrections that are known, instead; nil if none are.
	Clocks *Clocks

	// Slice and Strip are what is done to each trace on the way; nil for nothing. A range
	// of bounds is one of the merged trace, all others are of each rank.
	Slice *slice.Options
	Strip *strip.Options

	// Again is called before all traces are read once more than Learn and Write always do; nil
	// if nobody asks.
	Again func()

	// Origin is what makes the merged trace.
	Origin *origin.Call
	// Spill makes a temporary file, for what is cut of a trace.
	Spill func() (*spill.File, error)
}

// ErrNothing says that the range holds nothing of any rank.
var ErrNothing = errors.New("the range holds nothing of any rank")

// Plan is what is known of all traces, and how they go together.
type Plan struct {
	Options
	Ranks  []*Rank // in order of their places
	Clocks *Clocks
	Notes  []string // what a user should know, a line each

	files []*file
	base  int64  // baseTimeNanoseconds of the merged trace, 0 for none
	step  uint64 // by which ids of a rank lie behind those of the one before

	apart    trace.Time // between the first event of all and the last, if one trace can't hold both exactly
	from, to trace.Time // range of the merged trace, if Slice has one of bounds
}

// Learn reads the traces once, and plans how they go together.
func Learn(ctx context.Context, inputs []Input, o Options) (*Plan, error) {
	p := &Plan{Options: o}
	budget.Register(ctx, p.addMemory)
	for i, in := range inputs {
		f := newFile(in, i)
		p.files = append(p.files, f)
		if err := f.learn(ctx, o.Align && o.Clocks == nil); err != nil {
			return nil, err
		}
	}
	p.findRanks()
	p.assign()
	if err := p.alignClocks(ctx); err != nil {
		return nil, err
	}
	if err := p.findSpans(ctx); err != nil {
		return nil, err
	}
	if p.cutsByBounds() {
		x := p.extent()
		var err error
		if p.from, p.to, err = p.Slice.Range.On(&x, p.base); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// cutsByBounds reports a range that is one of the merged trace, and not of each rank.
func (p *Plan) cutsByBounds() bool {
	return p.Slice != nil && p.Slice.Requests == nil && p.Slice.Range.IsBounds()
}

func (p *Plan) addNote(format string, args ...any) {
	p.Notes = append(p.Notes, fmt.Sprintf(format, args...))
}

// addMemory adds what p takes.
func (p *Plan) addMemory(sum *budget.Sum) {
	processes, members, collectives, threads := 0, 0, 0, 0
	for _, f := range p.files {
		threads += f.tracks.Memory() + 8*cap(f.byTrack)
		for _, q := range f.processes {
			processes += 420 + len(q.pid) + len(q.name)
		}
		members += len(f.text)
		for _, m := range f.members {
			members += len(m.key) + len(m.value)
		}
		collectives += f.collectives.Memory()
	}
	sum.Add("threads", threads)
	sum.Add("processes of ranks", processes)
	sum.Add("members of documents", members)
	sum.Add("collectives of ranks", collectives)
}
