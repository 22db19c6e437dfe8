package report

import (
	"cmp"
	"maps"
	"slices"

	"tracekit/trace"
)

// kernels adds up what devices did, by name.
type kernels struct {
	byName map[kernelKey]*Kernel
	total  trace.Time
}

type kernelKey struct{ cat, name string }

func (k kernelKey) compare(o kernelKey) int {
	return cmp.Or(cmp.Compare(k.cat, o.cat), cmp.Compare(k.name, o.name))
}

func (k *kernels) add(e *trace.Event, s span) {
	n := k.byName[kernelKey{string(e.Cat()), string(e.Name())}]
	if n == nil {
		if k.byName == nil {
			k.byName = map[kernelKey]*Kernel{}
		}
		key := kernelKey{string(e.Cat()), string(e.Name())}
		n = &Kernel{Name: string(trace.Unescape(e.Name())), Cat: string(trace.Unescape(e.Cat())), Min: trace.MaxTime}
		k.byName[key] = n
	}
	d := s.length()
	n.Count++
	n.Total = n.Total.Add(d)
	n.Min, n.Max = min(n.Min, d), max(n.Max, d)
	k.total = k.total.Add(d)
}

func (k *kernels) finish() []Kernel {
	all := []Kernel{}
	for _, key := range slices.SortedFunc(maps.Keys(k.byName), kernelKey.compare) {
		n := k.byName[key]
		n.Mean = mean(n.Total, n.Count)
		n.Share = shareOf(n.Total, k.total)
		all = append(all, *n)
	}
	slices.SortStableFunc(all, func(a, b Kernel) int {
		return cmp.Or(cmp.Compare(b.Total, a.Total), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Cat, b.Cat))
	})
	return all
}
