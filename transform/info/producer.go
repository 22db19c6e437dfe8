package info

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tracekit/filter/producer"
	"tracekit/trace"
	"tracekit/transform/steps"
)

// told are members of a document that tell how its trace was made, those of
// distributedInfo too. Others are left out: some hold what a user would not want
// to pass on, such as names of hosts.
var told = []string{
	"deviceProperties", "rank", "world_size", "backend", "nccl_version",
	"cuda_runtime_version", "cuda_driver_version", "cupti_version",
	"hip_runtime_version", "hip_driver_version", "roctracer_version",
	"record_shapes", "profile_memory", "with_stack", "with_flops", "with_modules", "schemaVersion",
}

// hints are what a document tells by such members.
type hints map[string]string

// learn takes text of the document, outside of its events.
func (h hints) learn(text []byte) {
	body := append([]byte("{"), bytes.TrimLeft(text, "{[]}, \t\r\n")...)
	for m := range trace.Members(body) {
		switch string(m.Key) {
		case "deviceProperties":
			h.set(m.Key, devices(m.Value))
		case "distributedInfo":
			for d := range trace.Members(m.Value) {
				h.set(d.Key, word(d.Value))
			}
		default:
			h.set(m.Key, word(m.Value))
		}
	}
}

func (h hints) set(key []byte, value string) {
	if value != "" && slices.Contains(told, string(key)) {
		h[string(key)] = value
	}
}

func (h hints) list() []Hint {
	all := []Hint{}
	for _, key := range told {
		if v, ok := h[key]; ok {
			all = append(all, Hint{key, v})
		}
	}
	return all
}

// word is the text of a number, a word or a name, empty for anything longer.
func word(value []byte) string {
	if len(value) == 0 || len(value) > 80 || value[0] == '{' || value[0] == '[' {
		return ""
	}
	return trace.Unquote(value)
}

// devices counts devices by their names.
func devices(list []byte) string {
	var names []string
	count := map[string]int{}
	for d := range trace.Elements(list) {
		name := "device"
		for m := range trace.Members(d) {
			if string(m.Key) == "name" && len(m.Value) > 2 {
				name = cmp.Or(word(m.Value), name)
			}
		}
		if count[name]++; count[name] == 1 && len(names) < 8 {
			names = append(names, name)
		}
	}
	for i, name := range names {
		names[i] = fmt.Sprintf("%d × %s", count[name], name)
	}
	return strings.Join(names, ", ")
}

// writerOf returns the profiler that is known by its categories, or nil.
func writerOf(i *Info) *producer.Producer {
	has := func(cats []string) bool {
		return slices.ContainsFunc(i.Kinds, func(k Kind) bool { return slices.Contains(cats, k.Cat) })
	}
	for _, p := range producer.All {
		if has(p.Writes) {
			return p
		}
	}
	for _, p := range producer.All {
		if has(p.MayWrite) {
			return p
		}
	}
	return nil
}

// producerOf names what ran and what recorded it, as far as steps, categories and
// names of processes tell.
func producerOf(i *Info, run *steps.Run) string {
	var names []string
	if run != nil && run.Producer != steps.PythonStack && run.Producer != steps.Profiler {
		name, _, _ := strings.Cut(run.Producer, ",")
		names = append(names, name)
	}
	if p := writerOf(i); p != nil {
		names = append(names, p.Name)
	}
	if slices.ContainsFunc(i.Processes, func(p Process) bool { return producer.IsGaudiProcess(p.Name) }) {
		names = append(names, producer.Gaudi.Name)
	}
	if names == nil {
		return "unknown"
	}
	return strings.Join(names, ", ")
}
