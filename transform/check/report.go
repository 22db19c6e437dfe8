package check

import (
	"cmp"
	"slices"
)

// Report is what a trace is to Perfetto. Its JSON form is stable.
type Report struct {
	// Loads reports whether Perfetto v58 loads the trace; Reason why not.
	Loads  bool   `json:"loads"`
	Reason *Place `json:"reason,omitempty"`
	// Clean tells that there is nothing to repair: no finding but notes.
	Clean bool `json:"clean"`

	Format string `json:"format"` // of the packing: plain, gzip, zstd, zip, tar, …
	Bytes  int64  `json:"bytes"`  // of text
	Events int64  `json:"events"`

	// What Perfetto shows, as far as it reads the trace.
	Slices         int64 `json:"slices"`
	Flows          int64 `json:"flows"`
	CounterSamples int64 `json:"counter_samples"`

	Stats    []Stat    `json:"stats"`
	Findings []Finding `json:"findings"`

	finds map[Kind]*Finding
	stats map[string]int64
	flaws int64 // findings but notes
	blind bool  // only flaws are counted
}

// Stat is one of Perfetto's own statistics, if it is not zero.
type Stat struct {
	Name     string `json:"name"`
	Severity string `json:"severity"` // error, data_loss or info
	Value    int64  `json:"value"`
}

// Finding is a kind of damage with the places where it was met first.
type Finding struct {
	Kind  Kind    `json:"kind"`
	Level Level   `json:"level"`
	What  string  `json:"what"`
	Count int64   `json:"count"`
	First []Place `json:"first"`
}

// Place is a place in the text of a trace.
type Place struct {
	Member string `json:"member,omitempty"` // file in an archive
	Offset int64  `json:"offset"`           // bytes of text before it
	Line   int64  `json:"line"`             // from 1
	Head   string `json:"head"`             // what stands there, shortened
	Detail string `json:"detail,omitempty"` // what is wrong with it
}

// firstPlaces is how many places of each kind are told.
const firstPlaces = 3

func newReport() *Report {
	return &Report{Loads: true, finds: map[Kind]*Finding{}, stats: map[string]int64{}}
}

// Lossy reports whether some viewer would show less than the trace holds, or
// show it wrongly.
func (r *Report) Lossy() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool {
		return f.Level == Fails || f.Level == Lost || f.Level == Older
	})
}

// Count returns how often kind was found.
func (r *Report) Count(kind Kind) int64 {
	if f := r.finds[kind]; f != nil {
		return f.Count
	}
	return 0
}

// find counts a finding. place is asked only while places are still wanted.
func (r *Report) find(kind Kind, place func() Place) {
	info := kinds[kind]
	if info.level != Note {
		r.flaws++
	}
	if r.blind {
		return
	}
	f := r.finds[kind]
	if f == nil {
		f = &Finding{Kind: kind, Level: info.level, What: info.what}
		r.finds[kind] = f
	}
	f.Count++
	if info.stat != "" {
		r.stats[info.stat]++
	}
	if len(f.First) < firstPlaces {
		f.First = append(f.First, place())
	}
}

// fail says why the trace does not load; the first reason stands.
func (r *Report) fail(kind Kind, p Place) {
	r.find(kind, func() Place { return p })
	if r.Loads {
		r.Loads, r.Reason = false, &p
	}
}

// finish puts findings and statistics in order.
func (r *Report) finish() {
	rank := map[Level]int{Fails: 0, Lost: 1, Older: 2, Strict: 3, Odd: 4, Note: 5}
	r.Clean = true
	r.Findings, r.Stats = []Finding{}, []Stat{}
	for _, f := range r.finds {
		r.Findings = append(r.Findings, *f)
		r.Clean = r.Clean && f.Level == Note
	}
	slices.SortFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(rank[a.Level], rank[b.Level]), cmp.Compare(a.Kind, b.Kind))
	})
	for name, n := range r.stats {
		r.Stats = append(r.Stats, Stat{name, severities[name], n})
	}
	slices.SortFunc(r.Stats, func(a, b Stat) int { return cmp.Compare(a.Name, b.Name) })
}
