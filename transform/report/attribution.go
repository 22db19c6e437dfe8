package report

import (
	"cmp"
	"slices"
	"strings"

	"tracekit/trace"
)

// finish names what was found, in an order that does not depend on how it was read.
func (w *walk) finish() *Attribution {
	return &Attribution{Moments: w.moments(), Work: w.work()}
}

func (w *walk) moments() []Moments {
	type key struct {
		annotation, module, operator string
		kind                         Kind
		name                         string
	}
	at := map[key]int{}
	var all []Moments
	of := make([]int, len(w.nodes)) // where in all a node is, plus one
	for c, d := range w.times.sums() {
		if of[c.number] == 0 {
			n := &w.nodes[c.number]
			k := key{w.operator(n.annotation), w.module(n.module), w.operator(n.operator), kinds[n.kind], w.leaf(n)}
			i, ok := at[k]
			if !ok {
				i = len(all)
				at[k], all = i, append(all, Moments{k.annotation, k.module, k.operator, k.kind, k.name, map[int32]trace.Time{}})
			}
			of[c.number] = i + 1
		}
		all[of[c.number]-1].Cells[c.cell] += d
	}
	slices.SortFunc(all, func(a, b Moments) int {
		return cmp.Or(cmp.Compare(a.Annotation, b.Annotation), cmp.Compare(a.Module, b.Module), cmp.Compare(a.Operator, b.Operator),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return all
}

func (w *walk) leaf(n *node) string {
	switch n.kind {
	case computes, communicates:
		return w.m.kernels.names[n.leaf]
	case calling:
		return plain(w.m.moments.calls.names[n.leaf])
	case interpreting:
		return plain(w.m.python.names[n.leaf])
	}
	return w.operator(n.leaf)
}

func (w *walk) operator(number int32) string {
	if number < 0 {
		return ""
	}
	return plain(strings.TrimPrefix(w.m.moments.operators.names[number], annotationMark))
}

func (w *walk) module(number int32) string {
	if number < 0 {
		return ""
	}
	return string(appendFolded(nil, []byte(plain(w.m.python.names[number]))))
}

func (w *walk) work() []Work {
	type key struct {
		kind Kind
		name string
	}
	at := map[key]int{}
	var all []Work
	add := func(k key, cell int32, a Spent) {
		i, ok := at[k]
		if !ok {
			i = len(all)
			at[k], all = i, append(all, Work{k.kind, k.name, map[int32]Spent{}})
		}
		s := all[i].Cells[cell]
		all[i].Cells[cell] = Spent{s.Count + a.Count, s.Total + a.Total, s.Self + a.Self}
	}
	a := w.m.moments
	for c, n := range a.kernels {
		kernel, communicates := kernelOf(c.number)
		kind := KernelTime
		if communicates {
			kind = CommunicationTime
		}
		add(key{kind, w.m.kernels.names[kernel]}, c.cell, *n)
	}
	for c, n := range a.operated {
		if a.operators.states.is[c.number] != annotation {
			add(key{OperatorTime, w.operator(c.number)}, c.cell, *n)
		}
	}
	for c, d := range w.own.sums() {
		add(key{OperatorTime, w.operator(c.number)}, c.cell, Spent{Self: d})
	}
	for c, d := range w.python.sums() {
		add(key{PythonTime, plain(w.m.python.names[c.number])}, c.cell, Spent{Self: d})
	}
	slices.SortFunc(all, func(a, b Work) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) })
	return all
}

// plain is the text of a name that stands as in the trace, escapes and all.
func plain(name string) string { return string(trace.Unescape([]byte(name))) }
