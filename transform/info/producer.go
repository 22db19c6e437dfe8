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

// producersOf names what ran and what recorded it, each that left evidence: steps tell of
// servers, categories and names of processes and threads of profilers.
func producersOf(i *Info, run *steps.Run) []string {
	names := append(servers(i, run), profilers(i)...)
	if len(names) == 0 {
		return []string{"unknown"}
	}
	return names
}

// servers are those whose markers were found, the run's first. Of one that another imitates
// only that is named.
func servers(i *Info, run *steps.Run) (names []string) {
	var found []*producer.Producer
	add := func(p *producer.Producer) {
		if p != nil && !slices.Contains(found, p) {
			found = append(found, p)
		}
	}
	if run != nil {
		for _, s := range append([]steps.Seen{run.Seen}, run.Others...) {
			add(producer.Marking(s.Producer, producer.Serving, producer.Scope))
		}
	}
	for _, p := range producer.All {
		if p.Markers != nil && leftEvidence(i, p, nil) && p.Markers[0].Rank == producer.Serving {
			add(p)
		}
	}
	for _, p := range found {
		if !slices.ContainsFunc(found, func(o *producer.Producer) bool { return slices.Contains(o.Evidence.Instead, p.Name) }) {
			names = append(names, p.Name)
		}
	}
	return names
}

// profilers are those that left evidence, or one that left a weak one.
func profilers(i *Info) (names []string) {
	var also []string // categories that are evidence of nobody else
	for _, p := range producer.All {
		if leftEvidence(i, p, nil) {
			also = append(also, p.Evidence.Also...)
		}
	}
	byArgs := 0 // of names: they tell nothing of what else wrote into the trace
	isServer := func(p *producer.Producer) bool { return p.Markers != nil && p.Markers[0].Rank != producer.Training }
	for _, p := range producer.All {
		if !isServer(p) && leftEvidence(i, p, also) {
			names = append(names, p.Name)
			if hasArgs(i, p.Evidence.Args, also) && !leftEvidence(i, p, append(slices.Clip(also), p.Evidence.Args...)) {
				byArgs++
			}
		}
	}
	if len(names) == byArgs {
		names = append(names, weakly(i, also)...)
	}
	return names
}

// weakly returns the first profiler that left a weak evidence.
func weakly(i *Info, also []string) []string {
	for _, p := range producer.All {
		if hasCategory(i, p.Evidence.Weak, also) || hasArgs(i, p.Evidence.WeakArgs, also) {
			return []string{p.Name}
		}
	}
	return nil
}

// leftEvidence reports what speaks for p, besides categories that tell nothing.
func leftEvidence(i *Info, p *producer.Producer, but []string) bool {
	if hasCategory(i, p.Evidence.Categories, but) || hasArgs(i, p.Evidence.Args, but) {
		return true
	}
	for k := range i.Processes {
		q := &i.Processes[k]
		if isLike(p.Evidence.Processes, q.Name) || isLike(p.Evidence.Processes, q.Labels) || isLike(p.Evidence.Processes, q.Pid) {
			return true
		}
		for _, t := range q.Threads {
			if isLike(p.Evidence.Threads, t.Name) || isLike(p.Evidence.Threads, t.Tid) {
				return true
			}
		}
	}
	return false
}

// argsSeen are keys of args by which a producer is known, as far as events have shown any.
type argsSeen struct {
	looked []int // events, by kind
	keys   []string
}

// mostLooked bounds the events of a kind that are looked at: those of one kind have the same args.
const mostLooked = 64

// learn looks at the args of an event of a kind.
func (a *argsSeen) learn(e *trace.Event, kind int, onDevice bool) {
	for len(a.looked) <= kind {
		a.looked = append(a.looked, 0)
	}
	if a.looked[kind]++; a.looked[kind] > mostLooked {
		return
	}
	for _, p := range producer.All {
		a.look(e, p.Evidence.Args)
		if onDevice {
			a.look(e, p.Evidence.WeakArgs)
		}
	}
}

// look notes which of the keys are in the args of e.
func (a *argsSeen) look(e *trace.Event, keys []string) {
	for _, key := range keys {
		if !slices.Contains(a.keys, key) && hasArg(e, key) {
			a.keys = append(a.keys, key)
		}
	}
}

func hasArg(e *trace.Event, key string) bool {
	for m := range trace.Members(e.Args()) {
		if string(m.Key) == key {
			return true
		}
	}
	return false
}

func hasArgs(i *Info, keys, but []string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { return slices.Contains(i.args.keys, key) && !slices.Contains(but, key) })
}

func hasCategory(i *Info, patterns, but []string) bool {
	return slices.ContainsFunc(i.Kinds, func(k Kind) bool { return isLike(patterns, k.Cat) && !slices.Contains(but, k.Cat) })
}

func isLike(patterns []string, text string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return producer.Matches(p, []byte(text)) })
}
