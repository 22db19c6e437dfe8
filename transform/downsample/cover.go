package downsample

import (
	"bytes"
	"slices"

	"tracekit/trace"
	"tracekit/transform/internal/merged"
)

// cover knows what covers what among the slices that are open on the track at hand, so that
// runs can say which of their time readers would count twice.
type cover struct {
	sameCategory []int32 // by category, the number of the innermost open slice that has it, from 1 on
	kept         []int32 // by category, how many open slices that have it are kept
	keptAll      int32   // of all categories
	named        []int32 // by label, how many open slices of it are kept
	joined       []int32 // by label, how many open slices of it are merged
	labels       labels
	overlap      int64 // until when a slice reaches that lies across others
}

func (c *cover) reset(texts int) {
	*c = cover{labels: labels{first: make([]uint32, texts)}, sameCategory: make([]int32, texts), kept: make([]int32, texts), named: make([]int32, texts), joined: make([]int32, texts), overlap: never}
}

// labels numbers names with their categories: by the name, but for those with several.
type labels struct {
	first  []uint32 // by name, the category that it came with first, from 1 on
	others map[label]uint32
}

// number is that of a name and category.
func (c *cover) number(k label) uint32 {
	name, cat := k.name(), k.cat()+1
	if c.labels.first[name] == 0 {
		c.labels.first[name] = cat
	}
	if c.labels.first[name] == cat {
		return name
	}
	n, ok := c.labels.others[k]
	if !ok {
		if c.labels.others == nil {
			c.labels.others = map[label]uint32{}
		}
		n = uint32(len(c.named))
		c.labels.others[k] = n
		c.named, c.joined = append(c.named, 0), append(c.joined, 0)
	}
	return n
}

// unseen is sameCategory of a slice that does not count.
const unseen = -1

// enter takes a slice that lies in f and is about to be pushed.
func (c *cover) enter(n *nest, f, own *frame) {
	if own.outcome == dropped {
		own.sameCategory = unseen
		return
	}
	if own.sameCategory = c.sameCategory[own.Cat]; own.sameCategory > 0 && own.End != endless {
		n.stack.At(int(own.sameCategory - 1)).nested += own.dur()
	}
	c.sameCategory[own.Cat] = int32(n.stack.Len()) + 1
	own.above = f.mergedAround()
	switch {
	case own.outcome == inRun:
		c.joined[c.number(own.label())]++
	case own.outcome == kept && own.End != endless:
		if own.above != nil {
			own.above.keepInside(&own.record, c.joined[c.number(own.label())] > 0)
		}
		if f.outcome == inRun {
			f.run.keptInside += own.dur()
		}
		own.counts = true
		c.kept[own.Cat]++
		c.named[c.number(own.label())]++
		c.keptAll++
	}
}

// keepInside notes a slice that is kept in merged ones, of which b has the nearest. Readers
// count its time themselves.
func (b *run) keepInside(r *record, isNamed bool) {
	for p := b; isNamed && p != nil; p = p.above {
		if k := r.label(); p.names[k].count > 0 {
			n := p.names[k]
			n.inner += r.dur()
			p.names[k] = n
			return
		}
	}
}

// keepAlone takes the slice of a run that is kept as it is.
func (c *cover) keepAlone(b *run) {
	if b.above != nil {
		b.above.keepInside(&b.first, b.names[b.first.label()].inner > 0)
	}
	if b.parent != nil {
		b.parent.keptInside += b.first.dur()
	}
}

// leave takes a slice that ends.
func (c *cover) leave(f *frame) {
	if f.sameCategory == unseen {
		return
	}
	c.sameCategory[f.Cat] = f.sameCategory
	switch {
	case f.outcome == inRun:
		c.joined[c.number(f.label())]--
		f.run.nest(&f.record, f.nested)
	case f.counts:
		c.kept[f.Cat]--
		c.named[c.number(f.label())]--
		c.keptAll--
	}
}

// inner is the time of a slice if it lies in a merged one of its name and category, else 0.
func (c *cover) inner(r *record) int64 {
	if c.joined[c.number(r.label())] > 0 {
		return r.dur()
	}
	return 0
}

// nest notes how much of a slice is taken by others in it.
func (b *run) nest(r *record, time int64) {
	if time > 0 {
		k := r.label()
		n := b.names[k]
		n.nested += time
		b.names[k] = n
	}
}

// lieAcross takes a slice that does not nest, and the open ones that it lies across.
func (c *cover) lieAcross(n *nest, r *record) {
	c.overlap = max(c.overlap, r.End)
	for i := n.depth; i < n.stack.Len(); i++ {
		if f := n.stack.At(i); f.outcome == inRun {
			f.run.estimate = true
		}
	}
}

// place says what lies around a run that is about to be written.
func (c *cover) place(b *run, s *merged.Slices, texts []string) {
	around, exact := b.keptAround()
	s.Estimate = s.Estimate || !exact
	for k, n := range b.names {
		name := merged.Name{
			Name: []byte(texts[k.name()]), Cat: []byte(texts[k.cat()]), Count: n.count,
			Busy: trace.Time(n.busy), Self: trace.Time(n.busy - n.nested), Total: trace.Time(n.busy - n.inner), ID: uint64(k),
		}
		inside, named := c.kept[k.cat()] > 0, c.named[c.number(k)] > 0
		for _, p := range around {
			inside = inside || p.first.Cat == k.cat()
			named = named || p.first.label() == k
		}
		if named {
			name.Total = 0
		}
		if inside && !slices.ContainsFunc(s.Inside, func(c []byte) bool { return bytes.Equal(c, name.Cat) }) {
			s.Inside = append(s.Inside, name.Cat)
		}
		s.Names = append(s.Names, name)
	}
	s.Sort()
	slices.SortFunc(s.Inside, bytes.Compare)
	if b.above == nil && c.keptAll == 0 {
		s.Outer = max(0, trace.Time(b.busy-b.keptInside))
	}
}

// keptAround returns those runs of slices around b that are kept the one slice which they have so
// far. Whether one does is known if no slice can join it any more; else it is made to be
// written as a run, or what is said of b is no more than an estimate.
func (b *run) keptAround() (kept []*run, exact bool) {
	made, child := true, b // whether child is written as a run
	exact = true
	for p := b.above; p != nil; child, p = p, p.above {
		switch {
		case p.count > 1 || p.needed:
			made = true
		case made && p == child.parent && p.first.isBegun() && p.start == child.start:
			p.needed = true
		case p.ending:
			made = false
			kept = append(kept, p)
		case p == child.parent:
			made, p.needed = true, true
		default: // what is kept lies between: that is not worth a run of one
			exact = false
		}
	}
	return kept, exact
}
