package trace

// Batch is a stretch of a trace in file order: parts that are text of the
// document and parts that are events. It belongs to the Reader that made it
// and is valid until that Reader's next batch.
type Batch struct {
	Parts  []Part
	events []Event
	n      int               // events kept
	sums   bool              // only their bounds are
	pick   func(*Event) bool // beside sums, these are kept too; nil for none
	picked int
	likely int // how many there will be about, once that is known
	bounds bounds
}

// Part is document text, to be written as it is, or a run of events, or events of which
// it is known that they are kept: Verbatim is the text of Count events, Flows of them flow
// events, and what is between them.
// Off and End are where it begins and ends in the decompressed input, in bytes.
type Part struct {
	Text     []byte
	Events   []Event
	Verbatim []byte // nil unless Source.ReadAgain was told of it
	Count    int
	Flows    int
	Off, End int64

	from   recording // nil if it is not known how the text was packed
	doubt  int64     // where the zone of doubt ends if events begin in it
	lead   []byte    // white space before the last event of Verbatim
	lo, hi int
	bounds bounds // of the events, if it is summed
	summed bool   // Events are none, or only those that were picked
	picked int    // how many the batch has of those before the part
}

// mostEvents bounds a batch, and so what the smallest of events take of memory,
// which as text are a fraction of an Event. Others fill a block long before.
const mostEvents = 16 << 10

// Room for events: at least for so many, and for one in so many bytes of text, which
// is about what profilers write.
const (
	leastRoom = 256
	usualSize = 256
)

// expect tells that events come from so many bytes of text.
func (b *Batch) expect(bytes int) {
	if !b.sums {
		b.likely = bytes / usualSize
	}
}

func (b *Batch) full() bool { return b.n >= mostEvents }

func (b *Batch) reset() {
	b.Parts = b.Parts[:0]
	b.n, b.picked = 0, 0
}

func (b *Batch) addText(t []byte, off int64) {
	if len(t) > 0 {
		b.Parts = append(b.Parts, Part{Text: t, Off: off, End: off + int64(len(t))})
	}
}

// openEvents begins a part with the events behind an offset. Where the zone of doubt
// ends goes with it.
func (b *Batch) openEvents(off, doubt int64) {
	b.Parts = append(b.Parts, Part{lo: b.n, picked: b.picked, summed: b.sums})
	b.bounds = noBounds
	b.skipTo(off, doubt)
}

// skipTo leaves out of the part at hand what stands before an offset, if that is
// nothing but broken text. So nobody begins to read in the middle of that.
func (b *Batch) skipTo(off, doubt int64) {
	if n := len(b.Parts); n > 0 && b.Parts[n-1].lo == b.n {
		p := &b.Parts[n-1]
		if p.Off, p.doubt = off, 0; doubt > off {
			p.doubt = doubt
		}
	}
}

// closeEvents ends the part that openEvents began; one without events goes.
func (b *Batch) closeEvents(end int64) {
	last := &b.Parts[len(b.Parts)-1]
	last.End, last.hi, last.bounds = end, b.n, b.bounds
	if last.lo == last.hi {
		b.Parts = b.Parts[:len(b.Parts)-1]
	}
}

// next returns the place of the next event; keep makes it part of the batch.
func (b *Batch) next() *Event {
	at := b.n
	if b.sums {
		at = b.picked
	}
	if at >= len(b.events) {
		b.events = append(b.events, make([]Event, max(leastRoom, len(b.events), b.likely))...)
	}
	return &b.events[at]
}

func (b *Batch) keep() {
	if b.sums {
		e := &b.events[b.picked]
		b.bounds.add(e)
		if b.pick != nil && b.pick(e) {
			b.picked++
		}
	}
	b.n++
}

// seal gives each part its events; until then they may still move.
func (b *Batch) seal() {
	if b.sums {
		b.sealPicked()
		return
	}
	for i := range b.Parts {
		p := &b.Parts[i]
		p.Events = b.events[p.lo:p.hi:p.hi]
	}
}

func (b *Batch) sealPicked() {
	last := b.picked
	for i := len(b.Parts) - 1; i >= 0 && b.picked > 0; i-- {
		if p := &b.Parts[i]; p.Text == nil {
			p.Events, last = b.events[p.picked:last:last], p.picked
		}
	}
}
