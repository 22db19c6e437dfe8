package steps

import (
	"bytes"

	"tracekit/filter/producer"
	"tracekit/trace"
)

// candidates tells events apart that no step follows from. Most events are decided by their
// number, which stands for their category.
type candidates struct {
	marker bool // a user's own, of any name
	known  [64]struct {
		interned uint32
		class    nameClass
	}
}

// nameClass says which names are to be looked at of a category.
type nameClass uint8

const (
	noNames nameClass = iota
	allNames
	frameNames    // of Python functions
	profilerNames // of PyTorch's steps among operators
	formNames     // that begin as markers do
)

// Candidates returns a function that is false for events that Learn makes nothing of but the
// names that Run tells where there are no markers. It may be called while the Finder learns.
func (f *Finder) Candidates() func(e *trace.Event) bool {
	c := &candidates{marker: f.Marker != nil}
	return c.may
}

func (c *candidates) may(e *trace.Event) bool {
	switch e.Phase {
	case 'X':
		return c.slice(e)
	case 'B', 'E', 'M':
		return true
	case 'C':
		return string(e.Name()) == "utils"
	}
	return false
}

func (c *candidates) slice(e *trace.Event) bool {
	name := e.Name()
	if c.marker || len(name) > 0 && name[0]-'0' <= 9 { // merged slices, and numbers of steps
		return true
	}
	k := &c.known[e.Interned%uint32(len(c.known))]
	if e.Interned == 0 || k.interned != e.Interned {
		k.interned, k.class = e.Interned, classOf(e.Cat())
	}
	switch k.class {
	case noNames:
		return false
	case frameNames:
		return isStepFrame(name)
	case profilerNames:
		return bytes.HasPrefix(name, []byte("ProfilerStep#"))
	case formNames:
		return len(name) > 0 && begins[name[0]]
	}
	return true
}

// classOf says which names of a category may be those of markers.
func classOf(cat []byte) nameClass {
	switch string(cat) {
	case "", "Trace":
		return allNames
	case "python_function":
		return frameNames
	}
	switch {
	case producer.MayMarkStep(cat, nil):
		return formNames
	case producer.MayMarkStep(cat, []byte("ProfilerStep#")):
		return profilerNames
	}
	return noNames
}
