package report

import (
	"slices"

	"tracekit/trace"
)

// Names is what metadata says of processes and threads, by the numbers that
// trace.Tracks gives them. The zero value is ready to use.
type Names struct {
	trace.Tracks
	threads   []string
	processes []string
	labels    []string
}

// Learn takes a metadata event.
func (n *Names) Learn(e *trace.Event) {
	track := n.Of(e)
	process := n.All[track].Process
	for m := range trace.Members(e.Args()) {
		switch string(e.Name()) + "/" + string(m.Key) {
		case "process_name/name":
			n.processes = named(n.processes, process, m.Value)
		case "process_labels/labels":
			n.labels = named(n.labels, process, m.Value)
		case "thread_name/name":
			n.threads = named(n.threads, track, m.Value)
		}
	}
}

func named(list []string, i int, value []byte) []string {
	list = grown(list, i)
	list[i] = trace.Unquote(value)
	return list
}

// Thread is the name of a track, empty if it has none.
func (n *Names) Thread(track int) string { return at(n.threads, track) }

// Name is the name of a process, empty if it has none.
func (n *Names) Name(process int) string { return at(n.processes, process) }

// Label is the label of a process, empty if it has none.
func (n *Names) Label(process int) string { return at(n.labels, process) }

func at(list []string, i int) string {
	if i >= 0 && i < len(list) {
		return list[i]
	}
	return ""
}

// Known returns what n knows for another goroutine.
func (n *Names) Known() *Names {
	return &Names{*n.Tracks.Known(), slices.Clip(n.threads), slices.Clip(n.processes), slices.Clip(n.labels)}
}

// Memory is about how many bytes n takes.
func (n *Names) Memory() int {
	const name = 40
	return n.Tracks.Memory() + name*(cap(n.threads)+cap(n.processes)+cap(n.labels))
}
