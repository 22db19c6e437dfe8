package report

import (
	"tracekit/filter"
	"tracekit/trace"
	"tracekit/transform/internal/merged"
)

// First is what a first reading learns of a trace that is the same for all ranges: the threads, which of
// them are a device's, and how far their events are from being in order of time. The zero value is ready to use.
type First struct {
	sides    filter.Recognizer
	levels   filter.Levels
	names    Names
	begins   begins
	classes  classes
	work     []lateness // of what may be a device's work, by process
	frames   []lateness // of Python frames, by track
	hosts    []lateness // of operators and annotations, by track, if time is attributed
	calls    []lateness // of the runtime's calls, likewise
	share    bool       // time is attributed
	noted    *noted     // nil if slices have to be read a second time
	unsure   bool       // some calls were taken for work until more was known
	reader   merged.Reader
	merged   bool       // some slices stand for others
	shortest trace.Time // of all slices that count for something, 0 for none
}

// lateness is how much later events come than their times say: the largest
// distance from an event's start back to a later one before it in the file.
type lateness struct{ high, late trace.Time }

func (l *lateness) noteStart(start trace.Time) {
	if start >= l.high {
		l.high = start
	} else {
		l.late = max(l.late, l.high-start)
	}
}

// LearnDocument takes text of the document, outside of its events. It must hold whole members.
func (l *First) LearnDocument(text []byte) { l.sides.LearnDocument(text) }

// Learn takes an event. Each has to be shown to it.
func (l *First) Learn(e *trace.Event) {
	known := l.classes.of(e, &l.sides)
	if known == nil {
		l.sides.Learn(e)
	}
	switch {
	case e.IsMeta():
		l.names.Learn(e)
		return
	case e.Phase == 'B' || e.Phase == 'E':
		kind := l.kindOf
		if l.noted != nil {
			kind = l.mayBe
		}
		l.begins.addEvent(l.names.Of(e), e, kind, l.noteSlice)
		return
	}
	s := l.reader.Read(e)
	switch {
	case s != nil:
		l.merged = true
		l.giveUp()
		for n := range s.All {
			part := l.reader.Part(e, n)
			l.sides.Learn(&part)
			l.noteSlice(&part)
		}
	case e.Phase != 'X' && known == nil:
		l.classes.put(e, &l.sides, sliceClass{})
	case !isSlice(e):
	case known != nil:
		l.noteAs(e, known.class)
	default:
		class := l.kindOf(e)
		l.noteAs(e, class)
		l.classes.put(e, &l.sides, sliceClass{class: class})
	}
}

// note notes where a slice comes in the order of time.
func (l *First) noteSlice(e *trace.Event) error {
	l.noteAs(e, l.classOf(e))
	return nil
}

func (l *First) noteAs(e *trace.Event, class class) {
	if l.noted != nil && mayCount(e) {
		l.remember(e, class)
	}
	if e.Dur > 0 && class != nothing && (e.Dur < l.shortest || l.shortest == 0) {
		l.shortest = e.Dur
	}
	switch class {
	case frame:
		track := l.names.Of(e)
		l.frames = grown(l.frames, track)
		l.frames[track].noteStart(e.TS)
	case work:
		process := l.names.Process(e)
		l.work = grown(l.work, process)
		l.work[process].noteStart(e.TS)
		l.levels.Learn(&l.sides, e)
		if l.share {
			l.hosts = noteOn(l.hosts, l.names.Of(e), e.TS)
		}
	case call:
		l.calls = noteOn(l.calls, l.names.Of(e), e.TS)
	}
}

func noteOn(all []lateness, track int, start trace.Time) []lateness {
	all = grown(all, track)
	all[track].noteStart(start)
	return all
}

// lateOn is how late slices of a track or process come; as late as can be if it had none until now.
func lateOn(all []lateness, track int) trace.Time {
	if track < len(all) {
		return all[track].late
	}
	return anyLate
}

// markOutOfOrder says that slices come in any order on tracks whose begins and ends do.
func (l *First) markOutOfOrder() {
	for track := range l.begins.tracks {
		if !l.begins.tracks[track].outOfOrder {
			continue
		}
		l.giveUp()
		process := l.names.All[track].Process
		l.frames, l.work = grown(l.frames, track), grown(l.work, process)
		l.frames[track].late, l.work[process].late = anyLate, anyLate
		if l.share {
			l.hosts = grown(l.hosts, track)
			l.hosts[track].late = anyLate
		}
	}
}

// anyLate is later than any two times lie apart.
const anyLate = trace.MaxTime / 2

func grown[T any](s []T, i int) []T {
	for len(s) <= i {
		var zero T
		s = append(s, zero)
	}
	return s
}

// class is what an event counts for.
type class uint8

const (
	nothing class = iota
	frame         // of Python
	work          // if it is a device's
	call          // of the runtime, if time is attributed
)

// overlays lie over other work and are none themselves, such as the span of the whole capture.
var overlays = map[string]bool{
	"gpu_user_annotation": true, "cuda_profiler_range": true, "xpu_scope_profiler": true, "mtia_counters": true,
	"Trace": true,
}

// classOf tells what e counts for, by what is known until now.
func (l *First) classOf(e *trace.Event) class {
	if !isSlice(e) {
		return nothing
	}
	return l.kindOf(e)
}

func isSlice(e *trace.Event) bool {
	return e.Phase == 'X' && e.Has&trace.HasDur != 0 && e.Dur >= 0 && e.Shown()
}

// kindOf is what a slice counts for, whatever its length.
func (l *First) kindOf(e *trace.Event) class {
	switch k := l.sides.Kinds(e); {
	case k&filter.Python != 0:
		return frame
	case !mayCount(e):
		return nothing
	case k&filter.Runtime != 0:
		return l.callOf(e)
	}
	return work
}

// mayCount reports whether a slice counts for something, or will when more is known.
func mayCount(e *trace.Event) bool { return !overlays[string(e.Cat())] }

// mayBe is some class of a slice that counts for something, or will when more is known.
func (l *First) mayBe(e *trace.Event) class {
	if mayCount(e) {
		return work
	}
	return nothing
}

// callOf is what a call counts for; who is not known yet may be a device's work.
func (l *First) callOf(e *trace.Event) class {
	switch side := l.sides.Side(e); {
	case side == filter.Unsure:
		l.unsure = true
		return work
	case l.share && side == filter.Host:
		return call
	}
	return nothing
}

// threadMemory is about how many bytes l takes for what it knows of threads.
func (l *First) threadMemory() int {
	return l.names.Memory() + 16*(cap(l.frames)+cap(l.work)+cap(l.hosts)+cap(l.calls))
}

// Memory is about how many bytes l takes.
func (l *First) Memory() int { return l.threadMemory() + l.begins.held }
