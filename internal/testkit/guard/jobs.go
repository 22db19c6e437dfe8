package main

import (
	"cmp"
	"hash/fnv"
	"slices"
)

// way is how a call reads its input.
type way struct {
	form  string // as it is, gz or plain
	pipe  bool
	index bool // an index lies beside the file
	procs int
}

func (w way) String() string {
	s := w.form
	if w.pipe {
		s += ", pipe"
	}
	if w.index {
		s += ", indexed"
	}
	if w.procs == 1 {
		s += ", 1 processor"
	}
	return s
}

const asItIs = "as it is"

// job is one comparison.
type job struct {
	call  call
	input input
	way   way
}

// waysOf lists the ways to read an input, the usual one first.
func (in input) waysOf() []way {
	all := []way{{asItIs, false, false, 2}, {asItIs, true, false, 2}, {asItIs, false, false, 1}, {asItIs, false, true, 2}}
	for _, form := range []struct{ name, path string }{{"gz", in.gz}, {"plain", in.plain}} {
		if form.path != "" && form.path != in.path {
			all = append(all, way{form.name, false, false, 2}, way{form.name, true, false, 1}, way{form.name, false, true, 1})
		}
	}
	return append(all, way{asItIs, true, false, 1})
}

// waysOf chooses how many of them are taken; nil if there is no such choice.
func (c *config) waysOf(in input) func(hash uint64) []way {
	all := in.waysOf()
	other := func(hash uint64) way { return all[1+hash%uint64(len(all)-1)] }
	switch c.ways {
	case "once":
		return func(hash uint64) []way { return []way{all[hash%uint64(len(all))]} }
	case "two":
		return func(hash uint64) []way { return []way{all[0], other(hash)} }
	case "all":
		return func(uint64) []way { return all }
	}
	return nil
}

func hash(parts ...string) uint64 {
	h := fnv.New64a()
	for _, p := range parts {
		h.Write([]byte(p + "\x00"))
	}
	return h.Sum64()
}

// jobs are all that is to be compared.
func (c *config) jobs(calls []call, inputs []input) (all []job) {
	if c.short {
		c.ways = "once"
	}
	reading := slices.DeleteFunc(slices.Clone(calls), func(k call) bool { return k.alone })
	for _, k := range calls {
		if k.alone {
			all = append(all, job{k, input{name: "none"}, way{form: "alone", procs: 2}})
			continue
		}
		on := inputs
		if c.short {
			on = sample(k, reading, inputs)
		}
		for _, in := range on {
			for _, w := range c.waysOf(in)(hash(k.text, in.name, "way")) {
				all = append(all, job{k, in, w})
			}
		}
	}
	return all
}

// shortSize is up to where an input is small enough for the short form. The generated
// ones are in it whatever their size.
const shortSize = 600_000

// sample is one input of each class for a call, and those that this call alone is
// chosen for.
func sample(k call, calls []call, inputs []input) (chosen []input) {
	best := map[string]input{}
	for _, in := range inputs {
		if in.size > shortSize && in.class != "generated" {
			continue
		}
		if b, ok := best[in.class]; !ok || hash(k.text, in.name) < hash(k.text, b.name) {
			best[in.class] = in
		}
		own := slices.MinFunc(calls, func(a, b call) int {
			return cmp.Compare(hash(in.name, a.text), hash(in.name, b.text))
		})
		if own.text == k.text {
			chosen = append(chosen, in)
		}
	}
	for _, in := range best {
		if !slices.ContainsFunc(chosen, func(o input) bool { return o.name == in.name }) {
			chosen = append(chosen, in)
		}
	}
	slices.SortFunc(chosen, func(a, b input) int { return cmp.Compare(a.name, b.name) })
	return chosen
}
