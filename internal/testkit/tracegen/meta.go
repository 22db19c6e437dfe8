package tracegen

import "fmt"

var (
	fName   = newField("name", " ")
	fLabels = newField("labels", " ")
	fSort   = newField("sort_index", " ")
	fOps    = newField("Op count", " ")
)

// member is one of the document's own members: a name and JSON text.
type member struct{ name, json string }

const gaudiDevices = `[
    {
      "id": 0, "name": "GAUDI2", "totalGlobalMem": 103079215104,
      "numTpc": 24, "numMme": 2
    }
  ]`

const cudaDevices = `[
    {
      "id": 0, "name": "NVIDIA H100 80GB HBM3", "totalGlobalMem": 85029158912,
      "computeMajor": 9, "computeMinor": 0,
      "maxThreadsPerBlock": 1024, "maxThreadsPerMultiprocessor": 2048,
      "regsPerBlock": 65536, "warpSize": 32,
      "sharedMemPerBlock": 49152, "numSms": 132
    }
  ]`

// head writes the document up to its events.
func (g *gen) head() {
	e := g.e
	if g.c.Array {
		e.str("[")
		return
	}
	devices := cudaDevices
	if g.c.Producer == Gaudi {
		devices = gaudiDevices
	}
	members := []member{
		{"schemaVersion", "1"},
		{"deviceProperties", devices},
		{"distributedInfo", `{"backend": "nccl", "rank": 0, "world_size": 1, "pg_count": 0}`},
		{"record_shapes", "1"},
		{"with_stack", map[bool]string{true: "1", false: "0"}[g.c.Python]},
		{"trace_id", `"C7EC2C10297F4C46BD17118E8CE3F184"`},
		{"displayTimeUnit", `"ms"`},
	}
	if !g.c.Epoch {
		members = append(members, member{"baseTimeNanoseconds", fmt.Sprint(int64(baseTime))})
	}
	for i, m := range members {
		e.str(map[bool]string{true: "{", false: ","}[i == 0])
		g.member(m)
		e.str(m.value(e.layout))
	}
	e.str(",")
	g.member(member{name: "traceEvents"})
	e.str("[")
}

// member writes a member's name, with the white space before it.
func (g *gen) member(m member) {
	e := g.e
	switch {
	case e.layout != Dump:
		e.str("\n  ")
	case e.buf[len(e.buf)-1] != '{':
		e.str(" ")
	}
	e.str(`"` + m.name + `": `)
}

func (m member) value(l Layout) string {
	switch l {
	case Dump:
		return string(respace(nil, m.json, -1))
	case Indent2:
		return string(respace(nil, m.json, 2))
	}
	return m.json
}

// foot writes the document from the end of its events.
func (g *gen) foot() {
	e := g.e
	if g.c.Array {
		e.str(",")
		return
	}
	if e.layout != Dump {
		e.str("\n  ")
	}
	e.str("],")
	g.member(member{name: "traceName"})
	e.str(`"/tmp/profile/worker.pt.trace.json"`)
	if e.layout != Dump {
		e.str("\n")
	}
	e.str("}")
}

// tail writes what comes after the last run.
func (g *gen) tail() {
	if g.c.Producer != Gaudi || g.c.Array {
		return
	}
	// This is how vLLM names its process: with a pid that none of its events carry.
	e := g.e
	open, shut := "{", "}"
	if e.layout == Indent2 {
		open, shut = "{\n        ", "\n      }"
	}
	e.open(e.shape("M:", false, `"args": %s"name": "@"%s, "name": "process_name", "ph": "M", "pid": 1, "tid": 0, "ts": 0.0`, open, shut))
	e.str("vLLM")
	e.str(e.cur.mid)
	e.close()
}

// names writes metadata events in Kineto's form.
type names struct {
	e  *encoder
	ts int64
}

func (g *gen) names() names { return names{g.e, g.capture.a + 177*us + 309} }

// meta begins a metadata event, whose args are still to come.
func (m names) meta(name string, t track) {
	m.e.open(m.e.shape("M:", false, `"name": "@", "ph": "M", "ts": #, "pid": %s, "tid": %s`, t.pid, t.tid))
	m.e.str(name)
	m.e.at(m.ts)
}

func (m names) process(pid, name, labels string, sort int) {
	t := track{pid, "0"}
	m.meta("process_name", t)
	m.e.text(fName, name)
	m.e.close()
	m.meta("process_labels", t)
	m.e.text(fLabels, labels)
	m.e.close()
	m.sortIndex("process_sort_index", t, sort)
}

func (m names) thread(t track, name string, sort int) {
	m.meta("thread_name", t)
	m.e.text(fName, name)
	m.e.close()
	m.sortIndex("thread_sort_index", t, sort)
}

func (m names) sortIndex(name string, t track, sort int) {
	m.meta(name, t)
	m.e.integer(fSort, int64(sort))
	m.e.close()
}

// gaudiNames names the processes and threads of a Gaudi trace.
func (g *gen) gaudiNames() {
	m := g.names()
	m.process(id(workerPid), fmt.Sprint("python ", workerPid), "CPU", workerPid)
	m.thread(workerMain, fmt.Sprintf("thread %d (python)", workerPid), workerPid)
	m.process(id(synapsePid), "Synapse", "", synapsePid)
	m.thread(synapseMain, "Synapse/12034", 1)
	m.thread(synapseHost, "Synapse/0 Host Profiler", 2)
	m.process(id(bridgePid), "Bridge Logs", "", bridgePid)
	m.thread(bridgeMain, "Bridge Logs", 1)
	m.process(id(loggerPid), "Synapse Logger", "", loggerPid)
	m.thread(loggerMain, "Synapse Logger", 1)
	if g.c.Hardware || g.c.Python {
		m.process(id(devicePid), "device:HPU:0", "", devicePid)
	}
	if g.c.Hardware {
		for _, eng := range engines {
			m.thread(track{id(devicePid), id(eng.tid)}, eng.name, eng.tid)
		}
	}
	if g.c.Python {
		m.thread(deviceIdle, fmt.Sprintf("thread %d (python)", idleTid), idleTid)
	}
	g.oddNames(m, workerMain)
}

// cudaNames names the processes and threads of a GPU trace.
func (g *gen) cudaNames() {
	m := g.names()
	host := "VLLM::EngineCore"
	if g.c.Producer == SGLang {
		host = "sglang::scheduler"
	}
	m.process(cudaMain.pid, host, "CPU", cudaPid)
	if g.c.Hardware {
		m.process(computeStream.pid, host, "GPU 0", 5_000_000)
		m.thread(computeStream, "stream 7 ", 7)
		m.thread(copyStream, "stream 20 ", 20)
	}
	m.thread(cudaMain, fmt.Sprintf("thread %d (%.15s)", cudaPid, host), cudaPid)
	g.oddNames(m, cudaMain)
}

// window writes the events that stand for the profile as a whole.
func (g *gen) window() {
	e, at := g.e, g.capture
	e.open(e.shape("X:Trace", true, `"ph": "X", "cat": "Trace", "ts": #`))
	e.span(at.a, at.b)
	e.str(e.spaced(",\n" + `"pid": "Spans", "tid": "PyTorch Profiler",` + "\n" + `"name": "PyTorch Profiler (0)"`))
	e.integer(fOps, 0)
	e.close()
	e.open(e.shape("M:", false, `"name": "process_sort_index", "ph": "M", "ts": #,`+"\n"+`"pid": "Spans", "tid": 0`))
	e.at(at.a)
	e.integer(fSort, 536870912)
	e.close()
	e.open(e.shape("i:", true, `"name": "Iteration Start: PyTorch Profiler", "ph": "i", "s": "g",`+"\n"+`"pid": "Traces", "tid": "Trace PyTorch Profiler", "ts": #`))
	e.at(at.a)
	e.close()
	e.open(e.shape("i:", true, `"name": "Record Window End", "ph": "i", "s": "g",`+"\n"+`"pid": "", "tid": "", "ts": #`))
	e.at(at.b + 61*ms)
	e.close()
}
