package filter

import (
	"tracekit/trace"
)

// names knows what processes and threads are called, from the metadata of a
// whole trace.
type names struct {
	tracks    trace.Tracks
	processes map[int]string
	threads   map[int]string
}

// memory is about how many bytes n takes.
func (n *names) memory() int {
	const named = 70
	return n.tracks.Memory() + named*(len(n.processes)+len(n.threads))
}

func (n *names) learn(e *trace.Event) {
	if n.processes == nil {
		n.processes, n.threads = map[int]string{}, map[int]string{}
	}
	track := n.tracks.Of(e)
	for m := range trace.Members(e.Args()) {
		if string(m.Key) != "name" {
			continue
		}
		switch string(e.Name()) {
		case "process_name":
			n.processes[n.tracks.All[track].Process] = trace.Unquote(m.Value)
		case "thread_name":
			n.threads[track] = trace.Unquote(m.Value)
		}
	}
}

// Process is the name of a process.
func (n *names) Process(pid []byte) string {
	if track := n.tracks.Find(string(pid), string(pid)); track >= 0 {
		return n.processes[n.tracks.All[track].Process]
	}
	for i, p := range n.tracks.Processes {
		if p == string(pid) {
			return n.processes[i]
		}
	}
	return ""
}

// Thread is the name of a thread.
func (n *names) Thread(pid, tid []byte) string {
	if track := n.tracks.Find(string(pid), string(tid)); track >= 0 {
		return n.threads[track]
	}
	return ""
}
