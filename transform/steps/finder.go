package steps

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"strings"

	"tracekit/filter/producer"
	"tracekit/internal/bitset"
	"tracekit/internal/budget"
	"tracekit/trace"
	"tracekit/transform/internal/merged"
	"tracekit/transform/origin"
)

// Options choose among markers. The zero value leaves it to the Finder.
type Options struct {
	// Marker replaces the table: slices on the host whose name it matches are
	// the markers. A group named number in it gives the step's number.
	Marker *regexp.Regexp
	// Pid and Tid are the ids of the process and thread whose markers count,
	// as a user writes them; empty for any.
	Pid, Tid string
}

// Finder finds the steps of a trace. It has to see all events, in the order
// of the file.
//
// The row of the table is chosen so: markers of servers come before those of
// training loops, these before parts of steps, and Python functions last. Of
// several rows the one with the most steps on one track wins, then the upper
// one. The track is the one with the most steps, then the one that came first.
type Finder struct {
	Options
	tracks  trace.Tracks
	marks   []mark
	gauges  []gauge
	names   map[string]string // one copy of each
	scratch values
	census  census // of annotations, as long as there is no marker
	capture Capture
	origin  *origin.Origin // of a piece that says where it is from
	built   []compilation
	chains  []chain // by track

	stepTracks map[int]bool // whose slices are steps, each by its number
	named      bitset.Set   // tracks that have a name
	sorted     []mark       // of Run, by row, track and time
	unnamed    []mark       // slices that are steps if their track turns out to show steps
	begun      begun        // markers of a begin and an end

	reader merged.Reader
	merged map[mergedKey]int64 // steps that are known only together with others
}

// mergedKey is a row of the table and a track.
type mergedKey struct {
	row   uint8
	track int32
}

// mark is a marker, or a part of a step.
type mark struct {
	start, end trace.Time
	name       string
	track      int32
	row        uint8
	part       part // of a step of Gaudi
}

// NewFinder returns a Finder that has seen nothing.
func NewFinder(o Options) *Finder { return &Finder{Options: o, names: map[string]string{}} }

// LearnDocument looks at text of the document, outside of its events.
func (f *Finder) LearnDocument(text []byte) {
	if f.origin == nil {
		f.origin = origin.FromDocument(text)
	}
}

// Learn looks at an event. It keeps nothing of e, and allocates only for
// markers.
func (f *Finder) Learn(e *trace.Event) {
	switch {
	case e.IsMeta():
		f.learnName(e)
	case e.Has&trace.HasTS == 0 || e.TS < 0:
	case e.Phase == 'C':
		if string(e.Name()) == "utils" {
			f.gauge(e)
		}
	case e.Phase == 'X' && e.Shown():
		if s := f.reader.Read(e); s != nil {
			f.learnMerged(e, s)
			return
		}
		f.slice(e)
	case e.Phase == 'B' && e.Shown(), e.Phase == 'E' && len(f.begun.marks) > 0:
		f.beginOrEnd(e)
	}
}

// learnMerged counts markers among the slices that e stands for. When each began and ended is
// lost, so that they are no steps.
func (f *Finder) learnMerged(e *trace.Event, s *merged.Slices) {
	for _, n := range append(slices.Clip(s.Names), s.Rest...) {
		if row, ok := f.rowOf(n.Name, n.Cat); ok {
			if f.merged == nil {
				f.merged = map[mergedKey]int64{}
			}
			f.merged[mergedKey{row, int32(f.tracks.Of(e))}] += n.Count
		}
	}
}

// rowOf is the row of markers of a name and category.
func (f *Finder) rowOf(name, cat []byte) (row uint8, ok bool) {
	if f.Marker != nil {
		return chosenByUser, string(cat) != "gpu_user_annotation" && f.Marker.MatchString(plainName(string(name)))
	}
	if string(cat) == "python_function" {
		return stackRow, isStepFrame(name)
	}
	if producer.MayMarkStep(cat, name) {
		return matchRow(name, &f.scratch)
	}
	return 0, false
}

// learnName finds threads that show steps.
func (f *Finder) learnName(e *trace.Event) {
	if string(e.Name()) != "thread_name" {
		return
	}
	f.named.Add(f.tracks.Of(e))
	for m := range trace.Members(e.Args()) {
		if string(m.Key) == "name" && string(m.Value) == `"`+producer.StepThread+`"` {
			if f.stepTracks == nil {
				f.stepTracks = map[int]bool{}
			}
			f.stepTracks[f.tracks.Of(e)] = true
		}
	}
}

func (f *Finder) slice(e *trace.Event) {
	cat := e.Cat()
	if f.Marker != nil && string(cat) != "gpu_user_annotation" {
		f.match(e)
	}
	switch string(cat) {
	case "":
		if f.Marker == nil && f.onSteps(e) {
			return
		}
		f.highLevel(e)
	case "Trace":
		f.capture.Learn(e)
	case "python_function":
		if f.Marker == nil && isStepFrame(e.Name()) {
			f.mark(e, stackRow, noPart)
		}
	default:
		if producer.MayMarkStep(cat, e.Name()) {
			f.annotation(e)
		}
	}
}

// onSteps marks a slice on a thread that shows steps. Where names of threads stand behind their
// slices, those wait that are called as XLA calls steps: 5, or train 5.
func (f *Finder) onSteps(e *trace.Event) bool {
	if len(f.stepTracks) > 0 && f.stepTracks[f.tracks.Of(e)] {
		f.mark(e, xlaRow, noPart)
		return true
	}
	if endsInNumber(e.Name()) && !f.named.Has(f.tracks.Of(e)) {
		f.unnamed = append(f.unnamed, f.marked(e, xlaRow, noPart))
	}
	return false
}

// endsInNumber reports whether a name is a number, or ends in a word that is one.
func endsInNumber(name []byte) bool {
	word := name[bytes.LastIndexByte(name, ' ')+1:]
	_, size := leadingNumber(word)
	return size > 0 && size == len(word)
}

// match asks the user's expression.
func (f *Finder) match(e *trace.Event) {
	name := trace.Unescape(e.Name())
	if f.Marker.Match(name) {
		f.mark(e, chosenByUser, producer.PartOf(name))
	}
}

func (f *Finder) annotation(e *trace.Event) {
	if f.Marker == nil {
		if row, ok := matchRow(e.Name(), &f.scratch); ok {
			f.mark(e, row, noPart)
			return
		}
	}
	f.count(e)
}

// highLevel looks at an event without a category, as vLLM on Gaudi writes.
func (f *Finder) highLevel(e *trace.Event) {
	const thread = "3"
	if e.Phase == 'B' || string(e.Tid()) != thread && f.Tid == "" {
		f.annotation(e)
		return
	}
	p := producer.PartOf(e.Name())
	switch f.follow(e, p); {
	case p == noPart:
		f.annotation(e)
	case f.Marker == nil && p != compile, p == model, p == warmup:
		f.mark(e, gaudi, p)
	}
}

func (f *Finder) count(e *trace.Event) {
	if len(f.marks) == 0 {
		f.census.add(e.Name())
	}
}

func (f *Finder) mark(e *trace.Event, row uint8, p part) {
	f.marks = append(f.marks, f.marked(e, row, p))
}

func (f *Finder) marked(e *trace.Event, row uint8, p part) mark {
	return mark{
		start: e.TS, end: e.End(), name: f.intern(e.Name()),
		track: int32(f.tracks.Of(e)), row: row, part: p,
	}
}

// intern keeps one copy of each name, as the trace has it.
func (f *Finder) intern(name []byte) string {
	s, ok := f.names[string(name)]
	if !ok {
		s = string(name)
		f.names[s] = s
	}
	return s
}

// Run gives the steps of what the Finder has seen, which may be part of a trace. If there is
// no marker the error is a *NoMarkersError.
func (f *Finder) Run() (*Run, error) {
	f.loosen()
	f.sorted = append(f.sorted[:0:0], f.marks...)
	for _, m := range f.unnamed {
		if f.stepTracks[int(m.track)] {
			f.sorted = append(f.sorted, m)
		}
	}
	slices.SortStableFunc(f.sorted, func(a, b mark) int {
		return cmp.Or(cmp.Compare(a.row, b.row), cmp.Compare(a.track, b.track),
			cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end))
	})
	f.finish()
	var best []mark
	var run *Run
	var seen []Seen
	for group := range f.groups() {
		s := f.seen(group)
		if s.Steps == 0 {
			continue
		}
		seen = append(seen, s)
		if !f.wanted(s.Track) {
			continue
		}
		if run == nil || better(group[0].row, s.Steps, best[0].row, run.Seen.Steps) {
			run, best = &Run{Seen: s, Capture: f.capture}, group
		}
	}
	if run == nil {
		return nil, f.missing(seen)
	}
	f.fill(run, best)
	run.number(f.origin)
	run.Others = slices.DeleteFunc(seen, func(s Seen) bool { return s == run.Seen })
	slices.SortStableFunc(run.Others, func(a, b Seen) int { return cmp.Compare(b.Steps, a.Steps) })
	return run, nil
}

// Capture is when the profiler recorded, as far as has been seen.
func (f *Finder) Capture() Capture { return f.capture }

// groups yields the marks of each row and track.
func (f *Finder) groups() func(yield func([]mark) bool) {
	return func(yield func([]mark) bool) {
		for i, j := 0, 0; i < len(f.sorted); i = j {
			for j = i + 1; j < len(f.sorted) && f.sorted[j].row == f.sorted[i].row && f.sorted[j].track == f.sorted[i].track; j++ {
			}
			if !yield(f.sorted[i:j]) {
				return
			}
		}
	}
}

// seen counts the steps of a group.
func (f *Finder) seen(group []mark) Seen {
	t := f.tracks.All[group[0].track]
	s := Seen{Track: Track{t.Pid, t.Tid}}
	switch row := group[0].row; {
	case row == chosenByUser:
		s.Producer = givenExpression
		s.Steps = outermost(group, nil)
	case row == gaudi:
		s.Producer = table[row].producer
		if f.Marker == nil {
			var r Run
			f.fillGaudi(&r, group)
			s.Steps = len(r.Steps)
		}
	default:
		s.Producer = table[row].producer
		s.Steps = outermost(group, nil)
	}
	return s
}

func (f *Finder) wanted(t Track) bool {
	return (f.Pid == "" || f.Pid == trace.Unquote([]byte(t.Pid))) && (f.Tid == "" || f.Tid == trace.Unquote([]byte(t.Tid)))
}

// better reports whether one kind of marker is to be preferred to another that
// stands before it in the order of rows and tracks.
func better(row uint8, steps int, than uint8, thanSteps int) bool {
	if row != than && table[row].rank != table[than].rank {
		return table[row].rank < table[than].rank
	}
	return steps > thanSteps
}

// fill makes the steps of a group of marks.
func (f *Finder) fill(r *Run, group []mark) {
	row, track := group[0].row, group[0].track
	r.Steps = make([]Step, 0, r.Seen.Steps)
	r.Merged = f.merged[mergedKey{row, track}]
	if row == gaudi {
		r.Form = "prepare_input_tensors, prefill, decode, sampler_postprocessing"
		f.fillGaudi(r, group)
	} else {
		r.Form = f.form(&group[0])
		outermost(group, func(m *mark) { r.Steps = append(r.Steps, f.step(m, len(r.Steps))) })
	}
	if row == chosenByUser {
		f.measureChosen(r, group)
	}
	if row != gaudi {
		f.markWarmup(r.Steps, f.tracks.All[track].Process, false)
	}
	f.compiles(r, f.tracks.All[track].Process)
}

// form tells what markers like m look like.
func (f *Finder) form(m *mark) string {
	switch m.row {
	case chosenByUser:
		return f.Marker.String()
	case xlaRow:
		return "slices of the thread " + producer.StepThread
	case stackRow:
		return "functions such as " + plainName(m.name)
	}
	var texts []string
	for _, form := range table[m.row].forms {
		texts = append(texts, form.Text)
	}
	return strings.Join(texts, " or ")
}

func (f *Finder) step(m *mark, index int) Step {
	s := Step{Load: nothingKnown, Index: index, Number: Unknown, Label: plainName(m.name), Start: m.start, End: m.end}
	if _, ok := matchRow([]byte(s.Label), &f.scratch); ok {
		s.Load, s.Number = f.scratch.load(), f.scratch.of[number]
	}
	if m.row == xlaRow {
		if n, size := leadingNumber([]byte(s.Label)); size > 0 && size == len(s.Label) {
			s.Number = n
		}
	}
	if m.row == chosenByUser {
		if n, ok := numberIn(f.Marker, s.Label); ok {
			s.Number = n
		}
	}
	return s
}

// numberIn gives what the group named number matches in a name.
func numberIn(x *regexp.Regexp, name string) (int64, bool) {
	i := x.SubexpIndex("number")
	if i < 0 {
		return 0, false
	}
	at := x.FindStringSubmatchIndex(name)
	if at == nil || at[2*i] < 0 {
		return 0, false
	}
	group := name[at[2*i]:at[2*i+1]]
	n, size := leadingNumber([]byte(group))
	return n, size > 0 && size == len(group)
}

// outermost yields those marks of a sorted group that lie in no other, and
// counts them. Of two at the same time the first counts.
func outermost(group []mark, yield func(*mark)) (n int) {
	var last *mark
	for i := range group {
		m := &group[i]
		if last != nil && m.end <= last.end && (m.start < last.end || m.start == last.start) {
			continue
		}
		last = m
		if n++; yield != nil {
			yield(m)
		}
	}
	return n
}

// plainName is the text of a name whose escapes stand as the trace has them.
func plainName(name string) string { return string(trace.Unescape([]byte(name))) }

// Hold adds what f takes to a sum.
func (f *Finder) Hold(s *budget.Sum) {
	threads := f.tracks.Memory()
	s.Add("markers of steps", f.Memory()-threads)
	s.Add("threads", threads)
}

// Memory is about how many bytes f takes.
func (f *Finder) Memory() int {
	const name, one, built = 90, 64, 100
	return name*len(f.names) + one*(cap(f.marks)+cap(f.sorted)+cap(f.unnamed)+cap(f.gauges)) + built*cap(f.built) + f.tracks.Memory() + f.begun.Memory()
}
