package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
)

// command is a verb with flags, without input and output.
type command struct {
	args   []string
	writes writes
	twice  bool // its result must not depend on how it is run
	inputs int  // traces that it takes besides the first
}

// writes is what a verb writes.
type writes uint8

const (
	aTrace  writes = iota // to -o
	aFolder               // of traces, to -o
	aText                 // to standard output
	aFile                 // to the value of its last flag
	aServer               // pieces, as its page asks for them
	nothing
)

// verbs make a random command each. The common ones stand there twice.
var verbs = []func(*soak) command{
	slice, slice, slice, split, split, strip, strip, filter, filter, filter,
	downsample, downsample, repair, repair, info, measure, checked, index, page,
	merge, merge, compare, open,
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// some leaves each flag in with a chance of 1 to of.
func some(r *rand.Rand, of int, flags ...[]string) (args []string) {
	for _, f := range flags {
		if r.IntN(of) == 0 {
			args = append(args, f...)
		}
	}
	return args
}

func flags(f ...string) []string { return f }

func percent(n int) string { return strconv.Itoa(n) + "%" }

func timeOf(r *rand.Rand) string {
	return strconv.Itoa(1+r.IntN(999)) + pick(r, "ns", "us", "us", "ms")
}

// window is a range of time, as people name it.
func window(r *rand.Rand) []string {
	from := r.IntN(100)
	switch r.IntN(10) {
	case 0:
		return flags("--step", pick(r, "0", "1..2", "0..5"))
	case 1:
		return flags("--phase", pick(r, "prefill", "decode", "decode:2", "mixed"))
	case 2:
		parts := 1 + r.IntN(9)
		return flags("--part", fmt.Sprintf("%d/%d", 1+r.IntN(parts), parts))
	case 3:
		return flags("--around", pick(r, "decode", "aten", "mm", "a"), "--pad", timeOf(r))
	case 4:
		return flags("--from", percent(from), "--for", timeOf(r))
	case 5:
		return flags("--from=-" + timeOf(r))
	}
	return flags("--from", percent(from), "--to", percent(from+1+r.IntN(100-from)))
}

func slice(s *soak) command {
	args := append(flags("slice"), window(s.rnd)...)
	args = append(args, some(s.rnd, 2, flags("--boundary", pick(s.rnd, "clip", "keep", "drop")), flags("--device", pick(s.rnd, "time", "launched")))...)
	args = append(args, some(s.rnd, 4, flags("--strip", pick(s.rnd, "python", "hardware,flows", "runtime", "counters,instants")))...)
	return command{args: args, writes: aTrace, twice: true}
}

func strip(s *soak) command {
	kinds := some(s.rnd, 3, flags("--hardware"), flags("--python"), flags("--runtime"), flags("--memory"), flags("--counters"),
		flags("--instants"), flags("--flows"), flags("--cat", pick(s.rnd, "cpu_op", "kernel", "a")),
		flags("--args", pick(s.rnd, "shapes", "stack", "all", "correlation")))
	if len(kinds) == 0 {
		kinds = flags("--python")
	}
	return command{args: append(flags("strip"), kinds...), writes: aTrace, twice: true}
}

func filter(s *soak) command {
	r := s.rnd
	args := flags("filter", pick(r,
		`cat == "kernel"`, `dur > `+timeOf(r), `name =~ "a|e"`, `ph in ("X", "B")`, `depth < 3 && ts > `+timeOf(r),
		`!(process contains "a") || args.correlation`, `thread =~ "0" && dur <= `+timeOf(r), `ts < 0ns`))
	args = append(args, some(r, 3, flags("--invert"), flags("--with-parents"), flags("--with-children"), flags("--with-device"),
		flags("--with-flows"), flags("--min-dur", timeOf(r)), flags("--not-name", "aten"))...)
	return command{args: args, writes: aTrace, twice: true}
}

func downsample(s *soak) command {
	r := s.rnd
	ways := some(r, 3, flags("--min-dur", timeOf(r)), flags("--merge", timeOf(r)), flags("--max-depth", strconv.Itoa(1+r.IntN(9))),
		flags("--counters", timeOf(r)), flags("--every", strconv.Itoa(1+r.IntN(4))),
		append(pick(r, flags("--max-events", strconv.Itoa(10+r.IntN(5000))), flags("--target-size", strconv.Itoa(1+r.IntN(999))+"kB")),
			some(r, 3, flags("--favour", `cat == "kernel"`), flags("--picture"))...))
	if len(ways) == 0 {
		ways = flags("--min-dur", "10us")
	}
	return command{args: append(flags("downsample"), ways...), writes: aTrace, twice: true}
}

func repair(s *soak) command {
	return command{args: append(flags("repair"), some(s.rnd, 3, flags("--flows"), flags("--skip", "ends"))...), writes: aTrace, twice: true}
}

func split(s *soak) command {
	r := s.rnd
	args := append(flags("split"), pick(r,
		flags("--by", "step"), flags("--by", "step", "--every", "2"), flags("--by", "step", "--gaps", "drop"),
		flags("--by", "step", "--steady", "2"), flags("--by", "phase"), flags("--by", "request"), flags("--by", "process"),
		flags("--by", "time", "--time", strconv.Itoa(1+r.IntN(99))+"ms"), flags("--by", "events", "--events", strconv.Itoa(100+r.IntN(9999))),
		flags("--by", "size", "--size", strconv.Itoa(20+r.IntN(999))+"kB"))...)
	if !slices.Contains(args, "process") {
		args = append(args, some(r, 3, flags("--device", pick(r, "time", "launched")))...)
	}
	return command{args: args, writes: aFolder}
}

func info(s *soak) command {
	return command{args: append(flags("info"), some(s.rnd, 2, flags("--json"))...), writes: aText}
}

func measure(s *soak) command {
	args := append(flags("report"), some(s.rnd, 2, flags("--json"))...)
	if s.rnd.IntN(2) == 0 {
		args = append(args, window(s.rnd)...)
	}
	return command{args: args, writes: aText}
}

func checked(s *soak) command { return command{args: flags("check", "--json"), writes: aText} }

func index(*soak) command { return command{args: flags("index"), writes: nothing} }

func page(s *soak) command {
	return command{args: flags(pick(s.rnd, "info", "report"), "--html"), writes: aFile}
}

func merge(s *soak) command {
	r := s.rnd
	args := flags("merge")
	if r.IntN(3) == 0 {
		args = append(args, window(r)...)
	}
	args = append(args, some(r, 3, flags("--no-align"), flags("--strip", pick(r, "python", "hardware,flows", "memory")))...)
	return command{args: args, writes: aTrace, inputs: 1 + r.IntN(3)}
}

func compare(s *soak) command {
	return command{args: append(flags("compare"), some(s.rnd, 2, flags("--json"), flags("--skip", "1"), flags("--phase", "decode"))...), writes: aText, inputs: 1}
}
