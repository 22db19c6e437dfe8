// Package check reports what Perfetto makes of a trace: whether it loads, what is
// dropped or shown wrongly, and what other readers of JSON would refuse. [Run] reads a
// trace; a [Judge] is shown the events by repair. It changes nothing.
//
// It reads the text with a tokenizer of its own that follows Perfetto v58, and
// then replays what it needs of the events in order of time. Of each event that
// nests or belongs to a flow, 64 bytes are kept; what is more than 32 MB of
// these is sorted in a temporary file, which takes some 12 bytes an event.
// Besides, memory grows with the threads, the distinct names of B, E and async
// events, and the flows of a trace.
package check

import (
	"context"
	"errors"
	"io"
	"slices"

	"tracekit/internal/budget"
	"tracekit/internal/jsonlex"
	"tracekit/internal/perfetto"
	"tracekit/internal/spill"
	"tracekit/trace"
)

// Options choose how a trace is checked.
type Options struct {
	// Temp is called for a temporary file when there are more events than fit
	// into memory, or an archive comes through a pipe.
	Temp func() (*spill.File, error)

	// MaxText is how many bytes of text are read before it is too much
	// (trace.ErrTooMuch); 0 means as many as there are.
	MaxText int64
}

// Run checks the trace in r, packed or not. If r is an io.ReaderAt, size is its
// length in bytes, negative if that is not known. What is wrong with the trace
// is part of the report; an error says that it could not be judged.
func Run(ctx context.Context, r io.Reader, size int64, o Options) (*Report, error) {
	return (&checker{ctx: ctx, o: o, report: newReport(), block: blockSize, records: runRecords}).run(r, size)
}

// checker checks an input and what is packed in it.
type checker struct {
	ctx    context.Context
	o      Options
	report *Report
	read   int64 // bytes of text so far

	block   int // bytes read at once
	records int // kept in memory
}

func (c *checker) run(r io.Reader, size int64) (*Report, error) {
	if err := c.input(r, size, "", 0); err != nil {
		return nil, err
	}
	c.report.finish()
	return c.report, nil
}

// maxNesting is how deep an input may be packed.
const maxNesting = 8

// input checks a text, packed or not, or an archive of them. name is the name
// within an archive.
func (c *checker) input(r io.Reader, size int64, name string, depth int) error {
	head, in, err := peek(r)
	if err != nil {
		return err
	}
	p, why := sniff(head)
	if c.report.Format == "" || c.report.Format == gzipped.String() && p == tarred {
		c.report.Format = join(c.report.Format, p)
	}
	switch {
	case p == unknown && why == manifest && name != "":
		return nil
	case p == unknown && c.isOther(name, head, in):
		return nil
	case p == unknown || depth > maxNesting:
		c.report.fail(FormatUnknown, Place{Member: name, Line: 1, Head: headOf(head), Detail: why})
		return nil
	case p == plain:
		return c.text(&unpacked{Reader: in, begin: head}, name)
	case p == zipped:
		return c.zip(in, r, size, name, depth)
	case p == tarred:
		return c.tar(in, name, depth)
	}
	u, err := unpack(p, in)
	if err != nil {
		return err
	}
	defer u.close()
	inner, within, err := peek(u.Reader)
	if err != nil {
		return err
	}
	u.Reader, u.begin = within, inner
	if q, _ := sniff(inner); q != plain && len(inner) > 0 {
		return c.input(within, -1, name, depth+1)
	}
	if c.isOther(name, inner, within) {
		return nil
	}
	if why := notTrace(inner); why != "" {
		c.report.fail(FormatUnknown, Place{Member: name, Line: 1, Head: headOf(inner), Detail: why})
		return nil
	}
	return c.text(u, name)
}

func join(outer string, p packing) string {
	if outer == "" {
		return p.String()
	}
	return p.String() + "." + outer
}

// text checks the text of one trace.
func (c *checker) text(u *unpacked, name string) error {
	w := newWindow(c.limited(u, &c.read), c.block)
	defer w.close()
	d := &document{window: w, report: c.report, file: name, strict: jsonlex.Reader{Repeats: true}}
	events := newConsumer(d, c.records, c.o.Temp)
	defer events.order.Close()
	budget.Register(c.ctx, events.addMemory)
	end, err := d.read(c.ctx)
	if err == nil {
		err = d.failed // by the last event
	}
	if err != nil {
		return err
	}
	if end == ended && !d.bare && !d.keys["traceEvents"] {
		c.noEvents(u.begin, name)
	}
	if end == ended || end == stopped {
		if err := c.rest(d, u, end == stopped); err != nil {
			return err
		}
	}
	c.report.Bytes += w.off + int64(len(w.buf))
	if w.err != nil && !errors.Is(w.err, trace.ErrDecode) {
		return w.err
	}
	return c.replay(events)
}

// noEvents notes a document that Perfetto loads, and that is not a trace.
func (c *checker) noEvents(begin []byte, name string) {
	c.report.find(NoEvents, func() Place {
		return Place{Member: name, Line: 1, Head: headOf(begin), Detail: trace.NoEvents(begin).Error()}
	})
}

// rest judges what stands behind the document's end, if it counts at all.
func (c *checker) rest(d *document, u *unpacked, skip bool) error {
	end := d.off + int64(d.p)
	for found := skip; ; {
		if !found {
			if i := slices.IndexFunc(d.buf[d.p:], notSpace); i >= 0 {
				d.find(TrailingText, d.p+i)
				found = true
			}
		}
		d.p = len(d.buf)
		more, err := d.more(&d.p)
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	if d.err != nil {
		d.fail(CutCompression, len(d.buf), d.err.Error())
		return nil
	}
	if total := d.off + int64(len(d.buf)); !skip && total > end && total > u.chunkEnd(end) {
		d.fail(AfterEnd, len(d.buf), "more than Perfetto passes over")
	}
	return nil
}

// replay nests the slices and joins the flows.
func (c *checker) replay(events *consumer) error {
	p := newReplay(c.report, events.file, events.names, len(events.tracks.process))
	budget.Register(c.ctx, p.addMemory)
	if err := events.ordered(c.ctx, p.replayRecord); err != nil {
		return err
	}
	p.finish()
	events.times.impossible(c.report)
	events.quirk.finish(c.report)
	return nil
}

func notSpace(c byte) bool { return !perfetto.IsSpace(c) }
