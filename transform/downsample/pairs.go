package downsample

import (
	"cmp"
	"context"

	"tracekit/transform/internal/pairs"
)

// pair matches begins and ends as they follow each other in time on their line,
// and adds what they make to main. An end belongs to the latest open begin that has
// the name and category that it names, as Perfetto reads it.
func (l *learner) pair(ctx context.Context) error {
	defer l.marks.Close()
	var open pairs.Open[record]
	line := uint64(noLine)
	var failed error
	settle := func() {
		open.Drain(func(b record) {
			b.End = endless
			failed = cmp.Or(failed, l.paired(&b))
		})
	}
	if err := l.marks.Each(ctx, func(r *record) error {
		if r.Line != line {
			if settle(); failed != nil {
				return failed
			}
			line = r.Line
		}
		if r.Class != endMark && r.Pair != closing {
			open.Push(l.whatOf(r), *r)
			return nil
		}
		b, ok := open.Close(l.whatOf(r))
		if !ok {
			return l.loneEnd(*r)
		}
		b.End, b.Pair = r.Start, r.N
		b.Size += r.Size
		if b.Class == asyncMark {
			b.Name = r.Track
		}
		return l.paired(&b)
	}); err != nil {
		return err
	}
	settle()
	return failed
}

// whatOf is what a begin is, or an end tells of it, as pairs has it: numbers of texts in
// place of hashes, since those are at hand.
func (l *learner) whatOf(r *record) (what uint64) {
	if l.texts.all[r.Name] != "" {
		what = uint64(r.Name+1) << 24
	}
	if l.texts.all[r.Cat] != "" {
		what |= uint64(r.Cat+1) & (1<<24 - 1)
	}
	return what
}

// endless is the end of what is never closed.
const endless = 1<<63 - 1

// paired adds a pair, or a begin without an end.
func (l *learner) paired(b *record) error {
	r := *b
	if b.Class != asyncMark {
		r.Class = slice
		l.tally.pair(l.texts.all[r.Cat], &r)
		return l.main.Add(&r)
	}
	if r.Pair == r.N {
		r.Name = r.Track
	}
	r.Line, r.Class = asyncLine|uint64(r.Cat), async
	l.tally.pair(l.texts.all[r.Cat], &r)
	return l.main.Add(&r)
}

// loneEnd adds an end without a begin, which no viewer shows.
func (l *learner) loneEnd(r record) error {
	r.Line, r.Class, r.Pair, r.End = momentLine|uint64(r.Track), moment, r.N, r.Start
	return l.moment(r)
}
