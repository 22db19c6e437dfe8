// Package ranks makes traces of many ranks of one run with known truth: when each thing
// happened on the clock that all share, which rank it is of, and how the clocks of hosts
// differ. Pids and ids of ranks are the same on purpose.
package ranks

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
)

// Args say by what collectives can be matched.
type Args int

// What of a collective's args there is.
const (
	CommsID Args = iota
	Seq
	Order // group, name and sizes
	Names // no args: the kernel's name alone
	None  // no collectives
)

// Config says what ranks there are.
type Config struct {
	Ranks, PerHost int
	Hosts          bool // host_name is written
	Steps, Layers  int
	Args           Args
	Offsets        []float64 // ns that the clock of each host is ahead
	Drifts         []float64 // ppm by which it is faster
	Noise          float64   // ns, deviation of the times of collectives
	Outliers       float64   // share of collectives that a rank leaves late, by milliseconds
	Late           int       // collectives that each rank misses more than the one before, at the start
	Bases          []int64   // baseTimeNanoseconds of each rank, over again
	Delays         []Delay   // by which ranks come later to collectives than the others
	Overlap        int64     // ns at the end of each collective in which another stream computes
	Elements       int       // of an all-reduce; 0 for 4096
	Seed           uint64
}

// Delay is how much later a rank comes to the collective of a layer in a step, in ns.
type Delay struct {
	Rank, Step, Layer int
	By                int64
}

// delays are that of a rank, and the longest of any.
func (c *Config) delays(rank, step, layer int) (own, most int64) {
	for _, d := range c.Delays {
		if d.Step == step && d.Layer == layer {
			most = max(most, d.By)
			if d.Rank == rank {
				own = d.By
			}
		}
	}
	return own, most
}

// Collective is one of a rank, in true time, in ns since 1970.
type Collective struct {
	Step, Layer int
	Start, End  int64
}

// Start is when the run begins, in ns since 1970.
const Start = int64(1_780_000_000_000_000_000)

// Host is the host of a rank.
func (c *Config) Host(rank int) int { return rank / max(c.PerHost, 1) }

// Clock is what the clock of a rank's host shows at a true time, both in ns since 1970.
func (c *Config) Clock(rank int, at int64) int64 {
	h := c.Host(rank)
	shown := at
	if len(c.Offsets) > 0 {
		shown += int64(c.Offsets[h%len(c.Offsets)])
	}
	if len(c.Drifts) > 0 {
		shown += int64(math.Round(c.Drifts[h%len(c.Drifts)] / 1e6 * float64(at-Start)))
	}
	return shown
}

// Base is the baseTimeNanoseconds of a rank.
func (c *Config) Base(rank int) int64 {
	if len(c.Bases) == 0 {
		return 1_775_078_550_000_000_000
	}
	return c.Bases[rank%len(c.Bases)]
}

// Trace is the trace of a rank. Each event but metadata has args.truth: the rank, the number
// of the event and when it began, in ns since 1970.
func (c *Config) Trace(rank int) []byte {
	text, _ := c.Run(rank)
	return text
}

// Run is Trace, and the collectives that the rank takes part in, in order.
func (c *Config) Run(rank int) ([]byte, []Collective) {
	w := writer{config: c, rank: rank, noise: rand.New(rand.NewPCG(c.Seed, uint64(rank)))}
	w.text.WriteString("{\n")
	if c.Hosts {
		fmt.Fprintf(&w.text, "  \"host_name\": \"node%d\",\n", c.Host(rank))
	}
	fmt.Fprintf(&w.text, "  \"schemaVersion\": 1,\n  \"deviceProperties\": [{\"id\": 0, \"name\": \"H100\"}],\n  \"distributedInfo\": {\"backend\": \"nccl\", \"rank\": %d, \"world_size\": %d},\n", rank, c.Ranks)
	if base := c.Base(rank); base != 0 {
		fmt.Fprintf(&w.text, "  \"baseTimeNanoseconds\": %d,\n", base)
	}
	w.text.WriteString("  \"traceEvents\": [\n")
	w.events()
	fmt.Fprintf(&w.text, "\n  ],\n  \"traceName\": \"rank%d.json\"\n}\n", rank)
	return w.text.Bytes(), w.collectives
}

type writer struct {
	config *Config
	rank   int
	text   bytes.Buffer
	noise  *rand.Rand
	n      int // events
	ids    int

	collectives []Collective
}

// process and device are the same in ranks of different hosts; the device is rank's own there.
func (w *writer) process() int { return 1000 + w.rank%max(w.config.PerHost, 1) }
func (w *writer) device() int  { return w.rank % max(w.config.PerHost, 1) }

func (w *writer) events() {
	c := w.config
	shared := rand.New(rand.NewPCG(c.Seed, 1<<40)) // what all ranks have in common
	at := Start + 1_000_000
	skip := c.Late * w.rank
	seq := 0
	for step := range c.Steps {
		from := at
		host := at + int64(w.noise.Float64()*20_000)
		for layer := range c.Layers {
			own, most := c.delays(w.rank, step, layer)
			host += own
			launched := host + int64(layer)*30_000
			w.launch(launched, at+int64(layer)*40_000+10_000+own, 20_000, "gemm", "")
			end := at + int64(layer)*40_000 + 39_000 + int64(shared.Float64()*800) + most
			if c.Args == None {
				continue
			}
			seq++
			left := end + int64(w.noise.NormFloat64()*c.Noise)
			if w.noise.Float64() < c.Outliers {
				left += int64(w.noise.ExpFloat64() * 3e6)
			}
			if seq > skip {
				start := at + int64(layer)*40_000 + 31_000 + int64(w.noise.Float64()*3000) + own
				w.launch(launched+10_000, start, left-start, w.kernel(layer), w.args(seq, layer))
				w.collectives = append(w.collectives, Collective{step, layer, start, left})
				w.overlap(left)
			}
			host, at = host+most-own, at+most
		}
		at += int64(c.Layers)*40_000 + 50_000 + int64(shared.Float64()*200_000)
		w.step(step, from, at-from-20_000)
	}
	w.metadata(at)
}

func (w *writer) kernel(layer int) string {
	if layer%4 == 3 {
		return "ncclDevKernel_AllGather_RING_LL(ncclDevKernelArgsStorage<4096ul>)"
	}
	return "ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgsStorage<4096ul>)"
}

func (w *writer) args(seq, layer int) string {
	if w.config.Args == Names {
		return ""
	}
	name, size := "allreduce", cmp.Or(w.config.Elements, 4096)
	if layer%4 == 3 {
		name, size = "_allgather_base", 1024
	}
	s := fmt.Sprintf(`, "Collective name": "%s", "In msg nelems": %d, "Out msg nelems": 4096, "dtype": "BFloat16", "Process Group Name": "0", "Process Group Description": "default_pg", "Process Group Ranks": "[0, 1]"`, name, size)
	switch w.config.Args {
	case CommsID:
		s += fmt.Sprintf(`, "Seq": %d, "Comms Id": "%d"`, seq, 0x5bd1e995*uint64(seq))
	case Seq:
		s += fmt.Sprintf(`, "Seq": %d`, seq)
	}
	return s
}

// overlap writes what another stream computes until a collective ends.
func (w *writer) overlap(end int64) {
	if length := w.config.Overlap; length > 0 {
		w.event(end-length, length, `"ph": "X", "cat": "kernel", "name": "overlapped", "pid": %d, "tid": 9`, `"stream": 9`, w.device())
	}
}

// launch writes an operator, its call, and what that launched, joined by ids and a flow.
func (w *writer) launch(at, device, dur int64, name, args string) {
	w.ids++
	id := w.ids
	w.event(at, 9_000, `"ph": "X", "cat": "cpu_op", "name": "aten::op", "pid": %d, "tid": %d`, fmt.Sprintf(`"External id": %d`, id), w.process(), w.process())
	w.event(at+1_000, 5_000, `"ph": "X", "cat": "cuda_runtime", "name": "cudaLaunchKernel", "pid": %d, "tid": %d`, fmt.Sprintf(`"External id": %d, "correlation": %d`, id, id), w.process(), w.process())
	w.event(at+1_000, 0, `"ph": "s", "id": %d, "cat": "ac2g", "name": "ac2g", "pid": %d, "tid": %d`, "", id, w.process(), w.process())
	w.event(device, dur, `"ph": "X", "cat": "kernel", "name": "`+name+`", "pid": %d, "tid": 7`, fmt.Sprintf(`"External id": %d, "correlation": %d, "device": %d, "stream": 7`+args, id, id, w.device()), w.device())
	w.event(device, 0, `"ph": "f", "bp": "e", "id": %d, "cat": "ac2g", "name": "ac2g", "pid": %d, "tid": 7`, "", id, w.device())
	if id%8 == 0 { // what counts from 1 has 0 for none
		w.event(device, dur/2, `"ph": "X", "cat": "gpu_memset", "name": "Memset", "pid": %d, "tid": 0`, `"External id": 0, "correlation": 0`, w.device())
	}
}

// step writes what is dropped around a step: the annotation, Python, async events, a counter.
func (w *writer) step(n int, at, dur int64) {
	w.event(at-2_000, dur+4_000, `"ph": "X", "cat": "python_function", "name": "server.py(1): step", "pid": %d, "tid": 0`, fmt.Sprintf(`"Python id": %d, "Python parent id": null, "Python module id": %d`, 2*n+1, n), w.process())
	w.event(at-1_000, dur+2_000, `"ph": "X", "cat": "python_function", "name": "server.py(9): run", "pid": %d, "tid": 0`, fmt.Sprintf(`"Python id": %d, "Python parent id": %d`, 2*n+2, 2*n+1), w.process())
	w.event(at, dur, `"ph": "X", "cat": "user_annotation", "name": "ProfilerStep#%d", "pid": %d, "tid": 0`, "", n, w.process())
	for _, id := range []string{fmt.Sprint(n), fmt.Sprintf(`"0x%x"`, n), fmt.Sprintf(`"req-%d"`, n)} {
		w.event(at, 0, `"ph": "b", "cat": "request", "name": "r%d", "id": %s, "pid": %d, "tid": 1`, "", n, id, w.process())
		w.event(at+dur/2, 0, `"ph": "e", "cat": "request", "name": "r%d", "id": %s, "pid": %d, "tid": 1`, "", n, id, w.process())
	}
	w.event(at, dur/4, `"ph": "X", "cat": "span", "name": "bound", "bind_id": "0x%x", "flow_out": true, "pid": %d, "tid": 2`, "", n, w.process())
	w.event(at+dur/2, dur/4, `"ph": "X", "cat": "span", "name": "bound", "bind_id": "0x%x", "flow_in": true, "pid": %d, "tid": 3`, "", n, w.process())
	w.event(at, 0, `"ph": "C", "name": "memory", "pid": %d`, fmt.Sprintf(`"bytes": %d`, n), w.process())
	w.event(at, 0, `"ph": "i", "s": "g", "name": "mark", "pid": "", "tid": ""`, "")
}

func (w *writer) event(at, dur int64, form, args string, values ...any) {
	c := w.config
	begin := c.Clock(w.rank, at)
	if w.n > 0 {
		w.text.WriteString(",\n")
	}
	fmt.Fprintf(&w.text, "  {\n    "+form+",\n    \"ts\": %s", append(values, micros(begin-c.Base(w.rank)))...)
	if dur > 0 {
		fmt.Fprintf(&w.text, `, "dur": %s`, micros(c.Clock(w.rank, at+dur)-begin))
	}
	if args != "" {
		args += ", "
	}
	if bytes.Contains([]byte(form), []byte(`"C"`)) {
		fmt.Fprintf(&w.text, ",\n    \"truth\": \"%d/%d/%d\", \"args\": {%s}\n  }", w.rank, w.n, at, args[:len(args)-2])
	} else {
		fmt.Fprintf(&w.text, ",\n    \"args\": {%s\"truth\": \"%d/%d/%d\"}\n  }", args, w.rank, w.n, at)
	}
	w.n++
}

func (w *writer) metadata(at int64) {
	c := w.config
	meta := func(name string, pid, tid any, args string) {
		fmt.Fprintf(&w.text, ",\n  {\n    \"name\": \"%s\", \"ph\": \"M\", \"ts\": %s, \"pid\": %v, \"tid\": %v,\n    \"args\": {%s}\n  }", name, micros(at-c.Base(w.rank)), pid, tid, args)
	}
	meta("process_name", w.process(), 0, `"name": "python"`)
	meta("process_labels", w.process(), 0, `"labels": "CPU"`)
	meta("process_sort_index", w.process(), 0, `"sort_index": 1000`)
	meta("process_name", w.device(), 0, `"name": "python"`)
	meta("process_labels", w.device(), 0, fmt.Sprintf(`"labels": "GPU %d"`, w.device()))
	meta("process_sort_index", w.device(), 0, `"sort_index": 5000000`)
	meta("thread_name", w.device(), 7, `"name": "stream 7 "`)
	meta("thread_name", w.process(), w.process(), `"name": "thread (python)"`)
}

func micros(ns int64) string {
	if ns < 0 {
		return "-" + micros(-ns)
	}
	return fmt.Sprintf("%d.%03d", ns/1000, ns%1000)
}
