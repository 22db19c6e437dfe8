package page

import (
	"bytes"
	"strings"

	"tracekit/trace"
	"tracekit/transform/report"
)

// Occurrences are where names occur: on which tracks, how often, for how long and, roughly,
// when. They are gathered in the reading that draws a page, so that to search for a name
// takes no other. Names that differ by their numbers alone are one, if they are many: their
// shape, with 0 for each number.
type Occurrences struct {
	scale   scale
	byName  map[string]int32 // as they stand in the trace
	byShape map[string]*shape
	names   []gathered
	held    int // bytes of names
	places  map[uint64]int32
	all     []Occurrence
	free    []int32          // places in all that hold nothing
	longest map[int32]string // by place, where the name is a shape
	many    bool             // there are more than are gathered: nothing is known
	tracks  *report.Names

	zero, last trace.Time
}

// gathered is a name that was gathered, or a shape.
type gathered struct {
	text    string
	isShape bool
	place   int32 // of one of its occurrences, -1 for none
}

// shape is that of some names.
type shape struct {
	names []int32 // as long as they are few
	is    int32   // else what stands for them
}

// Occurrence is what one track has of one name.
type Occurrence struct {
	Track       int32
	name        int32
	Count       int64
	Total       trace.Time // durations added up
	First       trace.Time
	Longest     trace.Time // duration
	LongestFrom trace.Time
	bins        timeSet // in which one begins
	place       int32
	next        int32 // place of another with its name, -1 for none
}

// timeSet is a set of bins of time.
type timeSet [occurrenceBins / 64]uint64

// Bounds of what is gathered: some 40 MB.
const (
	occurrenceBins  = 256
	mostOccurrences = 1 << 18
	mostNameBytes   = 8 << 20
	mostOfShape     = 32 // names that are told apart
)

func newOccurrences(tracks *report.Names) *Occurrences {
	o := &Occurrences{
		scale: scale{bins: occurrenceBins}, tracks: tracks,
		byName: map[string]int32{}, byShape: map[string]*shape{}, places: map[uint64]int32{}, longest: map[int32]string{},
	}
	o.scale.series = []widener{o}
	return o
}

// bytes is about how many o takes.
func (o *Occurrences) bytes() int {
	const name, place, occurrence = 150, 24, 112
	return o.held + name*len(o.names) + place*len(o.places) + occurrence*cap(o.all)
}

// widen is part of widener.
func (o *Occurrences) widen(to func(i int) int) {
	var target [occurrenceBins]int
	for i := range target {
		target[i] = to(i)
	}
	for i := range o.all {
		n := &o.all[i]
		before := n.bins
		n.bins = timeSet{}
		for bin := range before.each {
			n.bins.add(target[bin])
		}
	}
}

func (s *timeSet) add(i int) { s[i>>6] |= 1 << (i & 63) }

func (s *timeSet) has(i int) bool { return s[i>>6]>>(i&63)&1 != 0 }

// each yields the bins of a set.
func (s *timeSet) each(yield func(int) bool) {
	for i := range occurrenceBins {
		if s.has(i) && !yield(i) {
			return
		}
	}
}

// add takes an event that begins something. It keeps nothing of it but a new name.
func (o *Occurrences) add(e *trace.Event) {
	if o.many || !e.Shown() || e.Phase == 'C' { // which leaves flows and metadata out
		return
	}
	name, ok := o.byName[string(e.Name())]
	if !ok {
		name = o.newName(e.Name())
	}
	place := o.place(name, int32(o.tracks.Of(e)))
	if o.held > mostNameBytes || len(o.all)-len(o.free) > mostOccurrences {
		*o = Occurrences{many: true}
		return
	}
	o.scale.reach(e.TS)
	n := &o.all[place]
	if n.addOne(e.TS, e.Span()) && o.names[name].isShape {
		o.longest[place] = string(e.Name())
	}
	n.bins.add(o.scale.index(e.TS))
}

// addOne adds one that begins at a time, and reports whether it is the longest so far.
func (n *Occurrence) addOne(ts, span trace.Time) (longest bool) {
	if n.Count == 0 || ts < n.First {
		n.First = ts
	}
	if longest = n.Count == 0 || span > n.Longest || span == n.Longest && ts < n.LongestFrom; longest {
		n.Longest, n.LongestFrom = span, ts
	}
	n.Count++
	n.Total = n.Total.Add(span)
	return longest
}

// newName is the number of a name that has none: its own, or that of its shape.
func (o *Occurrences) newName(name []byte) int32 {
	form, numbers := shapeOf(name)
	if !numbers {
		return o.number(string(name))
	}
	s := o.byShape[string(form)]
	switch {
	case s == nil:
		s = &shape{is: -1}
		o.byShape[string(form)] = s
		o.held += len(form)
	case s.is >= 0:
		return s.is
	case len(s.names) == mostOfShape:
		o.join(s, string(form))
		return s.is
	}
	n := o.number(string(name))
	s.names = append(s.names, n)
	return n
}

func (o *Occurrences) number(name string) int32 {
	n := int32(len(o.names))
	o.byName[name] = n
	o.names = append(o.names, gathered{text: name, place: -1})
	o.held += len(name)
	return n
}

// shapeOf is a name with 0 for each number, and whether it has any. Of one with escapes no
// number is told from what belongs to them.
func shapeOf(name []byte) (form []byte, numbers bool) {
	if bytes.IndexByte(name, '\\') >= 0 {
		return name, false
	}
	for i, c := range name {
		switch {
		case c < '0' || c > '9':
			form = append(form, c)
		case i == 0 || name[i-1] < '0' || name[i-1] > '9':
			form, numbers = append(form, '0'), true
		}
	}
	return form, numbers
}

// join makes one of the names of a shape. It takes time for what these have, and for nothing else.
func (o *Occurrences) join(s *shape, form string) {
	s.is = int32(len(o.names))
	o.names = append(o.names, gathered{form, true, -1})
	for _, name := range s.names {
		text := o.names[name].text
		for place := o.names[name].place; place >= 0; {
			n := o.all[place]
			delete(o.places, placeKey(name, n.Track))
			o.all[place] = Occurrence{}
			o.free = append(o.free, place)
			if to := o.place(s.is, n.Track); o.all[to].merge(&n) {
				o.longest[to] = text
			}
			place = n.next
		}
		delete(o.byName, text)
		o.held -= len(text)
		o.names[name] = gathered{place: -1}
	}
	s.names = nil
}

// merge adds what the same track has of another name, and reports whether its longest is
// that of both.
func (n *Occurrence) merge(o *Occurrence) (longest bool) {
	if longest = n.Count == 0 || o.Longest > n.Longest || o.Longest == n.Longest && o.LongestFrom < n.LongestFrom; longest {
		n.Longest, n.LongestFrom = o.Longest, o.LongestFrom
	}
	if n.Count == 0 || o.First < n.First {
		n.First = o.First
	}
	n.Count += o.Count
	n.Total = n.Total.Add(o.Total)
	for i := range n.bins {
		n.bins[i] |= o.bins[i]
	}
	return longest
}

// place is where an occurrence is, new if there is none yet.
func (o *Occurrences) place(name, track int32) int32 {
	key := placeKey(name, track)
	place, ok := o.places[key]
	if ok {
		return place
	}
	if n := len(o.free); n > 0 {
		place, o.free = o.free[n-1], o.free[:n-1]
	} else {
		place = int32(len(o.all))
		o.all = append(o.all, Occurrence{})
	}
	o.all[place] = Occurrence{Track: track, name: name, place: place, next: o.names[name].place}
	o.places[key], o.names[name].place = place, place
	return place
}

func placeKey(name, track int32) uint64 { return uint64(name)<<32 | uint64(uint32(track)) }

// LongestName is the name of the longest of an occurrence, as it stands in the trace,
// escapes and all.
func (o *Occurrences) LongestName(of *Occurrence) string {
	if o.names[of.name].isShape {
		return o.longest[of.place]
	}
	return o.names[of.name].text
}

// Extent is from when to when the trace is.
func (o *Occurrences) Extent() (zero, last trace.Time) { return o.zero, o.last }

// Tracks are what is known of tracks, for a goroutine of its own.
func (o *Occurrences) Tracks() *report.Names { return o.tracks.Known() }

// Occurrences returns where names occur; nil for what is partial, or if they were not gathered.
func (d *Data) Occurrences() *Occurrences { return d.names }

// Find returns the occurrences of names that hold a text, in lower case, and the times within
// which they begin, in order. These are all that is known, and not how often, if exact is
// false: the text has numbers that were not kept. It is not ok if there are too many names.
func (o *Occurrences) Find(text string) (found []Occurrence, times []Stretch, exact, ok bool) {
	if o == nil || o.many {
		return nil, nil, false, false
	}
	form, numbers := shapeOf([]byte(text))
	is := make([]bool, len(o.names))
	exact = true
	for i, name := range o.names {
		lower := strings.ToLower(trace.Unquote([]byte(`"` + name.text + `"`)))
		if is[i] = strings.Contains(lower, text); name.isShape && numbers {
			is[i] = strings.Contains(lower, string(form))
			exact = exact && !is[i]
		}
	}
	var bins timeSet
	for i := range o.all {
		n := &o.all[i]
		if n.Count == 0 || !is[n.name] {
			continue
		}
		found = append(found, *n)
		for w := range bins {
			bins[w] |= n.bins[w]
		}
	}
	for bin := range bins.each {
		times = append(times, Stretch{o.scale.start(bin), o.scale.start(bin + 1)})
	}
	return found, times, exact, true
}

// Stretch is a stretch of time, To excluded.
type Stretch struct{ From, To trace.Time }
