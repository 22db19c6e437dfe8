package report

// ForCompare is what a comparison takes from a trace besides what a report has: what each moment of
// the steps that are compared was spent on, and what reports whether traces are comparable.
type ForCompare struct {
	Hardware string        `json:"hardware"` // devices by name, empty if the trace has none
	Cut      string        `json:"cut"`      // the call that cut the trace, empty if it is whole
	Shortest int64         `json:"shortest_ns"`
	Cells    []CompareCell `json:"cells"`
	Moments  []CellMoments `json:"moments"`
	Work     []CellWork    `json:"work"`
}

// CompareCell is what some steps are added up in: those of a kind in one of the blocks that the kind is
// divided into, or the gaps behind them.
type CompareCell struct {
	Phase  string `json:"phase"`
	Bucket string `json:"bucket"`
	Block  int    `json:"block"`
	Gap    bool   `json:"gap"`
}

// CellMoments are Moments by cell: Cells are numbers in the list of them.
type CellMoments struct {
	Annotation string  `json:"annotation"`
	Module     string  `json:"module"`
	Operator   string  `json:"operator"`
	Kind       Kind    `json:"kind"`
	Name       string  `json:"name"`
	Cells      []int   `json:"cells"`
	Times      []int64 `json:"times_ns"`
}

// CellWork is Work by cell.
type CellWork struct {
	Kind   Kind    `json:"kind"`
	Name   string  `json:"name"`
	Cells  []int   `json:"cells"`
	Counts []int64 `json:"counts"`
	Totals []int64 `json:"totals_ns"`
	Selfs  []int64 `json:"selfs_ns"`
}
