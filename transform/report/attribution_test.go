package report

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/trace"
)

// host is a slice of the trace that drawHost makes.
type host struct {
	cat, name  string
	pid, tid   int
	start, end int64
	launch     int
}

// drawHost makes a trace of steps on thread 1, with operators, calls, Python and kernels that
// begin at times of their own, and says what is in it.
func drawHost(rng *rand.Rand) ([]byte, []host) {
	starts := rng.Perm(400)
	next := func() int64 { s := starts[0]; starts = starts[1:]; return int64(s) }
	var all []host
	for range 10 + rng.IntN(40) {
		h := host{start: next(), tid: 1, pid: 5}
		h.end = h.start + 1 + rng.Int64N(60)
		switch rng.IntN(6) {
		case 0:
			h.cat, h.name = "cpu_op", fmt.Sprint("aten::", rng.IntN(3))
		case 1:
			h.cat, h.name = "user_annotation", fmt.Sprint("phase ", rng.IntN(12))
		case 2:
			h.cat, h.name, h.launch = "cuda_runtime", "cudaLaunchKernel", 1+rng.IntN(9)
		case 3:
			h.cat, h.name = "python_function", []string{"a.py(1): f", "a.py(2): g", "nn.Module: Layer_3"}[rng.IntN(3)]
		case 4:
			h.cat, h.name, h.pid, h.tid, h.launch = "kernel", fmt.Sprint("gemm", rng.IntN(3)), 0, 7, 1+rng.IntN(9)
		case 5:
			h.cat, h.name, h.pid, h.tid, h.launch = "kernel", "ncclKernel_AllReduce", 0, 8, 1+rng.IntN(9)
		}
		if h.cat == "cpu_op" && rng.IntN(4) == 0 {
			h.tid = 2
		}
		all = append(all, h)
	}
	var texts []string
	for _, h := range all {
		args := `{"stream":7}`
		if h.launch > 0 {
			args = fmt.Sprintf(`{"stream":7,"correlation":%d}`, h.launch)
		}
		name := h.name
		if h.cat != "kernel" {
			name += []string{"", "", " at 0x7f01", fmt.Sprintf(" 0x%x", rng.IntN(20))}[rng.IntN(4)] // what is told apart by nothing but addresses is one
		}
		texts = append(texts, fmt.Sprintf(`{"ph":"X","cat":%q,"name":%q,"pid":%d,"tid":%d,"ts":%s,"dur":%s,"args":%s}`, h.cat, name, h.pid, h.tid,
			trace.AppendMicros(nil, trace.Time(h.start)), trace.AppendMicros(nil, trace.Time(h.end-h.start)), args))
	}
	for i := range 4 {
		texts = append(texts, fmt.Sprintf(`{"ph":"X","cat":"user_annotation","name":"ProfilerStep#%d","pid":5,"tid":1,"ts":0.%03d,"dur":0.080}`, i, i*100+10))
	}
	return []byte(`{"traceEvents":[` + strings.Join(texts, ",\n") + `]}`), all
}

// lastBegun is the slice of those that are open from at to at+1 which began last.
func lastBegun(all []host, at int64, is func(*host) bool) *host {
	var last *host
	for i := range all {
		h := &all[i]
		if h.start <= at && at < h.end && is(h) && (last == nil || h.start > last.start) {
			last = h
		}
	}
	return last
}

func onThread(cats ...string) func(*host) bool {
	return func(h *host) bool { return h.pid == 5 && h.tid == 1 && slices.Contains(cats, h.cat) }
}

// scopesAt are the innermost annotation, module and operator at a time. A slice lies in the scope
// that it began in.
func scopesAt(all []host, at int64) (annotation, module, operator string) {
	inner := lastBegun(all, at, onThread("cpu_op", "user_annotation"))
	if inner != nil && inner.cat == "cpu_op" {
		operator = inner.name
	}
	for inner != nil && inner.cat != "user_annotation" {
		inner = around(all, inner)
	}
	if inner != nil {
		annotation = "phase #"
	}
	frame := lastBegun(all, at, onThread("python_function"))
	for frame != nil && !strings.HasPrefix(frame.name, "nn.Module") {
		frame = around(all, frame)
	}
	if frame != nil {
		module = "nn.Module: Layer_#"
	}
	return annotation, module, operator
}

// around is the slice that was open when one began.
func around(all []host, h *host) *host {
	return lastBegun(all, h.start, func(o *host) bool {
		return o.start < h.start && o.pid == 5 && o.tid == 1 && (o.cat == "python_function") == (h.cat == "python_function") && o.launch == 0 &&
			o.cat != "cuda_runtime" && o.cat != "kernel"
	})
}

// naiveMoments looks at each ns of the windows by itself.
func naiveMoments(all []host, windows []Window) map[string]trace.Time {
	sums := map[string]trace.Time{}
	for _, w := range windows {
		for at := int64(w.Start); at < int64(w.End); at++ {
			sums[fmt.Sprint(w.Cell, " ", naiveMoment(all, at))]++
		}
	}
	return sums
}

func naiveMoment(all []host, at int64) string {
	compute := lastBegun(all, at, func(h *host) bool { return h.cat == "kernel" && h.tid == 7 })
	exchange := lastBegun(all, at, func(h *host) bool { return h.cat == "kernel" && h.tid == 8 })
	kernel, kind := compute, KernelTime
	if compute == nil {
		kernel, kind = exchange, CommunicationTime
	}
	if kernel != nil {
		return strings.Join([]string{"", "", "", string(kind), kernel.name}, "|")
	}
	annotation, module, operator := scopesAt(all, at)
	where := strings.Join([]string{annotation, module, operator}, "|") + "|"
	call := lastBegun(all, at, onThread("cuda_runtime"))
	frame := lastBegun(all, at, onThread("python_function"))
	op := lastBegun(all, at, onThread("cpu_op", "user_annotation"))
	switch {
	case call != nil:
		return where + "call|" + call.name
	case operator != "" && (frame == nil || op.start > frame.start):
		return where + "operator|" + operator
	case frame != nil:
		return where + "python|" + frame.name
	case annotation != "":
		return where + "annotation|" + annotation
	}
	return where + "nothing recorded|"
}

func TestTimeIsSharedOutAsTheNaiveReferenceDoes(t *testing.T) {
	seeds := uint64(300)
	if testing.Short() {
		seeds = 60
	}
	for seed := range seeds {
		data, all := drawHost(rand.New(rand.NewPCG(seed, 30)))
		for i := range all { // what was launched where is judged by a test of its own
			all[i].launch = 0
		}
		text := strings.ReplaceAll(string(data), `"correlation"`, `"number"`)
		var windows []Window
		r := measured(t, []byte(text), Options{Windows: func(r *Report) []Window {
			windows = nil
			for i, s := range r.Steps {
				windows = append(windows, Window{s.Start, s.Start + s.Duration, int32(i % 2)})
				if i+1 < len(r.Steps) {
					windows = append(windows, Window{s.Start + s.Duration, r.Steps[i+1].Start, 2})
				}
			}
			return windows
		}})
		if len(windows) != 7 {
			t.Fatalf("seed %d: %d windows", seed, len(windows))
		}
		got := map[string]trace.Time{}
		sums, want := map[int32]trace.Time{}, map[int32]trace.Time{}
		for _, m := range r.Attribution.Moments {
			for cell, d := range m.Cells {
				got[fmt.Sprint(cell, " ", strings.Join([]string{m.Annotation, m.Module, m.Operator, string(m.Kind), m.Name}, "|"))] += d
				sums[cell] += d
			}
		}
		for _, w := range windows {
			want[w.Cell] += w.End - w.Start
		}
		cmptest.Same(t, fmt.Sprintf("seed %d: sums", seed), want, sums)
		cmptest.Same(t, fmt.Sprintf("seed %d: what time was spent on", seed), naiveMoments(all, windows), got)
		if t.Failed() {
			t.Fatalf("%s", text)
		}
		judgeWork(t, all, windows, r.Attribution.Work)
	}
}

// judgeWork counts kernels and operators that begin in windows.
func judgeWork(t *testing.T, all []host, windows []Window, got []Work) {
	t.Helper()
	want := map[string]Spent{}
	for i := range all {
		h := &all[i]
		for _, w := range windows {
			if h.cat != "kernel" && h.cat != "cpu_op" || h.start < int64(w.Start) || h.start >= int64(w.End) {
				continue
			}
			s := want[h.name]
			want[h.name] = Spent{Count: s.Count + 1, Total: s.Total + trace.Time(h.end-h.start)}
		}
	}
	have := map[string]Spent{}
	for _, w := range got {
		for _, s := range w.Cells {
			if w.Kind != PythonTime && s.Count > 0 {
				o := have[w.Name]
				have[w.Name] = Spent{Count: o.Count + s.Count, Total: o.Total + s.Total}
			}
		}
	}
	cmptest.Same(t, "counts and totals", want, have)
}

// What a device runs belongs to where it was launched, on whichever thread, and wherever the call
// stands in the file.
func TestKernelsBelongToWhereTheyWereLaunched(t *testing.T) {
	const text = `{"traceEvents":[
{"ph":"X","cat":"kernel","name":"k1","pid":0,"tid":7,"ts":30,"dur":5,"args":{"stream":7,"correlation":1}},
{"ph":"X","cat":"kernel","name":"k2","pid":0,"tid":7,"ts":40,"dur":5,"args":{"stream":7,"correlation":2}},
{"ph":"X","cat":"kernel","name":"k3","pid":0,"tid":7,"ts":50,"dur":5,"args":{"stream":7,"correlation":3}},
{"ph":"X","cat":"user_annotation","name":"ProfilerStep#1","pid":5,"tid":1,"ts":0,"dur":100},
{"ph":"X","cat":"user_annotation","name":"layer 17","pid":5,"tid":1,"ts":1,"dur":20},
{"ph":"X","cat":"cpu_op","name":"aten::linear","pid":5,"tid":1,"ts":2,"dur":10},
{"ph":"X","cat":"cpu_op","name":"aten::mm","pid":5,"tid":1,"ts":3,"dur":5},
{"ph":"X","cat":"cpu_op","name":"MmBackward","pid":5,"tid":2,"ts":3,"dur":20},
{"ph":"X","cat":"cuda_runtime","name":"cudaLaunchKernel","pid":5,"tid":1,"ts":4,"dur":1,"args":{"correlation":1}},
{"ph":"X","cat":"cuda_runtime","name":"cudaLaunchKernel","pid":5,"tid":2,"ts":5,"dur":1,"args":{"correlation":2}}
]}`
	r := measured(t, []byte(text), Options{Windows: func(r *Report) []Window {
		return []Window{{r.Steps[0].Start, r.Steps[0].Start + r.Steps[0].Duration, 0}}
	}})
	got := map[string]string{}
	for _, m := range r.Attribution.Moments {
		if m.Kind == KernelTime {
			got[m.Name] = m.Annotation + "|" + m.Operator + fmt.Sprint("|", slices.Collect(maps.Values(m.Cells)))
		}
	}
	cmptest.Same(t, "kernels", map[string]string{"k1": "layer #|aten::mm|[5000]", "k2": "|MmBackward|[5000]", "k3": "||[5000]"}, got)
}
