package reference

// slice is an X event or a pair of B and E: what nests on a track and what
// flows bind to.
type slice struct {
	pair
	track  Track
	device bool
	stays  bool
}

// takeSlices takes X, B and E.
func (s *slicer) takeSlices() {
	matchings := matchTracks(s.t)
	s.slices = allSlices(s.t, matchings, s.o.IsDevice)
	for i := range s.slices {
		s.slices[i].stays = s.pairStays(s.slices[i].pair)
	}
	whole := s.followLaunches()
	for i, sl := range s.slices {
		e := &s.t.Events[sl.begin]
		switch {
		case !sl.stays:
		case whole[i]:
			s.wholePair(sl.pair)
		case e.Phase == "X":
			s.cutComplete(sl.begin)
		default:
			s.cutPair(sl.pair)
		}
	}
	for _, m := range matchings {
		s.takeLoose(m)
		s.regroup(m)
	}
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
