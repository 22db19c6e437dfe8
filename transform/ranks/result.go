package ranks

import (
	"fmt"
	"path/filepath"

	"tracekit/internal/term"
	"tracekit/trace"
	"tracekit/transform/internal/clocks"
	"tracekit/transform/merge"
	"tracekit/transform/report"
)

// Result is the report of many ranks. Durations are in ns.
type Result struct {
	Shards []Shard        `json:"shards"`
	Ranks  []Rank         `json:"ranks"` // in their order
	Clocks *clocks.Clocks `json:"clocks,omitempty"`
	Notes  []string       `json:"notes"` // what a user should know, a line each

	// LastBy is what tells who is last in a step.
	LastBy      string       `json:"last_by"`
	Stragglers  []Straggler  `json:"stragglers"`
	Steps       []StepRow    `json:"steps"` // in order
	Collectives []Collective `json:"collectives"`
	Kernels     []KernelRow  `json:"kernels"`

	steps *matched
}

// Rank is what one trace shows of its rank. What it does not have is nil.
type Rank struct {
	Rank   string     `json:"rank"`
	By     string     `json:"by"` // how it is known
	File   string     `json:"file"`
	Host   string     `json:"host,omitempty"`
	Length trace.Time `json:"length_ns"` // of the range looked at
	// Steps are those that are not of the warm-up.
	Steps          report.Durations `json:"steps"`
	Gaps           trace.Time       `json:"gaps_ns"`
	Recompilations int              `json:"recompilations"`
	// Busy and the rest add up those of the devices.
	Devices       int         `json:"devices"`
	Busy          *trace.Time `json:"device_busy_ns,omitempty"`
	Idle          *trace.Time `json:"device_idle_ns,omitempty"`
	Communication *trace.Time `json:"communication_ns,omitempty"`
	Hidden        *trace.Time `json:"hidden_ns,omitempty"` // of the communication
	Exposed       *trace.Time `json:"exposed_ns,omitempty"`
	Markers       string      `json:"markers"`
	Damage        string      `json:"damage,omitempty"`
}

// member is a trace among the others.
type member struct {
	*Trace
	label string
	steps []step
	clock *clocks.Trace

	sameClock  bool // as others, or it is corrected
	lags       map[uint64]int64
	unnumbered map[uint64]int // collectives that order numbers, by group

	collectives int // how many it has seen
}

// Report returns the report of all traces of p. It fails where what p holds is broken.
func (p *Partial) Report() (*Result, error) {
	r := &Result{Shards: p.Shards, Ranks: []Rank{}, Notes: []string{}}
	members, err := p.members(r)
	if err != nil {
		return nil, err
	}
	r.Clocks = align(members, r)
	r.steps = matchSteps(members)
	w := &waits{matcher: newMatcher(members), rows: map[kind]*Collective{}, steps: r.steps}
	if err := w.matcher.eachCollective(w.addCollective); err != nil {
		return nil, err
	}
	var labels []string
	for _, m := range members {
		labels = append(labels, m.label)
	}
	r.Collectives = w.finish(labels)
	r.steps.rows(r, w.met)
	if r.Kernels, err = differences(members); err != nil {
		return nil, err
	}
	r.notes(members)
	return r, nil
}

// members are the traces in order of their ranks.
func (p *Partial) members(r *Result) (all []*member, err error) {
	var known []merge.Known
	for _, t := range p.Traces {
		k := merge.Known{Name: filepath.Base(t.File), Folder: filepath.Base(filepath.Dir(t.File)), Host: t.Host, Number: -1}
		if t.Rank != nil {
			k.Number = *t.Rank
		}
		known = append(known, k)
	}
	labels, order := merge.Labels(known)
	for _, i := range order {
		m := &member{Trace: p.Traces[i], label: labels[i].Label}
		if m.steps, err = m.Trace.steps(); err != nil {
			return nil, err
		}
		all = append(all, m)
		r.Ranks = append(r.Ranks, m.row(labels[i].By))
	}
	return all, nil
}

func (m *member) row(by string) Rank {
	r := Rank{Rank: m.label, By: by, File: m.File, Host: m.Host, Length: trace.Time(m.To - m.From), Recompilations: len(m.Recompilations),
		Devices: len(m.Devices), Markers: m.Markers, Damage: m.Damage}
	var took []trace.Time
	end := trace.MinTime
	for i := range m.steps {
		s := &m.steps[i]
		if !s.warmup {
			took = append(took, s.duration)
		}
		if i > 0 && s.start > end {
			r.Gaps += s.start - end
		}
		end = max(end, s.end())
	}
	r.Steps = report.SumUp(took)
	for i := range m.Devices {
		d := &m.Devices[i]
		addTo(&r.Busy, &d.Busy)
		addTo(&r.Idle, &d.Idle)
		addTo(&r.Communication, d.Communication)
		addTo(&r.Exposed, d.Exposed)
	}
	if r.Communication != nil && r.Exposed != nil {
		hidden := *r.Communication - *r.Exposed
		r.Hidden = &hidden
	}
	return r
}

// addTo adds n to a sum that may not be there yet; nil adds nothing.
func addTo(sum **trace.Time, n *int64) {
	if n == nil {
		return
	}
	if *sum == nil {
		*sum = new(trace.Time)
	}
	**sum += trace.Time(*n)
}

// notes says what is to be known of the numbers.
func (r *Result) notes(members []*member) {
	apart, unmatched, merged := 0, int64(0), 0
	for _, m := range members {
		if !m.sameClock {
			apart++
		}
		if m.Merged {
			merged++
		}
	}
	for i := range r.Collectives {
		unmatched += r.Collectives[i].Calls
	}
	if len(members) > 1 && apart > 0 && apart < len(members) {
		r.Notes = append(r.Notes, fmt.Sprintf("the clocks of %s are not aligned with the others", term.Plural(apart, "rank")))
	}
	if len(members) > 1 && unmatched > 0 && r.LastBy != lastByCollectives {
		r.Notes = append(r.Notes, "no collective that all ranks leave together is recorded by more than one, so that waits are not known")
	}
	if !r.steps.numbered && len(r.Steps) > 0 && len(members) > 1 {
		r.Notes = append(r.Notes, "steps have no numbers: those of ranks are matched by their order")
	}
	if merged > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%s merged slices: what communication hides behind is not known there, nor when merged collectives ran", term.Plural(merged, "trace")+" with"))
	}
}
