package report

import (
	"cmp"
	"container/heap"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"tracekit/internal/testkit/recorded"
	"tracekit/internal/testkit/reference"
	"tracekit/trace"
)

// deviceCats are the categories of recorded traces that hold a device's work.
var deviceCats = []string{"kernel", "gpu_memcpy", "gpu_memset", "Kernel", "mtia_ccp_events"}

// TestRecordedTracesAgreeWithTheNaiveReference computes the time of each kernel by name,
// how long devices are busy and idle, in steps and gaps too, and Python's times, of
// each recorded trace in the plainest way.
func TestRecordedTracesAgreeWithTheNaiveReference(t *testing.T) {
	names, err := filepath.Glob("../../testdata/*.json.gz")
	if err != nil || len(names) == 0 {
		t.Fatalf("no traces: %v", err)
	}
	var more []string
	if !testing.Short() {
		more, _ = filepath.Glob("../../../shared/traces/*.json.gz")
	}
	for _, name := range append(names, more...) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			data := recorded.Text(t, name)
			r := measured(t, data, Options{})
			parsed, err := reference.Parse(data)
			if err != nil {
				t.Fatal(err)
			}
			of := func(cats ...string) []slice { return slicesIn(parsed, int64(r.Zero), int64(r.To)+1, cats...) }
			work := of(deviceCats...)
			judgeDevices(t, r, work)
			judgeStretches(t, r, work)
			judgeMarkers(t, r, of("user_annotation"))
			judgeSweep(t, r, of("python_function"))
		})
	}
}

// judgeStretches measures the devices' work in each step and gap again.
func judgeStretches(t *testing.T, r *Report, work []slice) {
	t.Helper()
	for _, s := range r.Steps {
		judgeStretch(t, r, work, s.Start, s.Duration, s.DeviceBusy, s.DeviceIdle)
	}
	for _, g := range r.Gaps {
		judgeStretch(t, r, work, g.Start, g.Duration, g.DeviceBusy, g.DeviceIdle)
	}
}

func judgeStretch(t *testing.T, r *Report, work []slice, start, length trace.Time, busy, idle *trace.Time) {
	t.Helper()
	if len(r.Devices) == 0 {
		return
	}
	var inside []slice
	for _, s := range work {
		s.start, s.end = max(s.start, int64(start)), min(s.end, int64(start+length))
		if s.start < s.end {
			inside = append(inside, s)
		}
	}
	want := int64(0)
	for _, d := range r.Devices {
		want += covered(inside, func(s *slice) bool { return s.pid == d.Pid })
	}
	want /= int64(len(r.Devices))
	if int64(*busy) != want || *busy+*idle != length {
		t.Errorf("from %d for %d devices are busy for %d and idle for %d, want %d", start, length, *busy, *idle, want)
	}
}

var profilerStep = regexp.MustCompile(`^ProfilerStep#\d+$`)

// judgeMarkers finds the steps of the profiler's own numbering, and what is between
// them.
func judgeMarkers(t *testing.T, r *Report, annotations []slice) {
	t.Helper()
	marked := slices.DeleteFunc(annotations, func(s slice) bool { return !profilerStep.MatchString(s.name) })
	if len(marked) == 0 || len(r.Steps) > 0 && !profilerStep.MatchString(r.Steps[0].Label) {
		return
	}
	slices.SortFunc(marked, func(a, b slice) int { return cmp.Compare(a.start, b.start) })
	if len(r.Steps) != len(marked) {
		t.Fatalf("%d steps, want %d", len(r.Steps), len(marked))
	}
	gaps := 0
	for i, s := range marked {
		if got := r.Steps[i]; int64(got.Start) != s.start || int64(got.Duration) != s.end-s.start {
			t.Errorf("step %+v, want from %d to %d", got, s.start, s.end)
		}
		if i == 0 || s.start <= marked[i-1].end {
			continue
		}
		if g := r.Gaps[gaps]; int64(g.Start) != marked[i-1].end || int64(g.Duration) != s.start-marked[i-1].end {
			t.Errorf("gap %+v before the step from %d", g, s.start)
		}
		gaps++
	}
	if gaps != len(r.Gaps) {
		t.Errorf("%d gaps, want %d", len(r.Gaps), gaps)
	}
}

// judgeSweep is judgePython for many frames.
func judgeSweep(t *testing.T, r *Report, frames []slice) {
	t.Helper()
	self := map[functionKey]int64{}
	calls := map[functionKey]int64{}
	byFunction := map[functionKey][]slice{}
	byThread := map[[2]string][]slice{}
	for _, s := range frames {
		if loc := address.FindStringIndex(s.name); loc != nil {
			s.name = s.name[:loc[0]] + s.name[loc[1]:]
		}
		if s.nobody {
			s.tid = "0"
		}
		key := functionKey{s.name, s.pid, s.tid}
		calls[key]++
		byFunction[key] = append(byFunction[key], s)
		byThread[[2]string{s.pid, s.tid}] = append(byThread[[2]string{s.pid, s.tid}], s)
	}
	for _, all := range byThread {
		for key, d := range swept(all) {
			self[key] += d
		}
	}
	if len(r.Python) != len(calls) {
		t.Fatalf("%d functions, want %d", len(r.Python), len(calls))
	}
	for _, f := range r.Python {
		key := functionKey{f.Function, f.Pid, f.Tid}
		total := covered(byFunction[key], func(*slice) bool { return true })
		if f.Calls != calls[key] || int64(f.Self) != self[key] || int64(f.Total) != total {
			t.Errorf("%v: %d calls, self %d, total %d; want %d, %d, %d", key, f.Calls, f.Self, f.Total, calls[key], self[key], total)
		}
	}
}

// swept gives each moment to the frame that began last, of those that are open in a
// heap: no stack, so that frames need not nest.
func swept(frames []slice) map[functionKey]int64 {
	self := map[functionKey]int64{}
	slices.SortFunc(frames, func(a, b slice) int { return cmp.Compare(a.start, b.start) })
	times := edges(frames)
	open, next := &youngest{}, 0
	for i := 1; i < len(times); i++ {
		for ; next < len(frames) && frames[next].start <= times[i-1]; next++ {
			heap.Push(open, &frames[next])
		}
		for open.Len() > 0 && (*open)[0].end <= times[i-1] {
			heap.Pop(open)
		}
		if open.Len() > 0 {
			s := (*open)[0]
			self[functionKey{s.name, s.pid, s.tid}] += times[i] - times[i-1]
		}
	}
	return self
}

// youngest is a heap of frames, the one that runs first.
type youngest []*slice

func (y youngest) Len() int      { return len(y) }
func (y youngest) Swap(i, k int) { y[i], y[k] = y[k], y[i] }
func (y youngest) Less(i, k int) bool {
	a, b := y[i], y[k]
	return cmp.Or(cmp.Compare(a.whole, b.whole), cmp.Compare(b.last, a.last), cmp.Compare(a.at, b.at)) > 0
}
func (y *youngest) Push(x any) { *y = append(*y, x.(*slice)) }
func (y *youngest) Pop() any {
	last := (*y)[len(*y)-1]
	*y = (*y)[:len(*y)-1]
	return last
}

// TestNaiveReferencesAgree compares the reference for many frames with that for few.
func TestNaiveReferencesAgree(t *testing.T) {
	for seed := range uint64(60) {
		data := draw(rand.New(rand.NewPCG(seed, 10)))
		r := measured(t, data, Options{})
		frames := slicesOf(t, data, int64(r.Zero), int64(r.To)+1, "python_function")
		judgeSweep(t, r, frames)
		judgePython(t, r, frames)
	}
}
