package pairs

import (
	"tracekit/trace"
)

// Follow gives each end what was said of the begin that it closes, at once, by the same
// match as a Matcher. That is right as long as the begins and ends of a track, or of an
// async id, come in order of time. It remembers some 150 bytes for each of these, and 50
// for a begin that is open.
type Follow[V comparable] struct {
	tracks []*followed[V]
	async  map[string]*followed[V] // by key
	key    []byte
	count  int // of begins that are open

	// OutOfOrder is that an end may have been given what another begin said: of a track
	// or id that is not in order of time, and of which not all was said to be the same.
	OutOfOrder bool
}

// followed is a track, or an async id.
type followed[V comparable] struct {
	open     Open[V]
	same     []said[V]  // begins of a track at the latest time: ends come before them
	latest   trace.Time // of all
	one      V          // what was said of all, unless they differ
	some     bool
	differ   bool
	disorder bool
}

// said is a begin and what was said of it.
type said[V comparable] struct {
	what uint64
	V    V
}

// Next takes a begin or an end, and what is said of it by itself. It returns that, but
// for an end what was said of its begin, if it has one.
func (f *Follow[V]) Next(track int, e *trace.Event, of V) V {
	if e.Has&trace.HasTS == 0 {
		return of
	}
	l, async := f.line(track, e)
	if l == nil {
		return of
	}
	what := KeyOf(e)
	l.disorder = l.disorder || e.TS < l.latest
	if async || e.TS != l.latest {
		for _, b := range l.same {
			l.open.Push(b.what, b.V)
		}
		f.count += len(l.same)
		l.same = l.same[:0]
	}
	l.latest = max(l.latest, e.TS)
	l.see(of)
	if !e.IsEnd() {
		if l.same = append(l.same, said[V]{what, of}); async {
			l.open.Push(what, of)
			f.count++
			l.same = l.same[:0]
		}
	} else if begin, ok := l.open.Close(what); ok {
		f.count--
		of = begin
	}
	f.OutOfOrder = f.OutOfOrder || l.disorder && l.differ
	return of
}

// Memory is about how many bytes f takes.
func (f *Follow[V]) Memory() int {
	const line, id, begin = 160, 240, 40
	return line*len(f.tracks) + id*len(f.async) + begin*f.count
}

// see notes what is said of an event by itself.
func (l *followed[V]) see(said V) {
	if !l.some {
		l.one, l.some = said, true
	}
	l.differ = l.differ || l.one != said
}

// line is where e stands, nil for an async event without an id.
func (f *Follow[V]) line(track int, e *trace.Event) (l *followed[V], async bool) {
	if e.Phase == 'B' || e.Phase == 'E' {
		for len(f.tracks) <= track {
			f.tracks = append(f.tracks, nil)
		}
		if f.tracks[track] == nil {
			f.tracks[track] = &followed[V]{latest: trace.MinTime}
		}
		return f.tracks[track], false
	}
	if f.key = AppendAsyncKey(f.key[:0], e); !HasAsyncID(e, f.key) {
		return nil, true
	}
	l = f.async[string(f.key)]
	if l == nil {
		if f.async == nil {
			f.async = map[string]*followed[V]{}
		}
		l = &followed[V]{latest: trace.MinTime}
		f.async[string(f.key)] = l
	}
	return l, true
}
