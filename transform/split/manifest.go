package split

import (
	"slices"
	"time"

	"tracekit/internal/jsondoc"
	"tracekit/trace"
	"tracekit/transform/internal/launches"
	"tracekit/transform/slice"
	"tracekit/transform/window"
)

// Manifest lists the pieces of a trace. Its JSON fields are stable.
type Manifest struct {
	Source string `json:"source"`
	By     string `json:"by"`
	Device string `json:"device"` // how its events are judged, as slice has it
	Start  Micros `json:"start"`
	End    Micros `json:"end"`
	// Marker tells what steps or requests were told by, Why why these are the steady ones.
	Marker string `json:"marker,omitempty"`
	Why    string `json:"why,omitempty"`
	// Impossible tells of events at impossible times, which are in no piece.
	Impossible string `json:"impossible_times,omitempty"`
	// Carried is what a piece has of names, open slices and counters that others have
	// too, on average and in what the target is given in, if that is more than a tenth.
	Carried int64   `json:"carried,omitempty"`
	Pieces  []Piece `json:"pieces"`
	// Outside are requests of which nothing lies in the trace.
	Outside []Outside `json:"outside,omitempty"`
	// Damage tells of what of the input could not be kept, empty if nothing.
	Damage string `json:"damage,omitempty"`

	// EventsIn and BytesIn are what the trace has.
	EventsIn, BytesIn int64 `json:"-"`

	damage     trace.Damage
	unrecorded bool // that launched what ran on devices, though it should be followed
}

// Notes are what to say of how pieces were found.
func (m *Manifest) Notes() []string {
	notes := []string{m.Marker, m.Why, m.Impossible}
	if m.unrecorded {
		notes = append(notes, launches.NotRecorded)
	}
	return slices.DeleteFunc(notes, func(n string) bool { return n == "" })
}

// Piece is one file. Times are microseconds on the trace's own clock, as slice
// takes them behind @; the end is not part of the piece.
type Piece struct {
	Kind  string `json:"kind"`
	File  string `json:"file"`
	Index int    `json:"index"`
	Label string `json:"label"`
	Phase string `json:"phase,omitempty"`
	Steps *Steps `json:"steps,omitempty"`
	// Of requests: Inferred ones follow from batches, Begun ones had begun before
	// the trace, of Unfinished ones no end is known.
	Inferred   bool   `json:"inferred,omitempty"`
	Begun      bool   `json:"begun,omitempty"`
	Unfinished bool   `json:"unfinished,omitempty"`
	Start      Micros `json:"start"`
	End        Micros `json:"end"`
	Wall       string `json:"wall_clock,omitempty"` // of the start, RFC 3339
	Events     int64  `json:"events"`
	Bytes      int64  `json:"bytes"`        // of JSON
	Packed     int64  `json:"packed_bytes"` // of the file
	DeviceBusy Micros `json:"device_busy"`  // µs in which something ran on a device
	DeviceLag  Micros `json:"device_lag"`   // µs from the end of the steps, or of the piece, to the end of the last work that belongs to it; 0 if it ended before

	hostEnd trace.Time
}

// Outside is a request outside of the trace.
type Outside struct {
	Label string `json:"label"`
	Start Micros `json:"start"`
	End   Micros `json:"end"`
}

// Micros is a number of microseconds with three decimals.
type Micros string

func micros(t trace.Time) Micros { return Micros(trace.AppendMicros(nil, t)) }

// MarshalJSON writes a number.
func (m Micros) MarshalJSON() ([]byte, error) {
	if m == "" {
		return []byte("0"), nil
	}
	return []byte(m), nil
}

// Lost says what of the input was sanitized or lost.
func (m *Manifest) Lost() trace.Damage { return m.damage }

// Files are the names of the pieces' files.
func (m *Manifest) Files() []string {
	var names []string
	for i := range m.Pieces {
		names = append(names, m.Pieces[i].File)
	}
	return names
}

// Sum adds up events, bytes of JSON and bytes of files.
func (m *Manifest) Sum() (events, bytes, packed int64) {
	for i := range m.Pieces {
		q := &m.Pieces[i]
		events, bytes, packed = events+q.Events, bytes+q.Bytes, packed+q.Packed
	}
	return events, bytes, packed
}

// Length is how long the piece's window is.
func (m *Piece) Length() time.Duration {
	start, _ := trace.ParseMicros([]byte(m.Start))
	end, _ := trace.ParseMicros([]byte(m.End))
	return time.Duration(end - start)
}

// UnmarshalJSON reads a number as it is written.
func (m *Micros) UnmarshalJSON(text []byte) error {
	*m = Micros(text)
	return nil
}

func (m *Piece) busy(b *busy) {
	sum, _, last := b.total()
	m.DeviceBusy, m.DeviceLag = micros(sum), micros(max(last, m.hostEnd)-m.hostEnd)
}

// describe fills in what is known before anything is written.
func (p *pieces) describe(windows []slice.Window) {
	m := &p.manifest
	m.Source, m.By, m.Device = p.Source, string(p.By), "time"
	if p.Options.Device == slice.Launched {
		m.Device = "launched"
	}
	m.EventsIn, m.BytesIn = p.survey.Events, p.survey.Bytes
	m.Start, m.End = micros(p.survey.Zero), micros(p.survey.Last)
	m.Impossible = window.Outside(&p.survey.Extent)
	m.damage = p.survey.Damage
	if m.damage.Lost() {
		m.Damage = m.damage.String()
	}
	base := p.base()
	files := newNames(p.Name, p.Ending, len(m.Pieces))
	for i := range m.Pieces {
		q := &m.Pieces[i]
		q.File = files.of(q)
		if at := int64(windows[i].From) + base; base > 0 || at > 1e18 {
			q.Wall = time.Unix(0, at).UTC().Format(time.RFC3339Nano)
		}
	}
}

// ManifestNames are the files that a manifest is written to.
var ManifestNames = [...]string{"manifest.json", "manifest.csv"}

func (m *Manifest) write(dir Folder) error {
	text, err := jsondoc.Marshal(m)
	if err != nil {
		return err
	}
	if err := put(dir, ManifestNames[0], text); err != nil {
		return err
	}
	if text, err = m.table(); err != nil {
		return err
	}
	return put(dir, ManifestNames[1], text)
}

func put(dir Folder, name string, text []byte) error {
	f, err := dir.Create(name, false)
	if err != nil {
		return err
	}
	if _, err = f.Write(text); err == nil {
		err = f.Close()
	}
	if err == nil {
		_, err = f.Commit()
	}
	if err != nil {
		f.Abort()
	}
	return err
}
