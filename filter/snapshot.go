package filter

import (
	"tracekit/filter/producer"
	"tracekit/internal/snapshot"
)

// State shows to a snapshot what r has learnt of events. What it knows of the document has to be learnt
// again. It is for what nothing was Given to.
func (r *Recognizer) State(s *snapshot.State) {
	r.tracks.State(s)
	snapshot.List(s, &r.seen, func(e *evidence) { snapshot.Number(s, e) })
	snapshot.List(s, &r.threads, func(t *threadIs) { snapshot.Number(s, t) })
	level := func(l *producer.Level) { snapshot.Number(s, l) }
	snapshot.List(s, &r.levels, level)
	snapshot.List(s, &r.processes, level)
	s.Check(len(r.seen) == len(r.tracks.Processes) && len(r.processes) == len(r.seen))
	s.Check(len(r.threads) == len(r.tracks.All) && len(r.levels) == len(r.threads))
}

// State shows to a snapshot what v has learnt, with the tracks of r.
func (v *Levels) State(s *snapshot.State, r *Recognizer) {
	snapshot.List(s, &v.known, s.Bool)
	if s.Reading() {
		v.looks = make([]Place, len(v.known))
	}
	for track := range v.known {
		if v.known[track] {
			v.looks[track].Track = int32(track)
			snapshot.Number(s, &v.looks[track].Signs)
		}
	}
	s.Check(len(v.known) <= len(r.tracks.All))
}
