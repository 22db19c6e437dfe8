package ranks

import (
	"cmp"
	"slices"

	"tracekit/filter/producer"
	"tracekit/trace"
)

// KernelRow is where ranks differ in the time of a kernel that is no collective: those in which the rank
// that spends most on it exceeds the others most come first.
type KernelRow struct {
	Name   string     `json:"name"`
	Cat    string     `json:"cat"`
	Ranks  int        `json:"ranks"`     // that have it
	Median trace.Time `json:"median_ns"` // of their totals
	Rank   string     `json:"rank"`      // that spends most on it
	Total  trace.Time `json:"total_ns"`  // which is this
	Excess trace.Time `json:"excess_ns"`
	Count  int64      `json:"count"` // there
	// Least and Most are the counts of the ranks that have it.
	Least int64 `json:"least_count"`
	Most  int64 `json:"most_count"`
	// P50 is the median duration on that rank, and P50All that on all: of sketches. nil where
	// there are none.
	P50    *trace.Time `json:"p50_ns,omitempty"`
	P50All *trace.Time `json:"p50_all_ns,omitempty"`
}

type ofMember struct {
	member int
	*Kernel
}

// sketchedRows is how many rows have quantiles.
const sketchedRows = 200

// differences compares the kernels of members.
func differences(members []*member) ([]KernelRow, error) {
	byName := map[kernelName][]ofMember{}
	for i, m := range members {
		for k := range m.Kernels {
			name := kernelName{m.Kernels[k].Cat, m.Kernels[k].Name}
			byName[name] = append(byName[name], ofMember{i, &m.Kernels[k]})
		}
	}
	rows := []KernelRow{}
	for name, all := range byName {
		if len(members) < 2 || producer.CollectiveOf([]byte(name.name)) != producer.NoCollective {
			continue
		}
		row := KernelRow{Name: name.name, Cat: name.cat, Ranks: len(all), Least: all[0].Count}
		var totals []trace.Time
		for _, k := range all {
			totals = append(totals, trace.Time(k.Total))
			row.Least, row.Most = min(row.Least, k.Count), max(row.Most, k.Count)
			if trace.Time(k.Total) > row.Total || row.Rank == "" {
				row.Total, row.Rank, row.Count = trace.Time(k.Total), members[k.member].label, k.Count
			}
		}
		row.Median = lowerMedian(totals)
		row.Excess = row.Total - row.Median
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b KernelRow) int {
		return cmp.Or(cmp.Compare(b.Excess, a.Excess), cmp.Compare(b.Total, a.Total), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Cat, b.Cat))
	})
	for i := range rows[:min(len(rows), sketchedRows)] {
		if err := rows[i].sketch(byName[kernelName{rows[i].Cat, rows[i].Name}], members); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// sketch takes the medians of a row.
func (r *KernelRow) sketch(all []ofMember, members []*member) error {
	sum := newSketch()
	for _, k := range all {
		if k.Durations == nil {
			return nil
		}
		if err := sum.addColumns(k.Durations); err != nil {
			return err
		}
		if members[k.member].label == r.Rank {
			own := newSketch()
			if err := own.addColumns(k.Durations); err != nil {
				return err
			}
			p50 := own.quantile(50)
			r.P50 = &p50
		}
	}
	p50 := sum.quantile(50)
	r.P50All = &p50
	return nil
}
