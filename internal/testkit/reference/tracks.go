package reference

import "slices"

// slice is an X event or a pair of B and E: what nests on a track and what
// flows bind to.
type slice struct {
	pair
	track  Track
	device bool
	kept   bool
}

// addSlices takes X, B and E.
func (s *slicer) addSlices() {
	matchings := matchTracks(s.t)
	s.slices = allSlices(s.t, matchings, s.o.IsDevice)
	for i := range s.slices {
		s.slices[i].kept = s.keepsPair(s.slices[i].pair)
	}
	whole := s.followLaunches()
	for i, sl := range s.slices {
		e := &s.t.Events[sl.begin]
		switch {
		case !sl.kept:
		case whole[i]:
			s.wholePair(sl.pair)
		case e.Phase == "X":
			s.cutComplete(sl.begin)
		case s.surrounds(sl, whole):
			s.fuse(sl.pair)
		default:
			s.cutPair(sl.pair)
			if sl.open() && !s.reachesPast() && s.endsWithTrace(sl, whole) {
				s.makeEnd(sl.pair)
			}
		}
	}
	for _, m := range matchings {
		s.dropDangling(m)
	}
}

// surrounds reports whether a pair that is cut at the window's start has a
// complete slice inside of it that stands at the window's start too.
func (s *slicer) surrounds(p slice, whole map[int]bool) bool {
	if s.o.Boundary != Clip || p.start >= s.o.From {
		return false
	}
	for i, x := range s.slices {
		if s.t.Events[x.begin].Phase == "X" && x.kept && x.track == p.track && x.start > p.start &&
			(x.start == s.o.From || x.start < s.o.From && !whole[i]) {
			return true
		}
	}
	return false
}

// endsWithTrace reports whether what is around a begin that is never closed became
// a complete slice, which ends with the trace: then it ends there too.
func (s *slicer) endsWithTrace(p slice, whole map[int]bool) bool {
	for i, o := range s.slices {
		if o.open() && o.track == p.track && o.kept && !whole[i] && s.surrounds(o, whole) {
			return p.start < s.end
		}
	}
	return false
}

// fuse makes a complete slice of a pair and cuts that: a viewer takes complete
// slices for the outer ones of those that begin at one time. A pair that is never
// closed lasts to the trace's end.
func (s *slicer) fuse(p pair) {
	b := &s.t.Events[p.begin]
	add := []Member{{"tracekit.ts", b.text("ts")}}
	stop := s.end
	if !p.open() {
		e := &s.t.Events[p.end]
		args := slices.DeleteFunc(slices.Clone(e.Args), func(m Member) bool { return m.Name == "tracekit.ts" || m.Name == "tracekit.dur" })
		add = append(args, add[0], Member{"tracekit.dur", Micros(original(e) - original(b))})
		stop = p.stop
	}
	ms := with(b.Members, "ph", `"X"`)
	ms = with(ms, "ts", Micros(s.o.From))
	ms = addOriginals(ms, add...)
	ms = with(ms, "dur", Micros(min(stop, s.o.To)-s.o.From))
	s.out[p.begin] = &Out{Kind: Cut, Value: ms, Source: p.begin}
	s.fused[p.begin] = stop
}

// original is the time that an event had before it was moved by an earlier cut.
func original(e *Event) int64 {
	if ts, ok := Nanos(find(e.Args, "tracekit.ts")); ok {
		return ts
	}
	return e.TS
}

// allSlices lists the slices of a trace: X events in file order, then pairs.
// An X event is a pair whose beginning and end are itself.
func allSlices(t *Trace, matchings []matching, isDevice func(event int) bool) []slice {
	if isDevice == nil {
		isDevice = devicesOf(t)
	}
	var all []slice
	add := func(p pair) {
		e := &t.Events[p.begin]
		all = append(all, slice{pair: p, track: e.Track, device: isDevice(p.begin)})
	}
	for i := range t.Events {
		if e := &t.Events[i]; e.Phase == "X" && e.HasTS {
			add(pair{i, i, e.TS, e.stop()})
		}
	}
	for _, m := range matchings {
		for _, p := range m.pairs {
			add(p)
		}
	}
	return all
}
