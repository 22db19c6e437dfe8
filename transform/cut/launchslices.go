package cut

import (
	"bytes"
	"context"

	"tracekit/filter"
	"tracekit/trace"
)

// begun is what has to be known of a begin when its end comes.
type begun struct {
	joint  joint
	device bool
	mirror bool // it shows on a device what the host did, and no call launched it
}

// launchSlice is a slice as launches see it, complete or a pair.
type launchSlice struct {
	begun
	complete    *trace.Event // nil if it is a pair
	begin, end  int          // ordinals of a pair; end is -1 if it never ends
	track       int
	start, stop trace.Time // stop is trace.MaxTime if it never ends
}

// ids are what joins it to others.
func (s *launchSlice) ids() joint {
	if s.complete != nil {
		return jointOf(s.complete)
	}
	return s.joint
}

// tell describes a begin, if it is a device's or has ids.
func (l *launches) tell(e *trace.Event) (b begun, some bool) {
	b = l.kind(e)
	j := jointOf(e)
	b.joint = joint{bytes.Clone(j[0]), bytes.Clone(j[1])}
	return b, b.device || len(j[0])+len(j[1]) > 0
}

func (l *launches) kind(e *trace.Event) begun {
	if l.device.Side(e) != filter.Device {
		return begun{}
	}
	return begun{device: true, mirror: isMirror(e)}
}

// looks are what a pass over slices calls.
type looks struct {
	slice   func(s *launchSlice)
	event   func(e *trace.Event) // of others; may be nil
	restart func()               // forgets all, since it will be shown once more
}

// eachSlice shows the slices of a reading, in a second pass where begins and ends
// are not in order of time.
func (l *launches) eachSlice(ctx context.Context, read reading, to looks) error {
	p := &slicePass{launches: l, looks: to}
	of := func(async bool) fate { return p }
	if l.order != nil {
		p.stacks = l.order.anew(of)
	} else {
		p.stacks = newStacks[begun](of)
		p.stacks.tell = l.tell
	}
	for {
		if err := eachEvent(ctx, read, p.note); err != nil {
			return err
		}
		again := p.stacks.again()
		if again == nil {
			break
		}
		p.stacks = again
		p.restart()
	}
	p.stacks.finish()
	l.order = p.stacks
	return nil
}

// slicePass is a pass of eachSlice, and the fate of its pairs.
type slicePass struct {
	*launches
	looks
	stacks *stacks[begun]
	shown  launchSlice
}

// show allocates nothing.
func (p *slicePass) show(s launchSlice) {
	p.shown = s
	p.slice(&p.shown)
}

func (p *slicePass) note(e *trace.Event) {
	switch e.Phase {
	case 'b', 'e':
		p.stacks.marks++ // no slice on a track, but counted
	case 'B', 'E':
		p.stacks.note(p.tracks.Of(e), e)
	case 'X':
		if e.Has&trace.HasTS != 0 {
			p.show(launchSlice{begun: p.kind(e), complete: e, end: -1, track: p.tracks.Of(e), start: e.TS, stop: e.End()})
		}
	default:
		if p.event != nil {
			p.event(e)
		}
	}
}

func (p *slicePass) pair(b, e mark) {
	p.show(launchSlice{begun: p.stacks.took(b), begin: b.n(), end: e.n(), track: int(b.track), start: b.ts, stop: e.ts})
}

func (p *slicePass) open(b mark) {
	p.show(launchSlice{begun: p.stacks.took(b), begin: b.n(), end: -1, track: int(b.track), start: b.ts, stop: trace.MaxTime})
}

func (p *slicePass) lone(mark) {}
func (p *slicePass) done()     {}

// isMirror reports a slice of a device that shows what the host did. No arrow
// leads to it.
func isMirror(e *trace.Event) bool { return string(e.Cat()) == "gpu_user_annotation" }
