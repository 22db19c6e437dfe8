package report

import (
	"cmp"
	"maps"
	"slices"

	"tracekit/trace"
)

// kernels adds up what devices did, by name.
type kernels struct {
	byName map[kernelKey]*kernel
	names  []string // of kernels by number
	total  trace.Time
}

type kernelKey struct{ cat, name string }

func (k kernelKey) compare(o kernelKey) int {
	return cmp.Or(cmp.Compare(k.cat, o.cat), cmp.Compare(k.name, o.name))
}

// count counts work of a device.
func (k *kernels) count(n *kernel, s span) {
	d := s.length()
	n.Count++
	n.Total = n.Total.Add(d)
	n.min, n.max = min(n.min, d), max(n.max, d)
	k.total = k.total.Add(d)
}

// of is the kernel of e's name and category.
func (k *kernels) of(e *trace.Event) *kernel {
	n := k.byName[kernelKey{string(e.Cat()), string(e.Name())}]
	if n == nil {
		if k.byName == nil {
			k.byName = map[kernelKey]*kernel{}
		}
		key := kernelKey{string(e.Cat()), string(e.Name())}
		n = &kernel{Kernel: Kernel{Name: string(trace.Unescape(e.Name())), Cat: string(trace.Unescape(e.Cat()))}, min: trace.MaxTime, lowest: trace.MaxTime, number: int32(len(k.names))}
		k.names = append(k.names, n.Name)
		k.byName[key] = n
	}
	return n
}

// kernel is one that is being added up. Of merged ones only bounds may be known: none is
// shorter than lowest, or longer than highest.
type kernel struct {
	Kernel
	number                    int32
	min, max, lowest, highest trace.Time
}

// bounds are the shortest and the longest, nil where that is not known.
func (n *kernel) bounds() (shortest, longest *trace.Time) {
	if n.min <= n.lowest {
		shortest = &n.min
	}
	if n.max >= n.highest {
		longest = &n.max
	}
	return shortest, longest
}

func (k *kernels) finish() []Kernel {
	all := []Kernel{}
	for _, key := range slices.SortedFunc(maps.Keys(k.byName), kernelKey.compare) {
		n := k.byName[key]
		n.Mean = mean(n.Total, n.Count)
		n.Share = shareOf(n.Total, k.total)
		n.Min, n.Max = n.bounds()
		all = append(all, n.Kernel)
	}
	slices.SortStableFunc(all, func(a, b Kernel) int {
		return cmp.Or(cmp.Compare(b.Total, a.Total), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Cat, b.Cat))
	})
	return all
}
