package launches

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"tracekit/filter"
	"tracekit/filter/producer"
	"tracekit/trace"
)

// Collisions find ranks that nothing names: where two processes of the host have calls with the
// same ids, their traces were put into one file, and a device's work belongs to that process whose
// calls came before it. Of each process the first ids are looked at. The zero value is ready to use.
type Collisions struct {
	calls, work map[int]joinedTimes // by process
	parts       fileParts
	room        joinedRoom
}

// joinedTimes are when that happened that has an id, by the id.
type joinedTimes map[string]*joined

// joinedRoom is room for ids and what has them, so that not each takes an allocation.
type joinedRoom struct {
	ids    strings.Builder
	joined []joined
}

func (r *joinedRoom) add(id []byte) (key string, j *joined) {
	if r.ids.Cap()-r.ids.Len() < len(id) {
		r.ids.Reset()
		r.ids.Grow(max(8<<10, len(id)))
	}
	at := r.ids.Len()
	r.ids.Write(id)
	if len(r.joined) == cap(r.joined) {
		r.joined = make([]joined, 0, 512)
	}
	r.joined = append(r.joined, joined{})
	return r.ids.String()[at:], &r.joined[len(r.joined)-1]
}

// joined is what has one id.
type joined struct {
	first trace.Time
	n     int  // how many have it
	many  bool // a call that may launch more than one
}

const (
	mostJoined = 4096 // ids of each process that are looked at
	leastMet   = 4    // ids that two processes of the host must share
)

// Learn takes an event that may be a call or what one launched, in the order of the text.
func (c *Collisions) Learn(tracks *trace.Tracks, e *trace.Event) {
	if e.Phase != 'X' || e.Has&trace.HasTS == 0 {
		return
	}
	of := &c.calls
	switch cat, known := producer.CategoryOf(e.Cat()); {
	case !known:
		return
	case cat.Place == producer.OnDevice:
		of = &c.work
	case cat.Kinds&filter.Runtime == 0:
		return
	}
	process := tracks.Process(e)
	c.parts.note(process, of == &c.calls, e.At())
	if len((*of)[process]) >= mostJoined && len(c.calls) < 2 {
		return // there may be one rank alone, whose ids come once
	}
	if id := IDsOf(e)[0]; len(id) > 0 {
		c.addTime(of, process, id, e.TS, bytes.Contains(e.Name(), []byte("Graph")))
	}
}

// Call takes the time of a call and the id that it shares with the work that it launches.
func (c *Collisions) Call(process int, id []byte, at trace.Time) {
	c.addTime(&c.calls, process, id, at, true)
}

// Work takes the time of work of a device and the id of its call.
func (c *Collisions) Work(process int, id []byte, at trace.Time) {
	c.addTime(&c.work, process, id, at, false)
}

func (c *Collisions) addTime(of *map[int]joinedTimes, process int, id []byte, at trace.Time, many bool) {
	all := (*of)[process]
	j, seen := all[string(id)]
	if !seen && len(all) >= mostJoined {
		return
	}
	if all == nil {
		if all = (joinedTimes{}); *of == nil {
			*of = map[int]joinedTimes{}
		}
		(*of)[process] = all
	}
	if !seen {
		key, added := c.room.add(id)
		j, all[key] = added, added
		j.first = at
	}
	j.first = min(j.first, at)
	j.n, j.many = j.n+1, j.many || many
}

// Hosts returns, for each process of a device, the process that launched its work; nothing if
// no ids collide. Nothing may be taken afterwards.
func (c *Collisions) Hosts() map[int]int {
	c.split()
	if !c.collide() {
		return nil
	}
	hosts := slices.Sorted(maps.Keys(c.calls))
	of := map[int]int{}
	for process, rank := range c.ranks() {
		of[process] = hosts[rank-1]
	}
	return of
}

// split leaves each process among the hosts or among the devices: that of a device may have calls
// too, such as Kineto's cuda_sync.
func (c *Collisions) split() {
	for process, work := range c.work {
		if len(work) < len(c.calls[process]) {
			delete(c.work, process)
		} else {
			delete(c.calls, process)
		}
	}
}

// collide reports whether two processes have calls with the same ids.
func (c *Collisions) collide() bool {
	hosts := slices.Sorted(maps.Keys(c.calls))
	for i, a := range hosts {
		for _, b := range hosts[:i] {
			met := 0
			for id := range c.calls[a] {
				if _, both := c.calls[b][id]; both {
					met++
				}
			}
			if met >= leastMet {
				return true
			}
		}
	}
	return false
}

// ranks returns a number for each process with calls, and for that of each device the number of
// the process that launched its work.
func (c *Collisions) ranks() map[int]int32 {
	hosts := slices.Sorted(maps.Keys(c.calls))
	devices := slices.Sorted(maps.Keys(c.work))
	misfits := make([][]float64, len(devices))
	for i, device := range devices {
		for _, host := range hosts {
			misfits[i] = append(misfits[i], misfit(c.work[device], c.calls[host]))
		}
	}
	of := nearest(misfits)
	if len(devices) == len(hosts) {
		of = oneEach(misfits)
	}
	ranks := map[int]int32{}
	for i, host := range hosts {
		ranks[host] = int32(i) + 1
	}
	for i, device := range devices {
		ranks[device] = int32(of[i]) + 1
	}
	return ranks
}

// nearest gives each device the host whose calls fit its work best.
func nearest(misfits [][]float64) (of []int) {
	for _, m := range misfits {
		of = append(of, slices.Index(m, slices.Min(m)))
	}
	return of
}

// oneEach gives each device a host of its own, at first in the order of the file, so that work
// and calls fit best in all: it swaps two as long as that gets better.
func oneEach(misfits [][]float64) (of []int) {
	for i := range misfits {
		of = append(of, i)
	}
	for range len(of) {
		swapped := false
		for i := range of {
			for j := range i {
				if misfits[i][of[j]]+misfits[j][of[i]] < misfits[i][of[i]]+misfits[j][of[j]] {
					of[i], of[j], swapped = of[j], of[i], true
				}
			}
		}
		if !swapped {
			break
		}
	}
	return of
}

// misfit is how badly calls fit what they may have launched: the mean square of the time in
// between, and far more for each call behind its work.
func misfit(work, calls joinedTimes) float64 {
	const impossible = 1e40
	sum, n := 0.0, 0
	for _, id := range slices.Sorted(maps.Keys(work)) { // so that it is rounded the same each time
		call, launched := calls[id]
		if !launched {
			continue
		}
		if lag := float64(work[id].first) - float64(call.first); lag < 0 {
			sum += impossible
		} else {
			sum += lag * lag
		}
		n++
	}
	if n == 0 {
		return impossible
	}
	return sum / float64(n)
}
