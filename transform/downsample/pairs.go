package downsample

import (
	"context"
	"slices"
)

// pair matches begins and ends as they follow each other in time on their line,
// and adds what they make to main. An end belongs to the latest open begin that has
// the name and category that it names, as Perfetto reads it.
func (l *learner) pair(ctx context.Context) error {
	marks, err := l.marks.sorted()
	if err != nil {
		return err
	}
	defer marks.close()
	var open []record
	line := uint64(noLine)
	settle := func() error {
		for i := range open {
			b := &open[i]
			b.End = endless
			if err := l.paired(b); err != nil {
				return err
			}
		}
		open = open[:0]
		return nil
	}
	if err := marks.each(ctx, func(r *record) error {
		if r.Line != line {
			if err := settle(); err != nil {
				return err
			}
			line = r.Line
		}
		if r.Class != endMark && r.Pair != closing {
			open = append(open, *r)
			return nil
		}
		i := len(open) - 1
		for i >= 0 && !l.closes(r, &open[i]) {
			i--
		}
		if i < 0 {
			return l.loneEnd(*r)
		}
		begin := open[i]
		open = slices.Delete(open, i, i+1)
		b := &begin
		b.End, b.Pair = r.Start, r.N
		b.Size += r.Size
		if b.Class == asyncMark {
			b.Name = r.Track
		}
		return l.paired(b)
	}); err != nil {
		return err
	}
	return settle()
}

// closes reports whether the end r is one of b.
func (l *learner) closes(r, b *record) bool {
	named := func(n uint32) bool { return l.texts.all[n] != "" }
	return (r.Name == b.Name || !named(r.Name)) && (r.Cat == b.Cat || !named(r.Cat))
}

// endless is the end of what is never closed.
const endless = 1<<63 - 1

// paired adds a pair, or a begin without an end.
func (l *learner) paired(b *record) error {
	r := *b
	if b.Class != asyncMark {
		r.Class = slice
		l.tally.pair(l.texts.all[r.Cat], &r)
		return l.main.add(&r)
	}
	if r.Pair == r.N {
		r.Name = r.Track
	}
	r.Line, r.Class = asyncLine|uint64(r.Cat), async
	l.tally.pair(l.texts.all[r.Cat], &r)
	return l.main.add(&r)
}

// loneEnd adds an end without a begin, which no viewer shows.
func (l *learner) loneEnd(r record) error {
	r.Line, r.Class, r.Pair, r.End = momentLine|uint64(r.Track), moment, r.N, r.Start
	return l.moment(r)
}
