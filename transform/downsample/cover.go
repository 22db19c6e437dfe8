package downsample

import (
	"tracekit/trace"
	"tracekit/transform/internal/merged"
)

// cover knows what covers what among the slices that are open on the track at hand, so that
// runs can say which of their time readers would count twice.
type cover struct {
	alike   []int32 // by category, the number of the innermost open slice that has it, from 1 on
	kept    []int32 // by category, how many open slices that have it are kept
	keptAll int32   // of all categories
	joined  []int32 // by name, how many open slices that have it are merged
	overlap int64   // until when a slice reaches that lies across others
}

func (c *cover) reset(texts int) {
	*c = cover{alike: make([]int32, texts), kept: make([]int32, texts), joined: make([]int32, texts), overlap: never}
}

// unseen is alike of a slice that does not count.
const unseen = -1

// enter takes a slice that lies in f and is about to be pushed.
func (c *cover) enter(n *nest, f, own *frame) {
	if own.fate == gone {
		own.alike = unseen
		return
	}
	if own.alike = c.alike[own.Cat]; own.alike > 0 && own.End != endless {
		n.stack[own.alike-1].nested += own.dur()
	}
	c.alike[own.Cat] = int32(len(n.stack)) + 1
	own.above = f.mergedAround()
	switch {
	case own.fate == inRun:
		c.joined[own.Name]++
	case own.fate == kept && own.End != endless:
		if own.above != nil {
			own.above.keepInside(&own.record, c.joined[own.Name] > 0)
		}
		if f.fate == inRun {
			f.run.keptInside += own.dur()
		}
		own.counts = true
		c.kept[own.Cat]++
		c.keptAll++
	}
}

// keepInside notes a slice that is kept in merged ones, of which b has the nearest. Readers
// count its time themselves.
func (b *run) keepInside(r *record, isNamed bool) {
	for p := b; isNamed && p != nil; p = p.above {
		if k := kindOf(r.Name, r.Cat); p.names[k].count > 0 {
			n := p.names[k]
			n.inner += r.dur()
			p.names[k] = n
			return
		}
	}
}

// keepAlone takes the slice of a run that stays as it is.
func (c *cover) keepAlone(b *run) {
	if b.above != nil {
		b.above.keepInside(&b.first, b.names[kindOf(b.first.Name, b.first.Cat)].inner > 0)
	}
	if b.parent != nil {
		b.parent.keptInside += b.first.dur()
	}
}

// leave takes a slice that ends.
func (c *cover) leave(f *frame) {
	if f.alike == unseen {
		return
	}
	c.alike[f.Cat] = f.alike
	switch {
	case f.fate == inRun:
		c.joined[f.Name]--
		f.run.nest(&f.record, f.nested)
	case f.counts:
		c.kept[f.Cat]--
		c.keptAll--
	}
}

// inner is the time of a slice if it lies in a merged one of its name, else 0.
func (c *cover) inner(r *record) int64 {
	if c.joined[r.Name] > 0 {
		return r.dur()
	}
	return 0
}

// nest notes how much of a slice is taken by others in it.
func (b *run) nest(r *record, time int64) {
	if time > 0 {
		k := kindOf(r.Name, r.Cat)
		n := b.names[k]
		n.nested += time
		b.names[k] = n
	}
}

// lieAcross takes a slice that does not nest, and the open ones that it lies across.
func (c *cover) lieAcross(stack []frame, r *record) {
	c.overlap = max(c.overlap, r.End)
	for i := range stack {
		if stack[i].fate == inRun {
			stack[i].run.estimate = true
		}
	}
}

// place says what lies around a run that is about to be written. Whether a slice around it
// that is alone in its run so far is kept is known only if nothing can join it any more.
func (c *cover) place(b *run, s *merged.Slices, texts []string) {
	around := map[string]bool{}
	made, child := true, b // whether child becomes a slice
	for p := b.above; p != nil; child, p = p, p.above {
		switch {
		case p.count > 1 || p.needed:
			made = true
		case made && p == child.parent && p.first.isBegun() && p.start == child.start:
			p.needed = true
		case p.ending:
			made = false
			around[texts[p.first.Cat]] = true
		case p == child.parent:
			made, p.needed = true, true
		default: // what is kept lies between: it is not worth a slice that stands for one
			s.Estimate = true
		}
	}
	for k := range b.names {
		if c.kept[k.cat()] > 0 {
			around[texts[k.cat()]] = true
		}
	}
	if b.above == nil && c.keptAll == 0 {
		s.Outer = max(0, trace.Time(b.busy-b.keptInside))
	}
	for i := range s.Names {
		if cat := s.Names[i].Cat; around[string(cat)] {
			delete(around, string(cat))
			s.Inside = append(s.Inside, cat)
		}
	}
}
