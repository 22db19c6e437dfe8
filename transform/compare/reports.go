package compare

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"tracekit/trace"
	"tracekit/transform/origin"
	"tracekit/transform/ranks"
	"tracekit/transform/report"
)

// FromReport takes a report that was written as JSON. It has steps, gaps and recompilations as
// they are. What time was spent on it has only if it was written for that and no steps are chosen or
// skipped, else the sums of kernels and Python.
func FromReport(r io.Reader, name string, sel Selection) (*Input, error) {
	in := &Input{Name: name, Report: &report.Report{}, estimated: true}
	if err := json.NewDecoder(r).Decode(in.Report); err != nil {
		return nil, fmt.Errorf("%s: no report as report --json writes it: %w", name, err)
	}
	in.fromReport(sel)
	return in, nil
}

// FromPartial takes the traces of a partial report, each of which has what a report has, but for
// Python.
func FromPartial(p *ranks.Partial, name string, sel Selection) (all []*Input, err error) {
	for _, t := range p.Traces {
		in := &Input{Name: name + ": " + t.File, estimated: true, partial: true}
		if in.Report, err = t.Report(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if t.Merged {
			in.Report.Merged = &report.Merged{}
		}
		in.fromReport(sel)
		all = append(all, in)
	}
	return all, nil
}

func (in *Input) fromReport(sel Selection) {
	in.choose(sel)
	in.windows()
	in.measured()
	f := in.Report.ForCompare
	if f == nil {
		return
	}
	in.Hardware, in.Report.Shortest = f.Hardware, trace.Time(f.Shortest)
	if f.Cut != "" {
		in.Origin = &origin.Origin{Call: f.Cut}
	}
	if sel.Steps == nil && sel.Skip == 0 {
		in.Report.Attribution = in.attribution(f)
		in.estimated = in.Report.Attribution == nil
	}
	in.Report.ForCompare = nil
}

// attribution is what a report says of the steps that are compared; nil if that does not add up to
// their times.
func (in *Input) attribution(f *report.ForCompare) *report.Attribution {
	number := map[kindKey]int{}
	for k := range in.kinds {
		number[in.kinds[k].kindKey] = k
	}
	cells := make([]int32, len(f.Cells))
	for i, c := range f.Cells {
		cells[i] = -1
		if k, ok := number[kindKey{c.Phase, c.Bucket}]; ok && c.Block >= 0 && c.Block < blocks {
			cells[i] = cellOf(k, c.Block, fmtBool(c.Gap))
		}
	}
	fits := true
	each := func(list []int, of func(i int, cell int32), lists ...[]int64) {
		for _, l := range lists {
			fits = fits && len(l) == len(list)
		}
		for i := 0; fits && i < len(list); i++ {
			if fits = list[i] >= 0 && list[i] < len(cells); fits && cells[list[i]] >= 0 {
				of(i, cells[list[i]])
			}
		}
	}
	a := &report.Attribution{}
	left := map[int32]float64{}
	for k, kind := range in.kinds {
		for b := range blocks {
			left[cellOf(k, b, 0)], left[cellOf(k, b, 1)] = kind.spans[b], kind.gaps[b]
		}
	}
	for i := range f.Moments {
		m := &f.Moments[i]
		at := report.Moments{Annotation: m.Annotation, Module: m.Module, Operator: m.Operator, Kind: m.Kind, Name: m.Name, Cells: map[int32]trace.Time{}}
		each(m.Cells, func(i int, cell int32) {
			at.Cells[cell] += trace.Time(m.Times[i])
			left[cell] -= float64(m.Times[i])
		}, m.Times)
		if len(at.Cells) > 0 {
			a.Moments = append(a.Moments, at)
		}
	}
	for i := range f.Work {
		w := &f.Work[i]
		at := report.Work{Kind: w.Kind, Name: w.Name, Cells: map[int32]report.Spent{}}
		each(w.Cells, func(i int, cell int32) {
			at.Cells[cell] = report.Spent{Count: w.Counts[i], Total: trace.Time(w.Totals[i]), Self: trace.Time(w.Selfs[i])}
		}, w.Counts, w.Totals, w.Selfs)
		if len(at.Cells) > 0 {
			a.Work = append(a.Work, at)
		}
	}
	for _, x := range left {
		fits = fits && x == 0
	}
	if !fits {
		return nil
	}
	return a
}

// ReportOf is report.Run, and notes in the report what a comparison needs besides.
func ReportOf(ctx context.Context, s *trace.Source, o report.Options) (*report.Report, error) {
	in, survey, err := Measure(ctx, s, "", o, Selection{})
	if err != nil {
		return nil, err
	}
	r := in.Report
	r.Survey, r.ForCompare = survey, in.forCompare()
	return r, nil
}

func (in *Input) forCompare() *report.ForCompare {
	f := &report.ForCompare{Hardware: in.Hardware, Shortest: int64(in.Report.Shortest), Cells: []report.CompareCell{}, Moments: []report.CellMoments{}, Work: []report.CellWork{}}
	if in.Origin != nil {
		f.Cut = in.Origin.Call
	}
	numbers := map[int32]int{}
	number := func(cell int32) int {
		n, ok := numbers[cell]
		if !ok {
			k, _, block, gap := in.kindAndBlock(cell)
			n = len(f.Cells)
			numbers[cell], f.Cells = n, append(f.Cells, report.CompareCell{Phase: k.Phase, Bucket: k.Bucket, Block: block, Gap: gap})
		}
		return n
	}
	a := in.Report.Attribution
	for i := range a.Moments {
		m := &a.Moments[i]
		at := report.CellMoments{Annotation: m.Annotation, Module: m.Module, Operator: m.Operator, Kind: m.Kind, Name: m.Name}
		for _, cell := range slices.Sorted(maps.Keys(m.Cells)) {
			at.Cells, at.Times = append(at.Cells, number(cell)), append(at.Times, int64(m.Cells[cell]))
		}
		f.Moments = append(f.Moments, at)
	}
	for i := range a.Work {
		w := &a.Work[i]
		at := report.CellWork{Kind: w.Kind, Name: w.Name}
		for _, cell := range slices.Sorted(maps.Keys(w.Cells)) {
			s := w.Cells[cell]
			at.Cells, at.Counts = append(at.Cells, number(cell)), append(at.Counts, s.Count)
			at.Totals, at.Selfs = append(at.Totals, int64(s.Total)), append(at.Selfs, int64(s.Self))
		}
		f.Work = append(f.Work, at)
	}
	return f
}
