package filter

import (
	"tracekit/filter/producer"
	"tracekit/trace"
)

// Side returns where e happened, by what was learnt so far. Flows to a
// device count as the device's, whichever end e is. Metadata is never a
// device's here: names go with what they name.
func (r *Recognizer) Side(e *trace.Event) Side {
	c, known := producer.CategoryOf(e.Cat())
	track, _ := r.place(e)
	return r.sideAt(e, c, known, track)
}

// sideAt is Side for an event of which the category and the track are known.
func (r *Recognizer) sideAt(e *trace.Event, c producer.Category, known bool, track int) Side {
	if e.IsMeta() {
		return Host
	}
	return r.SideOf(r.placeOf(e, c, known, track))
}

// Look is what an event shows of where it happened: enough to ask SideOf later,
// when more was learnt.
type Place struct {
	Track int32 // as the Recognizer numbers them
	Signs uint8
}

// What a Look says besides the place of the category, which has the lower three bits.
const (
	signHost    = 8 << iota // it is a Python frame, or a call by its name
	signFlow                // it is an end of a flow
	signSynapse             // its args are Synapse's, of a call or of an engine
	signFinal               // a name that is yet to come will not tell
	signGiven               // the user says that it is a device's
)

// PlaceOf returns what e shows; e is not metadata.
func (r *Recognizer) PlaceOf(e *trace.Event) Place {
	c, known := producer.CategoryOf(e.Cat())
	track, _ := r.place(e)
	return r.placeOf(e, c, known, track)
}

func (r *Recognizer) placeOf(e *trace.Event, c producer.Category, known bool, track int) Place {
	l := Place{Track: int32(track), Signs: uint8(c.Place)}
	if r.Given.Hardware != nil && r.meetsGiven(e, r.Given.Hardware) {
		l.Signs |= signGiven
	}
	switch {
	case e.IsFlow():
		l.Signs |= signFlow
	case c.Place == producer.OnHost:
		if c.Kinds&Python != 0 {
			l.Signs |= signHost
		}
	case c.Place == producer.OnEngine:
		if r.threads[track]&(isEngine|isHost|hasHosts|isCaller) == 0 && hasArg(e, &r.env, producer.RecipeArgs...) {
			l.Signs |= signSynapse
		}
	case c.Place == producer.ByTrack:
		if !known && producer.IsStage(e.Name(), e.Raw()) {
			l.Signs |= signGiven
		}
		if kindsOf(e, c, known)&(Python|Runtime) != 0 {
			l.Signs |= signHost
		}
		if !nests[e.Phase] {
			l.Signs |= signFinal
		}
	}
	return l
}

// meetsGiven reports whether e is what a user means.
func (r *Recognizer) meetsGiven(e *trace.Event, x *Expr) bool {
	r.env.Names = &r.names
	return x.Match(e, &r.env)
}

// nests are the phases of slices.
var nests = [256]bool{'X': true, 'B': true, 'E': true, 'b': true, 'n': true, 'e': true}

// SideOf is Side for an event that was looked at.
func (r *Recognizer) SideOf(l Place) Side {
	if l.Signs&signGiven != 0 {
		return Device
	}
	thread, seen := r.threads[l.Track], r.seen[r.tracks.All[l.Track].Process]
	switch producer.Place(l.Signs & 7) {
	case producer.OnHost:
		if l.Signs&signHost == 0 && thread&isHost == 0 && isDevice(seen) {
			return Device
		}
		return Host
	case producer.OnDevice:
		switch {
		case l.Signs&signFlow == 0 || thread&(isCaller|isStream|isEngine) != 0 || isDevice(seen):
			return Device
		case seen&(hasName|hasHost|isGaudi) == 0:
			return Unsure
		}
		return Host
	case producer.OnEngine:
		return engineSide(l, thread, seen)
	case producer.ToDevice:
		return Device
	case producer.OnStream:
		if thread&isStream == 0 && seen&(hasHost|isHostByName) != 0 {
			return Host
		}
		return Device
	}
	switch {
	case l.Signs&signHost != 0 || seen&isHostByName != 0:
		return Host
	case thread&(isStream|isEngine) != 0:
		return Device
	case thread&(isHost|hasHosts) != 0:
		return Host
	case l.Signs&signFlow == 0 && isDevice(seen&^isListed), l.Signs&signFlow != 0 && isDevice(seen):
		return Device
	case seen&(hasName|hasHost|isGaudi) == 0 && l.Signs&signFinal == 0:
		return Unsure
	}
	return Host
}

// engineSide tells a call of the host from what an engine of a Gaudi did.
func engineSide(l Place, thread threadIs, seen evidence) Side {
	switch {
	case thread&isEngine != 0:
		return Device
	case thread&(isHost|hasHosts|isCaller) != 0:
		return Host
	case seen&isGaudi != 0:
		return Device
	case l.Signs&signSynapse != 0 && seen&(hasName|hasHost) == 0:
		return Unsure
	}
	return Host
}

// isDevice reports a process whose events are a device's where nothing else tells. The
// pid of a host process may be the id of a device as well, where it is small, as in a
// container: what is labelled by both names, or lists a device and has operators, is not.
func isDevice(seen evidence) bool {
	switch {
	case seen&isHostByName != 0:
		return false
	case seen&isNamed != 0:
		return true
	}
	return seen&(isListed|isLabelled|hasStream) != 0 && seen&(hasHost|isGaudi) == 0
}

// MayCross reports a flow event of which neither the category nor the thread says whether it
// leads from the host to a device or the other way.
func (r *Recognizer) MayCross(e *trace.Event) bool {
	if !e.IsFlow() {
		return false
	}
	c, _ := producer.CategoryOf(e.Cat())
	return c.Place == producer.ByTrack || c.Place == producer.OnDevice && r.Side(e) != Device
}

// MayCall reports an event of the host that is a call if a name that is yet to come says so of
// its process.
func (r *Recognizer) MayCall(e *trace.Event) bool {
	c, _ := producer.CategoryOf(e.Cat())
	if c.Place != producer.OnHost || c.Kinds != 0 {
		return false
	}
	_, process := r.place(e)
	return r.seen[process]&hasName == 0 && producer.IsCall(e.Name())
}

// Knows reports whether the name, process or thread of an event without a known category shows what
// it is.
func (r *Recognizer) Knows(l Place) bool {
	seen := r.seen[r.tracks.All[l.Track].Process]
	return r.SideOf(l) == Device || l.Signs&signHost != 0 || seen&isHostByName != 0 || r.threads[l.Track]&isHost != 0
}

// Kinds is KindsOf, and knows calls by their process and thread.
func (r *Recognizer) Kinds(e *trace.Event) Kinds {
	if e.IsMeta() {
		return 0
	}
	c, known := producer.CategoryOf(e.Cat())
	k := kindsOf(e, c, known)
	if r.Given.Python != nil && r.meetsGiven(e, r.Given.Python) {
		k |= Python
	}
	track, process := r.place(e)
	switch {
	case k&Flow != 0:
		if c.Place == producer.OnDevice && r.Side(e) == Host {
			k &^= Runtime
		}
	case k&(Python|Counter) != 0:
	case c.Place == producer.OnEngine:
		if r.SideOf(r.placeOf(e, c, known, track)) == Device {
			k &^= Runtime
		}
	case r.threads[track]&showsCall != 0, r.seen[process]&makesCalls != 0 && (!known || producer.IsCall(e.Name())):
		k |= Runtime
	}
	return k
}
