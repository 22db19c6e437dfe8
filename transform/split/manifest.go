package split

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tracekit/trace"
	"tracekit/transform/cut"
)

// Manifest lists the pieces of a trace. Its JSON fields are stable.
type Manifest struct {
	Source string `json:"source"`
	By     string `json:"by"`
	Start  Micros `json:"start"`
	End    Micros `json:"end"`
	// Marker tells what steps were told by, Why why these are the steady ones.
	Marker string  `json:"marker,omitempty"`
	Why    string  `json:"why,omitempty"`
	Pieces []Piece `json:"pieces"`
	// Outside are requests of which nothing lies in the trace.
	Outside []Outside `json:"outside,omitempty"`
	// Damage tells of what of the input could not be kept, empty if nothing.
	Damage string `json:"damage,omitempty"`

	damage trace.Damage
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

// Lost tells what of the input was mended or lost.
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
	m.DeviceBusy = micros(sum)
	if last > m.hostEnd {
		m.DeviceLag = micros(last - m.hostEnd)
	}
}

// describe fills in what is known before anything is written.
func (p *pieces) describe(windows []cut.Window) {
	m := &p.manifest
	m.Source, m.By = p.Source, string(p.By)
	m.Start, m.End = micros(p.survey.Zero), micros(p.survey.Last)
	m.damage = p.survey.Damage
	if m.damage.Lost() {
		m.Damage = m.damage.String()
	}
	base := p.base()
	width := max(len(strconv.Itoa(len(m.Pieces))), 4)
	used := map[string]bool{}
	for i := range m.Pieces {
		q := &m.Pieces[i]
		q.File = fileName(p.Name, q, width)
		for n := 2; used[strings.ToLower(q.File)]; n++ {
			q.File = fmt.Sprintf("%s-%d.json.gz", strings.TrimSuffix(fileName(p.Name, q, width), ".json.gz"), n)
		}
		used[strings.ToLower(q.File)] = true
		p.names = append(p.names, q.File)
		if at := int64(windows[i].From) + base; base > 0 || at > 1e18 {
			q.Wall = time.Unix(0, at).UTC().Format(time.RFC3339Nano)
		}
	}
}

// usualName is the template of file names.
const usualName = "{index}-{label}"

// fileName fills in a template. Nothing that a trace says can lead out of the
// folder.
func fileName(template string, q *Piece, width int) string {
	if template == "" {
		template = usualName
		if q.Kind == string(Time) || q.Kind == string(Size) || q.Kind == string(Events) {
			template = "{kind}-{index}"
		}
	}
	name := strings.NewReplacer(
		"{kind}", q.Kind, "{index}", fmt.Sprintf("%0*d", width, q.Index), "{label}", q.Label,
		"{start}", string(q.Start), "{phase}", q.Phase,
	).Replace(template)
	return safe(strings.TrimSuffix(name, ".json.gz")) + ".json.gz"
}

// safe makes a text fit for a file name anywhere.
func safe(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.' && b.Len() > 0:
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
		if b.Len() >= 120 {
			break
		}
	}
	if b.Len() == 0 {
		return "piece"
	}
	return strings.ReplaceAll(b.String(), "..", "__")
}

// ManifestNames are the files that a manifest is written to.
var ManifestNames = [...]string{"manifest.json", "manifest.csv"}

func (m *Manifest) write(dir Folder) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := put(dir, ManifestNames[0], append(text, '\n')); err != nil {
		return err
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.Write([]string{"file", "kind", "index", "label", "phase", "first_step", "last_step", "start", "end", "inferred", "wall_clock", "events", "bytes", "packed_bytes", "device_busy", "device_lag"})
	for _, q := range m.Pieces {
		w.Write([]string{q.File, q.Kind, strconv.Itoa(q.Index), q.Label, q.Phase, q.Steps.first(), q.Steps.last(), string(q.Start), string(q.End), strconv.FormatBool(q.Inferred), q.Wall,
			strconv.FormatInt(q.Events, 10), strconv.FormatInt(q.Bytes, 10), strconv.FormatInt(q.Packed, 10), string(q.DeviceBusy), string(q.DeviceLag)})
	}
	w.Flush()
	return put(dir, ManifestNames[1], []byte(b.String()))
}

func put(dir Folder, name string, text []byte) error {
	f, err := dir.Create(name, false)
	if err != nil {
		return err
	}
	if _, err := f.Write(text); err != nil {
		f.Abort()
		return err
	}
	_, err = f.Commit()
	return err
}

func (s *Steps) first() string {
	if s == nil {
		return ""
	}
	return strconv.FormatInt(s.First, 10)
}

func (s *Steps) last() string {
	if s == nil {
		return ""
	}
	return strconv.FormatInt(s.Last, 10)
}
