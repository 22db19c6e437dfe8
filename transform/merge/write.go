package merge

import (
	"context"
	"errors"
	"io"
	"strconv"

	"tracekit/internal/budget"
	"tracekit/internal/gzip/gzwrite"
	"tracekit/internal/jsondoc"
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/origin"
	"tracekit/transform/pipeline"
	"tracekit/transform/slice"
	"tracekit/transform/strip"
	"tracekit/transform/window"
)

// Write writes the merged trace, one file behind the other.
func (p *Plan) Write(ctx context.Context, w *trace.Writer) (pipeline.Report, error) {
	var rep pipeline.Report
	begun := false
	if p.apart != 0 {
		p.addNote("the traces lie %.0f days apart: Perfetto reads times that are more than 101 days behind the first to 2 ns or more, so that slices which touch may overlap; an archive (-o all.tar) keeps them", float64(p.apart)/86400e9)
	}
	for _, f := range p.files {
		rep.EventsIn += f.events
		rep.BytesIn += f.bytes
	}
	for _, f := range p.inOrder() {
		err := p.cut(ctx, f, func(s *trace.Source, cut *spill.File) error {
			if !begun {
				begun = true
				if err := p.begin(w, f, cut); err != nil {
					return err
				}
			}
			return p.writeFile(ctx, f, s, w)
		})
		switch {
		case errors.Is(err, window.ErrRange) && len(p.files) > 1:
			p.addNote("left out: %v", err)
		case err != nil:
			return rep, err
		}
	}
	if !begun {
		return rep, ErrNothing
	}
	if err := w.Text([]byte("\n]}\n")); err != nil {
		return rep, err
	}
	if err := w.Close(); err != nil {
		return rep, err
	}
	rep.EventsOut, rep.BytesOut = w.Events, w.Bytes
	return rep, nil
}

// inOrder are the files in the order of their ranks.
func (p *Plan) inOrder() (files []*file) {
	seen := map[*file]bool{}
	for _, r := range p.Ranks {
		for _, f := range r.files {
			if !seen[f] {
				seen[f] = true
				files = append(files, f)
			}
		}
	}
	return files
}

func (p *Plan) writeFile(ctx context.Context, f *file, s *trace.Source, w *trace.Writer) error {
	r, err := s.Read()
	if err != nil {
		return err
	}
	defer r.Close()
	change := newRewriter(f)
	budget.Register(ctx, func(sum *budget.Sum) { sum.Add("threads", change.memory()) })
	err = trace.EachPart(ctx, r, func(part *trace.Part) error {
		w.Follow(part)
		for i := range part.Events {
			if err := change.Event(&part.Events[i], w); err != nil {
				return err
			}
		}
		return budget.Check(ctx)
	})
	if err != nil {
		return err
	}
	return change.End(w)
}

// begin writes what stands before the events: first what the members of all documents say, and
// then what those of each rank say by themselves.
func (p *Plan) begin(w *trace.Writer, first *file, cut *spill.File) error {
	text := []byte("{")
	add := func(key string, value []byte) {
		text = append(append(append(append(append(text, '"'), key...), `": `...), value...), ",\n"...)
	}
	about, err := p.origin(first, cut)
	if err != nil {
		return err
	}
	add(origin.Member, about)
	common := p.common()
	if p.base != 0 {
		add("baseTimeNanoseconds", strconv.AppendInt(nil, p.base, 10))
	}
	for _, m := range common {
		add(m.key, []byte(m.value))
	}
	for _, r := range p.Ranks {
		own := []byte("{")
		for _, f := range r.files {
			for _, m := range f.members {
				if !p.isSaid(m, common) {
					own = append(append(append(append(append(own, '"'), m.key...), `": `...), m.value...), ", "...)
				}
			}
		}
		if len(own) > 1 && r.tag == "" {
			add(r.Label, append(own[:len(own)-2], '}'))
		}
	}
	return w.Text(append(text, `"traceEvents": [`...))
}

// isSaid reports a member that the merged document has for all ranks.
func (p *Plan) isSaid(m member, common []member) bool {
	if m.key == "baseTimeNanoseconds" {
		return m.value == strconv.FormatInt(p.base, 10)
	}
	for _, c := range common {
		if c == m {
			return true
		}
	}
	return false
}

// common are the members that all documents have, with the same value.
func (p *Plan) common() (all []member) {
	var with []*file
	for _, f := range p.files {
		if !f.bare {
			with = append(with, f)
		}
	}
	if len(with) == 0 {
		return nil
	}
next:
	for _, m := range with[0].members {
		if m.key == "baseTimeNanoseconds" || m.key == origin.Member {
			continue
		}
		for _, f := range with[1:] {
			if !f.says(m) {
				continue next
			}
		}
		all = append(all, m)
	}
	return all
}

func (f *file) says(m member) bool {
	for _, o := range f.members {
		if o == m {
			return true
		}
	}
	return false
}

// About is what the merged trace says of its ranks, under the member tracekit.
type About struct {
	Ranks  []AboutRank `json:"ranks"`
	Clocks *Clocks     `json:"clocks,omitempty"`
}

// AboutRank is a rank of a merged trace.
type AboutRank struct {
	Label string   `json:"rank"`
	By    string   `json:"by"`
	Files []string `json:"files"`
	IDs   uint64   `json:"ids_from"` // added to its ids
	Base  int64    `json:"base_ns,omitempty"`
}

// About describes the ranks and clocks.
func (p *Plan) About() About {
	a := About{Clocks: p.Clocks}
	for _, r := range p.Ranks {
		a.Ranks = append(a.Ranks, AboutRank{r.Label, r.By, r.Files, r.ids, r.files[0].base})
	}
	return a
}

// origin is the member tracekit. The numbers of steps are those of the first rank.
func (p *Plan) origin(f *file, cut *spill.File) ([]byte, error) {
	about, err := jsondoc.Compact(p.About())
	if err != nil {
		return nil, err
	}
	x := p.extent()
	o := &origin.Origin{Range: origin.Range{Start: x.Zero, End: x.Last.Add(1)}, Merged: about}
	if p.Origin != nil {
		o.Version, o.Call = p.Origin.Version, p.Origin.Call
	}
	if p.Slice != nil {
		of, err := originOf(cut)
		if err != nil {
			return nil, err
		}
		if of != nil {
			o.Range.Start, o.Range.End = f.clock.At(of.Range.Start), f.clock.At(of.Range.End)
			if o.Steps = of.Steps; o.Steps != nil {
				o.Steps.At = f.clock.At(o.Steps.At)
			} else if f.rank != nil && f.rank.span != nil {
				o.Steps = f.rank.span.steps
			}
		}
	}
	return o.Text()
}

// originOf reads what a piece says of its origin, which stands at its start.
func originOf(cut *spill.File) (*origin.Origin, error) {
	s, err := open(cut)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	r, err := s.Read()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := r.Next()
	if err != nil {
		return nil, err
	}
	for i := range b.Parts {
		if o := origin.FromDocument(b.Parts[i].Text); o != nil {
			return o, nil
		}
	}
	return nil, nil
}

// Damaged is a file that was not all that it should be.
type Damaged struct {
	Name   string
	Damage trace.Damage
}

// Damaged lists the files in which damage was met.
func (p *Plan) Damaged() (all []Damaged) {
	for _, f := range p.files {
		if len(f.damage.Finds()) > 0 {
			all = append(all, Damaged{f.Name, f.damage})
		}
	}
	return all
}

// cut calls use with what of a file is merged: all of it, or what slice and strip leave. That is
// packed, in a temporary file.
func (p *Plan) cut(ctx context.Context, f *file, use func(s *trace.Source, cut *spill.File) error) error {
	from := reading(func(use func(*trace.Source) error) error { return f.With(true, use) })
	var left *spill.File
	if p.Slice != nil {
		sliced, err := p.through(from, func(s *trace.Source, w *trace.Writer) error {
			_, err := slice.Run(ctx, s, w, p.sliceOf(f))
			return err
		})
		if err != nil {
			return err
		}
		defer sliced.Close()
		left, from = sliced, openOf(sliced)
	}
	if p.Strip != nil {
		stripped, err := p.strip(ctx, from)
		if err != nil {
			return err
		}
		defer stripped.Close()
		left, from = stripped, openOf(stripped)
	}
	return from(func(s *trace.Source) error { return use(s, left) })
}

// reading calls what uses a trace with it, each time again.
type reading func(use func(*trace.Source) error) error

func open(file *spill.File) (*trace.Source, error) {
	return trace.NewSource(io.NewSectionReader(file, 0, file.Size()), file.Size(), trace.SourceOptions{Record: true})
}

func openOf(file *spill.File) reading {
	return func(use func(*trace.Source) error) error {
		s, err := open(file)
		if err != nil {
			return err
		}
		defer s.Close()
		return use(s)
	}
}

// through gives what work writes of a trace.
func (p *Plan) through(from reading, work func(s *trace.Source, w *trace.Writer) error) (*spill.File, error) {
	file, err := p.Spill()
	if err != nil {
		return nil, err
	}
	z := gzwrite.NewWriter(file, gzwrite.Options{})
	if err = from(func(s *trace.Source) error { return work(s, trace.NewWriter(z)) }); err != nil {
		z.Abort()
	} else {
		err = z.Close()
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// strip takes kinds of events out of a trace, and does so again if it has to know more of it
// first.
func (p *Plan) strip(ctx context.Context, from reading) (*spill.File, error) {
	o := *p.Strip
	o.Restarts = func() bool { return true }
	run := func(s *trace.Source, w *trace.Writer) error {
		r, err := s.Read()
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = strip.Run(ctx, r, w, o)
		return err
	}
	file, err := p.through(from, run)
	if !strip.Relearns(err) {
		return file, err
	}
	if err := from(func(s *trace.Source) (err error) {
		v, err := s.Survey(nil)
		if err == nil {
			o.Known, err = strip.Learn(ctx, pipeline.BlocksOf(s, v.Blocks), o)
		}
		return err
	}); err != nil {
		return nil, err
	}
	return p.through(from, run)
}

// sliceOf is what is kept of a file: bounds are those of the merged trace.
func (p *Plan) sliceOf(f *file) slice.Options {
	o := *p.Slice
	o.Spill = p.Spill
	if p.Origin != nil {
		o.Origin = &origin.Call{Version: p.Origin.Version, Source: f.Name, Call: p.Origin.Call}
	}
	if p.cutsByBounds() {
		o.Range = window.Between(f.clock.Before(p.from), f.clock.Before(p.to))
	} else if f.rank != nil && f.rank.span != nil {
		o.Range = window.Between(f.clock.Before(f.rank.span.from), f.clock.Before(f.rank.span.to))
	}
	return o
}
