package compare

// Result is what changed between two sides. Times are in ns, and those of steps on average a step
// unless they are called medians. Lists begin with what explains most of the change.
type Result struct {
	Before Side     `json:"before"`
	After  Side     `json:"after"`
	Notes  []string `json:"notes"` // why the two may not be comparable

	Answer  Answer  `json:"answer"`
	Step    Change  `json:"step"`  // a step and the gap behind it, like with like
	Whole   Change  `json:"whole"` // the same of all steps, whatever their kinds
	Shift   Change  `json:"shift"` // of it, because other kinds of steps are more frequent
	Phases  []Phase `json:"phases"`
	Buckets []Phase `json:"buckets"`
	Mix     []Mix   `json:"mix"`

	Gaps           *Change        `json:"gaps,omitempty"`
	DeviceBusy     *Change        `json:"device_busy,omitempty"`
	DeviceIdle     *Change        `json:"device_idle,omitempty"`
	Recompilations Recompilations `json:"recompilations"`
	Explained      []Row          `json:"explained"`
	Attribution    []Place        `json:"attribution"`
	Kernels        []Row          `json:"kernels"`
	Operators      []Row          `json:"operators"`
	Python         []Row          `json:"python"`
	Communication  []Row          `json:"communication"`
}

// Side is the runs before or after.
type Side struct {
	Runs  []RunInfo `json:"runs"`
	Steps int       `json:"steps"` // that are compared
}

// RunInfo is a trace, or those of the ranks of a run.
type RunInfo struct {
	Name     string   `json:"name"`
	Traces   []string `json:"traces"`
	Steps    int      `json:"steps"`
	LongGaps int      `json:"long_gaps"` // that are not compared
	SetAside SetAside `json:"set_aside"`
	Markers  string   `json:"markers"`
	Hardware string   `json:"hardware"`
}

// Answer is what the comparison comes to.
type Answer struct {
	// Verdict is slower, faster, mixed, not significant or unknown.
	Verdict string   `json:"verdict"`
	Text    string   `json:"text"`
	Because []string `json:"because"`
	// Proof says how far the numbers prove anything.
	Proof string `json:"proof"`
}

// Change is a number before and after.
type Change struct {
	Before      float64  `json:"before_ns"`
	After       float64  `json:"after_ns"`
	Change      float64  `json:"change_ns"`
	Percent     *float64 `json:"change_percent,omitempty"` // absent if there was nothing before
	Share       *float64 `json:"share,omitempty"`          // of the whole change
	P           *float64 `json:"p,omitempty"`              // absent if there are too few steps
	Significant bool     `json:"significant"`
}

// Phase is the steps of a phase, or of one bucket of it.
type Phase struct {
	Phase       string `json:"phase"`
	Bucket      string `json:"bucket"`
	StepsBefore int    `json:"steps_before"`
	StepsAfter  int    `json:"steps_after"`
	// Median compares the medians of steps, bucket by bucket; nil if the sides have no bucket in
	// common.
	Median         *Change     `json:"median,omitempty"`
	BeforeInterval *[2]float64 `json:"before_interval_ns,omitempty"` // of 95 %
	AfterInterval  *[2]float64 `json:"after_interval_ns,omitempty"`
}

// Mix is the share of a kind of steps in all of a side, and what its change adds to a step.
type Mix struct {
	Phase  string  `json:"phase"`
	Bucket string  `json:"bucket"`
	Before float64 `json:"before"` // from 0 to 1
	After  float64 `json:"after"`
	Change float64 `json:"change_ns"`
}

// Recompilations are how often graphs were compiled, in all and by recipe, in a run on average.
type Recompilations struct {
	Before      float64  `json:"before"`
	After       float64  `json:"after"`
	BeforeTime  float64  `json:"before_ns"`
	AfterTime   float64  `json:"after_ns"`
	ChangeAStep float64  `json:"change_a_step_ns"`
	Recipes     []Recipe `json:"recipes"`
}

// Recipe is a graph that was compiled.
type Recipe struct {
	Recipe     string  `json:"recipe"`
	Before     float64 `json:"before"`
	After      float64 `json:"after"`
	BeforeTime float64 `json:"before_ns"`
	AfterTime  float64 `json:"after_ns"`
}

// Row is a kernel, an operator or a function. Status is new, gone or empty.
type Row struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Status string `json:"status,omitempty"`
	Change
	// How often it began in the steps that are compared and the gaps behind them, in all; absent of Python.
	EventsBefore int64 `json:"events_before,omitempty"`
	EventsAfter  int64 `json:"events_after,omitempty"`
	// In gaps between steps.
	InGaps bool `json:"in_gaps,omitempty"`
}

// Place is a leaf of the hierarchy of what a step's time is spent on. The changes of all of them
// add up to that of the step.
type Place struct {
	Phase    string `json:"phase"` // gaps for what lies between steps
	Scope    string `json:"scope"` // annotation and module
	Operator string `json:"operator"`
	Kind     string `json:"kind"`
	Name     string `json:"name"`
	Change
}
