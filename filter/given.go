package filter

import (
	"fmt"

	"tracekit/trace"
)

// Given is what a user says of events that no table knows, besides what is recognised. An
// expression that is nil says nothing.
type Given struct {
	Hardware *Expr // these ran on a device
	Python   *Expr // these are frames of Python stacks
}

// Check refuses expressions that ask for what is not known while a trace goes by.
func (g Given) Check() error {
	for _, x := range []*Expr{g.Hardware, g.Python} {
		switch needs := x.Needs(); {
		case needs&NeedsZero != 0:
			return fmt.Errorf("%s: ts and end are not known there, as times count from the first event", x)
		case needs&NeedsKinds != 0:
			return fmt.Errorf("%s: hardware, python, runtime and collective are what it adds to", x)
		case needs&NeedsDepth != 0:
			return fmt.Errorf("%s: depth is not known there", x)
		}
	}
	return nil
}

func (g *Given) needNames() bool { return (g.Hardware.Needs()|g.Python.Needs())&NeedsNames != 0 }

// givenNames are the names that expressions of a Given ask for, as far as they are known.
type givenNames struct{ processes, threads map[string]string }

func (n *givenNames) process(g *Given, e *trace.Event, name []byte) {
	if g.needNames() {
		set(&n.processes, string(e.Pid()), string(name))
	}
}

func (n *givenNames) thread(g *Given, e *trace.Event, name []byte) {
	if g.needNames() {
		set(&n.threads, string(e.Pid())+" "+string(e.Tid()), string(name))
	}
}

func set(to *map[string]string, key, name string) {
	if *to == nil {
		*to = map[string]string{}
	}
	(*to)[key] = name
}

// Process returns the name of a process.
func (n *givenNames) Process(pid []byte) string { return n.processes[string(pid)] }

// Thread returns the name of a thread.
func (n *givenNames) Thread(pid, tid []byte) string { return n.threads[string(pid)+" "+string(tid)] }
