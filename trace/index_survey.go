package trace

import (
	"fmt"
	"io"
)

// Survey is what one pass over a trace leaves: its range in time, and the
// blocks it consists of, so that a second pass can visit those it needs.
type Survey struct {
	Extent

	Blocks []Block
	Events int64
	Bytes  int64 // of decompressed text
	Damage Damage

	times    Times
	outliers int        // bytes of outliers in the bounds of all blocks
	latest   timeBounds // of the latest block
}

// Block is a stretch of a trace's text in file order: some text of the
// document, or some events with the bounds of their times.
type Block struct {
	Off, End int64  // in the decompressed text, in bytes
	Text     []byte // document text; nil if the block holds events

	Events     int
	Start, Max Time // smallest start and largest end of events that have a time
	Holds      Holds

	doubt      int64       // where the zone of doubt ends if the block begins in it
	timeBounds *timeBounds // nil if Start and Max say all
}

// Holds says which phases a block has besides slices and instants.
type Holds uint8

const (
	HoldsMeta    Holds = 1 << iota // M
	HoldsFlow                      // s t f
	HoldsCounter                   // C
	HoldsPair                      // B E
	HoldsAsync                     // b n e
)

var holds = [256]Holds{
	'M': HoldsMeta, 's': HoldsFlow, 't': HoldsFlow, 'f': HoldsFlow, 'C': HoldsCounter,
	'B': HoldsPair, 'E': HoldsPair, 'b': HoldsAsync, 'n': HoldsAsync, 'e': HoldsAsync,
}

// Survey reads the whole trace once and calls visit, unless it is nil, for
// every event in file order. With nothing to visit, a Source that uses an index
// reads nothing.
func (s *Source) Survey(visit func(e *Event) error) (*Survey, error) {
	if visit == nil {
		return s.SurveyParts(nil)
	}
	return s.SurveyParts(func(p *Part) error {
		for i := range p.Events {
			if err := visit(&p.Events[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// SurveyParts is Survey with a look at document text too: visit is called for
// every part, before it becomes a block of the survey. The part is valid until
// visit returns.
func (s *Source) SurveyParts(visit func(p *Part) error) (*Survey, error) {
	return s.survey(reading{sums: visit == nil}, visit)
}

// SurveyPicked is SurveyParts for a visit to which most events are of no use: parts have those
// that pick is true for, and the others take less time. Pick is called in file order, from
// another goroutine than visit.
func (s *Source) SurveyPicked(pick func(e *Event) bool, visit func(p *Part) error) (*Survey, error) {
	return s.survey(reading{sums: true, pick: pick}, visit)
}

func (s *Source) survey(o reading, visit func(p *Part) error) (*Survey, error) {
	if visit == nil && s.index != nil {
		v := s.index.Survey
		if s.most > 0 && v.Bytes > s.most {
			return nil, fmt.Errorf("%w: %d bytes", ErrTooMuch, s.most)
		}
		return &v, nil
	}
	r, err := s.read(o)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	v := &Survey{Extent: Extent{Zero: MaxTime, Last: MinTime}}
	for {
		b, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		for i := range b.Parts {
			if visit != nil {
				if err := visit(&b.Parts[i]); err != nil {
					return nil, err
				}
			}
			v.add(&b.Parts[i])
		}
	}
	v.finish()
	v.Bytes, v.Damage = r.Bytes, r.Damage
	return v, nil
}

func (v *Survey) add(p *Part) {
	if p.Text != nil {
		v.Blocks = append(v.Blocks, Block{Off: p.Off, End: p.End, Text: append([]byte{}, p.Text...)})
		return
	}
	sum := p.bounds
	if !p.summed {
		for i := range p.Events {
			sum.add(&p.Events[i])
		}
	}
	b := Block{Off: p.Off, End: p.End, Events: p.hi - p.lo, Start: sum.start, Max: sum.end, Holds: sum.holds, doubt: p.doubt}
	v.widen(&sum)
	v.times.addBounds(&sum)
	v.Events += int64(b.Events)
	if !p.summed && len(p.Events) > 0 && v.isWide(&b) {
		v.bound(&b, p.Events)
	}
	v.Blocks = append(v.Blocks, b)
}

// widen makes the range of what was read so far hold what b does.
func (v *Survey) widen(b *bounds) {
	v.Zero, v.Last = min(v.Zero, b.zero), max(v.Last, b.last)
	if b.others != nil {
		for _, g := range b.others.groups {
			v.Zero, v.Last = min(v.Zero, g.min), max(v.Last, g.end)
		}
	}
}

// bound gives a block its time bounds, unless all have too many outliers.
func (v *Survey) bound(b *Block, events []Event) {
	if !v.latest.set(b, events) {
		return
	}
	if v.outliers += len(v.latest.outliers); v.outliers <= maxAllOutliers {
		b.timeBounds = v.latest.clone()
	}
}

// isWide reports whether b spans so much of the trace that many ranges meet it.
func (v *Survey) isWide(b *Block) bool {
	return float64(b.Max)-float64(b.Start) > (float64(v.Last)-float64(v.Zero))/16
}

// finish settles what is known at the end of the trace only.
func (v *Survey) finish() {
	v.Extent, _ = v.times.Extent()
	v.times = Times{}
	for i := range v.Blocks {
		if b := &v.Blocks[i]; !v.isWide(b) {
			b.timeBounds = nil
		}
	}
	v.latest = timeBounds{}
}

// bounds are those of some events: what a Block tells of them, and what they are
// to the range of the trace.
type bounds struct {
	start, end Time // smallest start and largest end
	holds      Holds

	// Of what a viewer shows in one bucket of time and for less than a day: smallest
	// start and largest end, and how many there are.
	zero, last Time
	shown      int64
	bucket     int64
	others     *Times // of what it shows besides; nil if there is nothing
}

var noBounds = bounds{start: MaxTime, end: MinTime, zero: MaxTime, last: MinTime}

func (b *bounds) rest() *Times {
	if b.others == nil {
		b.others = new(Times)
	}
	return b.others
}

// addBounds takes note of the events of b.
func (t *Times) addBounds(b *bounds) {
	if b.shown > 0 {
		t.group(timeKey{bucket: b.bucket}).merge(&TimeGroup{b.shown, b.zero, b.last, b.last, 0, 0})
	}
	if b.others != nil {
		t.merge(b.others)
	}
}

func (b *bounds) add(e *Event) {
	if !e.isWhole() {
		b.addAny(e)
		return
	}
	// Most events are these.
	end := e.TS.Add(e.Dur)
	b.start, b.end = min(b.start, e.TS), max(b.end, end)
	b.show(e.TS, e.Dur)
	if e.cat.hi-e.cat.lo == uint32(len(Stating)) && string(e.Cat()) == Stating {
		b.rest().State(e.Name(), e.TS, e.Dur)
	}
}

// Stating is the category of the slice by which PyTorch's profiler says when it
// recorded.
const Stating = "Trace"

func (b *bounds) addAny(e *Event) {
	b.holds |= holds[e.Phase]
	if !e.hasPlace() {
		return
	}
	b.start, b.end = min(b.start, e.TS), max(b.end, e.End())
	if e.Shown() {
		b.show(e.TS, e.Span())
	} else if e.IsEnd() && e.TS >= 0 {
		b.showEnd(e.TS)
	}
}

// show takes note of what is shown from ts on for dur.
func (b *bounds) show(ts, dur Time) {
	if !b.near(ts) || dur >= day {
		b.rest().Add(ts, dur)
		return
	}
	b.zero, b.last = min(b.zero, ts), max(b.last, ts+dur)
	b.shown++
}

// showEnd takes note of the end of what began with another event.
func (b *bounds) showEnd(ts Time) {
	if !b.near(ts) {
		b.rest().AddEnd(ts)
		return
	}
	b.last = max(b.last, ts)
	b.shown++
}

// near reports whether ts is in the bucket of those before, which the first chooses.
func (b *bounds) near(ts Time) bool {
	if b.shown == 0 {
		b.bucket = int64(ts >> bucketBits)
	}
	return int64(ts>>bucketBits) == b.bucket && ts != 0
}
