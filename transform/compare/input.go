package compare

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"tracekit/trace"
	"tracekit/transform/origin"
	"tracekit/transform/report"
	"tracekit/transform/steps"
)

// Selection is which steps are compared, besides that those of the warm-up and those in which
// graphs were compiled are not.
type Selection struct {
	Steps  *steps.Choice // nil for all
	Phase  string        // empty for all
	Bucket string        // what the name of a bucket holds; empty for all
	Skip   int           // so many at the start of each trace
}

// Input is what was measured of one trace.
type Input struct {
	Name      string
	Report    *report.Report
	Hardware  string         // devices by name, empty if the trace does not tell
	Origin    *origin.Origin // nil if the trace was not cut
	SetAside  SetAside
	kinds     []*kind
	order     []int32 // kind of each step that is compared
	longGaps  int
	whole     bool // there are no steps: all of the range counts as one
	estimated bool // from a report: nothing is known of kernels and Python step by step
	partial   bool // from a partial report: nor of Python at all
}

// SetAside counts steps that are not compared, each for the first reason that it meets.
type SetAside struct {
	NotChosen int `json:"not_chosen"`
	Warmup    int `json:"warmup"`
	Recompile int `json:"recompiling"`
	Skipped   int `json:"skipped"`
	// Outside is what lies outside of the capture.
	Outside string `json:"outside_capture,omitempty"`
}

// kindKey is what steps have in common that are compared with each other.
type kindKey struct{ Phase, Bucket string }

// kind is the steps of one kind in a trace.
type kind struct {
	kindKey
	of         []int // steps, by index in the report
	steps      sample
	gaps       [blocks]float64
	busy, idle [blocks]float64
	spans      [blocks]float64 // time of steps, as far as none overlaps the one before
	hasBusy    bool
}

// Measure reads a trace, and returns its survey beside what was measured.
func Measure(ctx context.Context, s *trace.Source, name string, o report.Options, sel Selection) (*Input, *trace.Survey, error) {
	in := &Input{Name: name}
	var devices []byte
	o.Document = func(text []byte) {
		if devices == nil {
			devices = deviceList(text)
		}
	}
	var err error
	o.Windows = func(r *report.Report) []report.Window {
		in.Report = r
		in.choose(sel)
		return in.windows()
	}
	if in.Report, err = report.Run(ctx, s, o); err != nil {
		return nil, nil, err
	}
	survey := in.Report.Survey
	in.Hardware = deviceNames(devices)
	in.Origin = origin.FromTrace(survey)
	in.Report.Survey = nil
	in.measured()
	return in, survey, nil
}

// choose sorts the steps into kinds.
func (in *Input) choose(sel Selection) {
	r := in.Report
	in.SetAside.Outside = r.Outside
	if len(r.Steps) == 0 {
		in.whole = true
		in.kinds = []*kind{{kindKey: kindKey{Phase: "all", Bucket: ""}, of: []int{0}}}
		in.order = []int32{0}
		return
	}
	at := map[kindKey]int32{}
	skip := sel.Skip
	numbered := !slices.ContainsFunc(r.Steps, func(s report.Step) bool { return s.Number == nil })
	for i := range r.Steps {
		s := &r.Steps[i]
		number := int64(s.Index)
		if numbered {
			number = *s.Number
		}
		switch {
		case sel.Steps != nil && !sel.Steps.Has(number),
			sel.Phase != "" && s.Phase != sel.Phase,
			sel.Bucket != "" && !strings.Contains(s.Bucket, sel.Bucket):
			in.SetAside.NotChosen++
			continue
		case s.Warmup:
			in.SetAside.Warmup++
			continue
		case s.Recompiled:
			in.SetAside.Recompile++
			continue
		case skip > 0:
			skip--
			in.SetAside.Skipped++
			continue
		}
		key := kindKey{s.Phase, s.Bucket}
		k, ok := at[key]
		if !ok {
			k = int32(len(in.kinds))
			at[key], in.kinds = k, append(in.kinds, &kind{kindKey: key})
		}
		in.kinds[k].of = append(in.kinds[k].of, i)
		in.order = append(in.order, k)
	}
}

// Cells are numbered by kind, block, and whether they are steps or the gaps behind them.
func cellOf(k, block, gap int) int32 { return int32((k*blocks+block)*2 + gap) }

func (in *Input) kindAndBlock(cell int32) (k *kind, number, block int, gap bool) {
	number, block, gap = int(cell)/2/blocks, int(cell)/2%blocks, cell%2 == 1
	return in.kinds[number], number, block, gap
}

// windows are the steps that are compared and the gaps behind them, but for long ones, in which
// there was nothing to do.
func (in *Input) windows() []report.Window {
	if in.whole {
		return []report.Window{{Start: in.Report.From, End: in.Report.To, Cell: 0}}
	}
	cells := map[int]int32{}
	for k, kind := range in.kinds {
		for i, step := range kind.of {
			cells[step] = cellOf(k, blockOf(i, len(kind.of)), 0)
		}
	}
	longest := in.longestGap()
	gaps := map[int]*report.Gap{}
	for i := range in.Report.Gaps {
		gaps[in.Report.Gaps[i].After] = &in.Report.Gaps[i]
	}
	var all []report.Window
	end := trace.MinTime
	for i := range in.Report.Steps {
		s := &in.Report.Steps[i]
		cell, ok := cells[i]
		start := max(s.Start, end)
		end = max(end, s.Start+s.Duration)
		if !ok {
			continue
		}
		if start < end {
			all = append(all, report.Window{Start: start, End: end, Cell: cell})
		}
		if g := gaps[s.Index]; g != nil && g.Duration > longest {
			in.longGaps++
		} else if g != nil {
			all = append(all, report.Window{Start: g.Start, End: g.Start + g.Duration, Cell: cell + 1})
			end = max(end, g.Start+g.Duration)
		}
	}
	for _, w := range all {
		k, _, block, gap := in.kindAndBlock(w.Cell)
		if gap {
			k.gaps[block] += float64(w.End - w.Start)
		} else {
			k.spans[block] += float64(w.End - w.Start)
		}
	}
	return all
}

// longestGap is how long a gap may be that the server itself makes: three times the median, and
// a tenth of the median step. In longer ones it has nothing to do.
func (in *Input) longestGap() trace.Time {
	var gaps, took []float64
	for i := range in.Report.Gaps {
		gaps = append(gaps, float64(in.Report.Gaps[i].Duration))
	}
	for i := range in.Report.Steps {
		took = append(took, float64(in.Report.Steps[i].Duration))
	}
	if len(gaps) == 0 {
		return 0
	}
	return trace.Time(max(3*medianOf(gaps), medianOf(took)/10))
}

// measured takes what the report has of each step.
func (in *Input) measured() {
	for _, k := range in.kinds {
		if in.whole {
			k.spans[0] = float64(in.Report.Length())
			k.steps[0] = []float64{k.spans[0]}
			continue
		}
		for i, step := range k.of {
			s := &in.Report.Steps[step]
			b := blockOf(i, len(k.of))
			k.steps[b] = append(k.steps[b], float64(s.Duration))
			if s.DeviceBusy != nil {
				k.hasBusy = true
				k.busy[b] += float64(*s.DeviceBusy)
				k.idle[b] += float64(*s.DeviceIdle)
			}
		}
	}
}

// deviceList is the list of devices in text of a document, nil if it has none.
func deviceList(text []byte) []byte {
	body := append([]byte("{"), bytes.TrimLeft(text, "{[]}, \t\r\n")...)
	for m := range trace.Members(body) {
		if string(m.Key) == "deviceProperties" {
			return bytes.Clone(m.Value)
		}
	}
	return nil
}

// deviceNames counts devices by name.
func deviceNames(list []byte) string {
	count := map[string]int{}
	var names []string
	for d := range trace.Elements(list) {
		for m := range trace.Members(d) {
			if string(m.Key) != "name" {
				continue
			}
			name := cmp.Or(trace.Unquote(m.Value), "unnamed device")
			if count[name]++; count[name] == 1 {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	for i, name := range names {
		names[i] = fmt.Sprintf("%d × %s", count[name], name)
	}
	return strings.Join(names, ", ")
}
