package filter

import (
	"slices"

	"tracekit/filter/producer"
	"tracekit/trace"
)

// predicateNames are the words of an expression that stand for a kind of event, whoever
// wrote it.
var predicateNames = []string{"hardware", "python", "runtime", "collective", "annotation", "step"}

type predicateKind uint8

const (
	isHardware predicateKind = iota
	isPython
	isRuntime
	isCollective
	isAnnotation
	isStep
)

// kindTest is such a word in an expression.
type kindTest struct {
	kind predicateKind
	at   int
}

func predicateOf(word string) (predicateKind, bool) {
	i := slices.Index(predicateNames, word)
	return predicateKind(i), i >= 0
}

func (t *kindTest) text(bool) string { return predicateNames[t.kind] }

// match asks what env.Kinds has learnt from the whole trace.
func (t *kindTest) match(e *trace.Event, env *Env) bool {
	if e.IsMeta() {
		return false
	}
	switch t.kind {
	case isHardware:
		return !e.IsFlow() && env.Kinds.Side(e) == Device
	case isPython:
		return env.Kinds.Kinds(e)&Python != 0
	case isRuntime:
		return !e.IsFlow() && env.Kinds.Kinds(e)&Runtime != 0
	case isCollective:
		return !e.IsFlow() && env.Kinds.Communicates(e)
	case isAnnotation:
		return KindsOf(e)&Annotation != 0 || len(e.Cat()) == 0 && producer.IsAnnotation(plain(e.Name(), env))
	}
	name := plain(e.Name(), env)
	mirrored := KindsOf(e)&Annotation != 0
	return (mirrored || producer.MayMarkStep(e.Cat(), name)) && producer.IsStep(name) || env.Kinds.showsStep(e)
}

func (t *kindTest) needs() Needs {
	if t.kind == isAnnotation {
		return 0
	}
	return NeedsKinds
}

func (t *kindTest) cost() int { return 8 }

// showsStep reports whether e stands on a thread that shows steps, each by its number.
func (r *Recognizer) showsStep(e *trace.Event) bool {
	track, _ := r.place(e)
	return (e.Phase == 'X' || e.Phase == 'B' || e.Phase == 'E') && len(e.Cat()) == 0 && r.threads[track]&ofSteps != 0
}

// Communicates reports whether e is a part of a collective: by its name, or since its thread
// or process shows nothing else.
func (r *Recognizer) Communicates(e *trace.Event) bool {
	track, process := r.place(e)
	return r.threads[track]&isLink != 0 || r.seen[process]&linksDevices != 0 || producer.CollectiveOf(plain(e.Name(), &r.env)) != producer.NoCollective
}
