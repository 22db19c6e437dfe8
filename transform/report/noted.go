package report

import (
	"context"
	"encoding/binary"

	"tracekit/filter"
	"tracekit/internal/budget"
	"tracekit/internal/spill"
	"tracekit/trace"
)

// noted is what the first reading notes of slices, so that time can be attributed without a second one: of
// each its time, its length, its correlation and its prototype. It is given up where a slice's text says
// more than that: then the trace is read again.
type noted struct {
	log        *spill.Log
	buf        []byte
	start      trace.Time // of the slice before
	prototypes []*prototype
	number     map[prototypeKey]*prototype
	latest     [1 << 10]*prototype // by hash
	places     [64]notedPlace      // by interned key
	scratch    []byte
	held       int // bytes of the prototypes
}

// prototype is the first of some slices that differ in nothing but time, length, args, and addresses in
// their names.
type prototype struct {
	event   trace.Event
	place   int32
	number  int
	alone   bool // none of them has a correlation that counts
	several bool // names, but for addresses
	launch  correlations
	look    sliceClass
	to      destination
	arrives bool // to is known
}

type prototypeKey struct {
	place     int32
	cat, name string
}

// notedPlace is the track of events with an interned key, twice, and one more if their thread is 0.
type notedPlace struct {
	interned uint32
	place    int32
}

// mostPrototypes is how many bytes prototypes may take.
const mostPrototypes = 16 << 20

func newNoted(temp func() (*spill.File, error)) *noted {
	return &noted{log: spill.NewPlain(logged, temp), number: map[prototypeKey]*prototype{}}
}

// giveUp drops all that was noted, since it is not all that counts.
func (l *First) giveUp() {
	if l.noted != nil {
		l.noted.log.Close()
		l.noted = nil
	}
}

// remember notes a slice.
func (l *First) remember(e *trace.Event, class class) {
	n := l.noted
	place := n.placeOf(e, &l.names)
	p := n.prototype(e, place)
	if p == nil {
		p = n.add(e, place, class == frame || class == work && l.sides.Side(e) == filter.Host)
	}
	if n.held > mostPrototypes {
		l.giveUp()
		return
	}
	n.buf = binary.AppendUvarint(n.buf, uint64(p.number))
	n.buf = binary.AppendVarint(n.buf, int64(e.TS-n.start))
	n.buf = binary.AppendUvarint(n.buf, uint64(e.Dur))
	if !p.alone {
		n.buf = binary.AppendUvarint(n.buf, uint64(uint32(p.launch.of(e))))
	}
	n.start = e.TS
	if len(n.buf) >= gathered {
		n.flush()
	}
}

// longestNote is how many bytes a slice takes at most.
const longestNote = 4 * binary.MaxVarintLen64

func (n *noted) flush() {
	n.log.Write(n.buf) // that it failed is said when the log is read
	n.buf = n.buf[:0]
}

func (n *noted) placeOf(e *trace.Event, names *Names) int32 {
	at := &n.places[e.Interned%uint32(len(n.places))]
	if e.Interned == 0 || at.interned != e.Interned {
		place := int32(2 * names.Of(e))
		if string(e.Tid()) == "0" {
			place++
		}
		*at = notedPlace{e.Interned, place}
	}
	return at.place
}

// prototype returns that of a slice, nil if it is the first.
func (n *noted) prototype(e *trace.Event, place int32) *prototype {
	name, cat := e.Name(), e.Cat()
	latest := &n.latest[(recentAt(name)<<2^uint32(place))%uint32(len(n.latest))]
	if p := *latest; p != nil && p.place == place && string(p.event.Name()) == string(name) && string(p.event.Cat()) == string(cat) {
		return p
	}
	several := hasAddress(name)
	if several {
		n.scratch = appendWithoutAddresses(n.scratch[:0], name)
		name = n.scratch
	}
	p := n.number[prototypeKey{place, string(cat), string(name)}]
	if p != nil {
		p.several = p.several || several
		*latest = p
	}
	return p
}

// prototypeBytes is what a prototype takes besides its text, twice for the key.
const prototypeBytes = 400

func (n *noted) add(e *trace.Event, place int32, alone bool) *prototype {
	p := &prototype{event: e.Clone(), place: place, number: len(n.prototypes), alone: alone, several: hasAddress(e.Name())}
	n.prototypes = append(n.prototypes, p)
	n.number[prototypeKey{place, string(p.event.Cat()), string(appendWithoutAddresses(nil, p.event.Name()))}] = p
	n.held += prototypeBytes + 2*e.Size()
	return p
}

// suffices reports whether slices are what their prototypes are, now that all of the trace is known.
func (m *measure) suffices() bool {
	if m.noted == nil || m.moments == nil || m.learned.merged || m.options.Device != nil {
		return false
	}
	for _, p := range m.noted.prototypes {
		p.look = m.lookAt(&p.event)
		device := p.look.isDevice()
		if !m.sides.ByPlace(&p.event) || p.alone && (device || p.look.class == call) || p.several && device {
			return false
		}
	}
	return true
}

// readNoted measures what was noted.
func (m *measure) readNoted(ctx context.Context) error {
	n := m.noted
	n.flush()
	in, err := n.log.Read()
	if err != nil {
		return err
	}
	r := varints{in: in}
	start := trace.Time(0)
	for count := 0; r.more(longestNote); count++ {
		p := n.prototypes[r.unsigned()]
		start += trace.Time(r.signed())
		length, launch := trace.Time(r.unsigned()), int32(0)
		if !p.alone {
			launch = int32(r.unsigned())
		}
		if err := m.addNoted(p, start, length, launch); err != nil {
			return err
		}
		if count%gathered == 0 {
			if err := budget.Check(ctx); err != nil {
				return err
			}
		}
	}
	return r.err
}

func (m *measure) addNoted(p *prototype, start, length trace.Time, launch int32) error {
	if p.look.class == nothing || !m.meets(start, length) {
		return nil
	}
	if !p.arrives {
		p.to, p.arrives = m.destination(&p.event, &p.look), true
	}
	return m.send(&p.to, start, start.Add(length), launch)
}
