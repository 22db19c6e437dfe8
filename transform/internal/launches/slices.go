package launches

import (
	"bytes"
	"context"

	"tracekit/filter"
	"tracekit/trace"
	"tracekit/transform/internal/pairs"
	"tracekit/transform/pipeline"
)

// Begun is what has to be known of a begin when its end comes.
type Begun struct {
	IDs    IDs
	Device bool
	Mirror bool // it shows on a device what the host did, and no call launched it
}

// Slice is a slice as launches see it, complete or a pair.
type Slice struct {
	Begun
	Complete    *trace.Event // nil if it is a pair
	Begin, End  int          // ordinals of a pair; end is -1 if it never ends
	Track       int
	Start, Stop trace.Time // stop is trace.MaxTime if it never ends
}

// Joined are what joins it to others.
func (s *Slice) Joined() IDs {
	if s.Complete != nil {
		return IDsOf(s.Complete)
	}
	return s.IDs
}

// Describe describes a begin, if it is a device's or has ids.
func (l *Launches) Describe(e *trace.Event) (b Begun, some bool) {
	b = l.Kind(e)
	j := IDsOf(e)
	b.IDs = IDs{bytes.Clone(j[0]), bytes.Clone(j[1])}
	return b, b.Device || j.Any()
}

func (l *Launches) Kind(e *trace.Event) Begun {
	if l.Device.Side(e) != filter.Device {
		return Begun{}
	}
	return Begun{Device: true, Mirror: IsMirror(e)}
}

// passVisitor is what a pass over slices calls.
type passVisitor struct {
	slice   func(s *Slice)
	event   func(e *trace.Event) // of others; may be nil
	restart func()               // forgets all, since it will be shown once more
}

// eachSlice shows the slices of a reading, in a second pass where begins and ends
// are not in order of time.
func (l *Launches) eachSlice(ctx context.Context, read pipeline.Reading, to passVisitor) error {
	p := &slicePass{Launches: l, passVisitor: to}
	of := func(async bool) pairs.Handler { return p }
	if l.order != nil {
		p.stacks = l.order.Repeat(of)
	} else {
		p.stacks = pairs.NewMatcher[Begun](of)
		p.stacks.Describe = l.Describe
	}
	for {
		if err := pipeline.EachEvent(ctx, read, p.addEvent); err != nil {
			return err
		}
		again := p.stacks.SecondPass()
		if again == nil {
			break
		}
		p.stacks = again
		p.restart()
	}
	p.stacks.Finish()
	l.order = p.stacks
	return nil
}

// slicePass is a pass of eachSlice, and the outcome of its pairs.
type slicePass struct {
	*Launches
	passVisitor
	stacks *pairs.Matcher[Begun]
	shown  Slice
}

// show allocates nothing.
func (p *slicePass) show(s Slice) {
	p.shown = s
	p.slice(&p.shown)
}

func (p *slicePass) addEvent(e *trace.Event) {
	switch e.Phase {
	case 'b', 'e':
		p.stacks.Marks++ // no slice on a track, but counted
	case 'B', 'E':
		p.stacks.NoteEvent(p.Tracks.Of(e), e)
	case 'X':
		if e.Has&trace.HasTS != 0 {
			p.show(Slice{Begun: p.Kind(e), Complete: e, End: -1, Track: p.Tracks.Of(e), Start: e.TS, Stop: e.End()})
		}
	default:
		if p.event != nil {
			p.event(e)
		}
	}
}

func (p *slicePass) Pair(b, e pairs.Mark) {
	p.show(Slice{Begun: p.stacks.PopBegun(b), Begin: b.Ordinal(), End: e.Ordinal(), Track: int(b.Track), Start: b.TS, Stop: e.TS})
}

func (p *slicePass) OpenBegin(b pairs.Mark) {
	p.show(Slice{Begun: p.stacks.PopBegun(b), Begin: b.Ordinal(), End: -1, Track: int(b.Track), Start: b.TS, Stop: trace.MaxTime})
}

func (p *slicePass) LoneEnd(pairs.Mark) {}

func (p *slicePass) Done() {}

// IsMirror reports a slice of a device that shows what the host did. No flow
// leads to it.
func IsMirror(e *trace.Event) bool { return string(e.Cat()) == "gpu_user_annotation" }
