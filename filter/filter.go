// Package filter decides which events are meant. [Parse] compiles the expression language over
// the fields of an event; a [Recognizer] decides, with the tables of package producer, what ran
// on a device and what on the host.
//
// It is API, as package trace is: exported names change only with a new major version.
//
// It looks at one event at a time and does not know how events belong together, except for what a
// Recognizer learns of processes, threads and categories.
package filter

import (
	"tracekit/trace"

	"github.com/bytedance/sonic/ast"
)

// Expr is a condition on events. It never changes and may be shared between
// goroutines. A nil *Expr is the condition that every event meets.
type Expr struct {
	source syntax
	root   matcher
	needs  Needs
}

// Needs is what an Expr needs besides the event itself. Nothing else of an Env has to be set.
type Needs uint8

const (
	NeedsZero  Needs = 1 << iota // Env.Zero
	NeedsNames                   // Env.Names
	NeedsDepth                   // Env.Depth
	NeedsArgs                    // no part of Env: the expression looks into args
	NeedsKinds                   // Env.Kinds
)

// Names knows how processes and threads are called. Pid and tid are JSON text,
// as an Event has them; the names are plain text without escapes, empty for
// what has none.
type Names interface {
	Process(pid []byte) string
	Thread(pid, tid []byte) string
}

// Env is what an expression needs besides the event, and the buffers for its evaluation. Each
// goroutine needs its own.
type Env struct {
	// Zero is the trace's zero, from which ts and end are counted.
	Zero trace.Time
	// Names gives process and thread their names.
	Names Names
	// Kinds has learnt from the whole trace what ran on a device, and who wrote what.
	Kinds *Recognizer
	// Depth is the number of slices around the event at hand, negative if it
	// has no place in a stack.
	Depth int

	buf      []byte
	searcher ast.Searcher // of paths in args
}

// Parse reads an expression. Its error is an *Error.
func Parse(src string) (*Expr, error) {
	p := parser{lexer: lexer{src: src}}
	s, err := p.parse()
	if err != nil {
		return nil, err
	}
	root, err := compile(src, s)
	if err != nil {
		return nil, err
	}
	return newExpr(s, root), nil
}

func newExpr(s syntax, root matcher) *Expr {
	return &Expr{source: s, root: root, needs: root.needs()}
}

// Match reports whether e meets the condition. It does not keep e, and
// allocates nothing once env has been used for a while, but for 24 bytes where a path
// leads deeper than a member of args. Env must not be nil.
func (x *Expr) Match(e *trace.Event, env *Env) bool {
	return x == nil || x.root.match(e, env)
}

// Needs returns what Match needs in its Env.
func (x *Expr) Needs() Needs {
	if x == nil {
		return 0
	}
	return x.needs
}

// String returns the expression in its plainest form. Parse reads it back as
// the same condition. It is empty for nil.
func (x *Expr) String() string {
	if x == nil {
		return ""
	}
	return x.source.text(false)
}

// And is the condition that all of xs are met. Nil ones do not count; And of
// nothing is nil.
func And(xs ...*Expr) *Expr { return join(true, xs) }

// Or is the condition that one of xs is met. A nil one is always met, and so
// is Or of nothing.
func Or(xs ...*Expr) *Expr {
	for _, x := range xs {
		if x == nil {
			return nil
		}
	}
	return join(false, xs)
}

func join(and bool, xs []*Expr) *Expr {
	var parts []syntax
	var roots []matcher
	for _, x := range xs {
		if x != nil {
			parts = append(parts, x.source)
			roots = append(roots, x.root)
		}
	}
	switch len(parts) {
	case 0:
		return nil
	case 1:
		return newExpr(parts[0], roots[0])
	}
	return newExpr(newLogic(and, parts), newParts(and, roots))
}

// Not is the condition that x is not met. There is no Not of nil: it is an
// error of the caller, and panics.
func Not(x *Expr) *Expr { return newExpr(&not{x.source}, inverse{x.root}) }
