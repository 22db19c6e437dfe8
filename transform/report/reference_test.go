package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"testing"

	"tracekit/internal/testkit/reference"
	"tracekit/trace"
)

// slice is what the naive reference knows of one.
type slice struct {
	name, cat, pid, tid string
	start, end          int64 // within the window
	whole               int64 // where it starts
	last                int64 // where it ends
	at                  int   // in the file
	nobody              bool  // it is on thread 0
}

// slicesOf lists the slices of a window that are of one of the categories.
func slicesOf(t testing.TB, data []byte, from, to int64, cats ...string) []slice {
	t.Helper()
	parsed, err := reference.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return slicesIn(parsed, from, to, cats...)
}

func slicesIn(parsed *reference.Trace, from, to int64, cats ...string) []slice {
	var all []slice
	for i := range parsed.Events {
		e := &parsed.Events[i]
		s := slice{at: i, pid: e.Pid, tid: e.Track.Tid}
		var dur string
		for _, m := range e.Members {
			switch m.Name {
			case "name":
				s.name = unquoted(m.Text)
			case "cat":
				s.cat = unquoted(m.Text)
			case "tid":
				s.nobody = m.Text == "0"
			case "dur":
				dur = m.Text
			}
		}
		d, ok := reference.Nanos(dur)
		if e.Phase != "X" || !e.HasTS || e.TS < 0 || !ok || d < 0 || !slices.Contains(cats, s.cat) {
			continue
		}
		s.whole, s.last = e.TS, e.TS+e.Span
		s.start, s.end = max(s.whole, from), min(s.last, to)
		if s.start < s.end || s.whole == s.last && s.whole >= from && s.whole < to {
			all = append(all, s)
		}
	}
	return all
}

func unquoted(s string) string {
	var text string
	json.Unmarshal([]byte(s), &text)
	return text
}

// edges lists all times at which something changes.
func edges(all []slice) []int64 {
	var times []int64
	for _, s := range all {
		times = append(times, s.start, s.end)
	}
	slices.Sort(times)
	return slices.Compact(times)
}

// covered is the time that some of the slices cover: in which one is open.
func covered(all []slice, in func(*slice) bool) int64 {
	changes := map[int64]int{}
	for i := range all {
		if in(&all[i]) {
			changes[all[i].start]++
			changes[all[i].end]--
		}
	}
	sum, open := int64(0), 0
	times := slices.Sorted(maps.Keys(changes))
	for i, at := range times {
		if open > 0 {
			sum += at - times[i-1]
		}
		open += changes[at]
	}
	return sum
}

type functionKey struct{ function, pid, tid string }

var address = regexp.MustCompile(` at 0x[0-9a-fA-F]*`)

// plainPython gives each moment of a thread to the frame that began last.
func plainPython(all []slice) map[functionKey]Function {
	found := map[functionKey]Function{}
	byThread := map[[2]string][]slice{}
	for _, s := range all {
		if loc := address.FindStringIndex(s.name); loc != nil {
			s.name = s.name[:loc[0]] + s.name[loc[1]:]
		}
		byThread[[2]string{s.pid, s.tid}] = append(byThread[[2]string{s.pid, s.tid}], s)
	}
	for thread, frames := range byThread {
		add := func(s *slice, calls, self int64) {
			key := functionKey{s.name, thread[0], thread[1]}
			f := found[key]
			f.Calls += calls
			f.Self += trace.Time(self)
			found[key] = f
		}
		for i := range frames {
			add(&frames[i], 1, 0)
		}
		times := edges(frames)
		for i := 1; i < len(times); i++ {
			if inner := innermost(frames, times[i-1], times[i]); inner != nil {
				add(inner, 0, times[i]-times[i-1])
			}
		}
		for key, f := range found {
			if key.pid == thread[0] && key.tid == thread[1] {
				f.Total = trace.Time(covered(frames, func(s *slice) bool { return s.name == key.function }))
				found[key] = f
			}
		}
	}
	return found
}

func innermost(frames []slice, from, to int64) (inner *slice) {
	for i := range frames {
		s := &frames[i]
		if s.start > from || s.end < to {
			continue
		}
		if inner == nil || cmp.Or(cmp.Compare(s.whole, inner.whole), cmp.Compare(inner.last, s.last), cmp.Compare(s.at, inner.at)) > 0 {
			inner = s
		}
	}
	return inner
}

// measured is what Run tells of data.
func measured(t testing.TB, data []byte, o Options) *Report {
	t.Helper()
	s, err := trace.NewSource(bytes.NewReader(data), int64(len(data)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, err := Run(t.Context(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// judge compares a report with what the naive reference finds.
func judge(t *testing.T, data []byte, r *Report, from, to int64) {
	t.Helper()
	judgePython(t, r, slicesOf(t, data, from, to, "python_function"))
	judgeDevices(t, r, slicesOf(t, data, from, to, "kernel", "gpu_memcpy", "Kernel"))
}

func judgePython(t *testing.T, r *Report, frames []slice) {
	t.Helper()
	want := plainPython(frames)
	for _, f := range r.Python {
		key := functionKey{f.Function, f.Pid, f.Tid}
		w := want[key]
		if f.Calls != w.Calls || f.Self != w.Self || f.Total != w.Total {
			t.Fatalf("%v: %d calls, self %d, total %d; want %d, %d, %d", key, f.Calls, f.Self, f.Total, w.Calls, w.Self, w.Total)
		}
		delete(want, key)
	}
	if len(want) > 0 {
		t.Fatalf("missing functions: %v", want)
	}
}

func judgeDevices(t *testing.T, r *Report, work []slice) {
	t.Helper()
	n, events := 0, int64(0)
	for _, d := range r.Devices {
		events += d.Events
		if want := covered(work, func(s *slice) bool { return s.pid == d.Pid }); int64(d.Busy) != want {
			t.Fatalf("device %s is busy for %d, want %d", d.Pid, d.Busy, want)
		}
		if d.Busy+d.Idle != d.Last-d.First {
			t.Fatalf("device %s: busy and idle are %d, from first to last are %d", d.Pid, d.Busy+d.Idle, d.Last-d.First)
		}
		for _, g := range d.Engines {
			n++
			if want := covered(work, func(s *slice) bool { return s.pid == d.Pid && s.tid == g.Tid }); int64(g.Busy) != want {
				t.Fatalf("engine %s %s is busy for %d, want %d", d.Pid, g.Tid, g.Busy, want)
			}
		}
	}
	if int(events) != len(work) {
		t.Fatalf("devices have %d events, want %d", events, len(work))
	}
	judgeKernels(t, r, work)
}

func judgeKernels(t *testing.T, r *Report, work []slice) {
	t.Helper()
	byName := map[[2]string][]int64{}
	for _, s := range work {
		byName[[2]string{s.cat, s.name}] = append(byName[[2]string{s.cat, s.name}], s.end-s.start)
	}
	if len(r.Kernels) != len(byName) {
		t.Fatalf("%d kernels, want %d", len(r.Kernels), len(byName))
	}
	shares := 0.0
	for _, k := range r.Kernels {
		all := byName[[2]string{k.Cat, k.Name}]
		sum := int64(0)
		for _, d := range all {
			sum += d
		}
		if len(all) == 0 || int64(k.Total) != sum || k.Count != int64(len(all)) || k.Min == nil || int64(*k.Min) != slices.Min(all) || k.Max == nil || int64(*k.Max) != slices.Max(all) {
			t.Fatalf("kernel %+v, want %v", k, all)
		}
		shares += k.Share
	}
	if r.Kernels != nil && len(work) > 0 && (shares < 0.999999 || shares > 1.000001) && r.Kernels[0].Total > 0 {
		t.Fatalf("shares add up to %v", shares)
	}
}
