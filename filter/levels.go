package filter

import (
	"tracekit/filter/producer"
	"tracekit/trace"
)

// Levels finds which threads show a device's work itself and which repeat it in other words,
// such as the steps and modules beside streams. It is shown all events once and then asked.
type Levels struct {
	looks   []Place // at the first slice of each track that may be a device's
	known   []bool
	process producer.Level
	threads map[int]producer.Level // by process
}

// Learn looks at a slice that may be a device's, after r has learnt from it.
func (v *Levels) Learn(r *Recognizer, e *trace.Event) {
	track, _ := r.place(e)
	for len(v.known) <= track {
		v.looks, v.known = append(v.looks, Place{}), append(v.known, false)
	}
	if !v.known[track] {
		v.looks[track], v.known[track] = r.PlaceOf(e), true
	}
}

// FindLowest finds the lowest levels, now that r has learnt from all of the trace.
func (v *Levels) FindLowest(r *Recognizer) {
	v.process, v.threads = producer.Views, map[int]producer.Level{}
	for track, known := range v.known {
		if !known || r.SideOf(v.looks[track]) != Device {
			continue
		}
		process := r.tracks.All[track].Process
		v.process = min(v.process, r.processes[process])
		low, some := v.threads[process]
		if !some || r.levels[track] < low {
			v.threads[process] = r.levels[track]
		}
	}
}

// Repeats reports whether e, which is a device's, shows work that a lower level shows as well.
func (v *Levels) Repeats(r *Recognizer, e *trace.Event) bool {
	track, process := r.place(e)
	return r.processes[process] > v.process || r.levels[track] > v.threads[process]
}
