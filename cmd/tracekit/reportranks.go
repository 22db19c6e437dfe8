package main

import (
	"context"
	"fmt"
	"strings"

	"tracekit/internal/jsondoc"
	"tracekit/internal/remote"
	"tracekit/internal/term"
	"tracekit/transform/ranks"

	"github.com/urfave/cli/v2"
)

// partialFile reads an input that is a partial report, told by its content; nil if it is none.
func partialFile(c *cli.Context, std streams, name string) (*ranks.Partial, error) {
	if name == "" || name == "-" {
		return nil, nil
	}
	in, err := openIf(c, std, name, partialHead, ranks.Is)
	if in == nil || err != nil {
		return nil, err
	}
	defer in.Close()
	p, err := ranks.Read(in)
	if err != nil {
		return nil, hint(fmt.Errorf("%s: %w", remote.Shown(name), err), "make it again: tracekit report --partial %s TRACE", baseName(name))
	}
	return p, nil
}

// partialHead is how much of a file tells that it is a partial report, packed or not.
const partialHead = 64 << 10

// partialOutput is where --partial says, nil if it is not given.
func partialOutput(c *cli.Context, std streams) (*output, error) {
	name := c.String("partial")
	if !c.IsSet("partial") {
		return nil, nil
	}
	for _, flag := range []string{"json", "csv", "html"} {
		if c.IsSet(flag) {
			return nil, hint(usage("--partial and --%s exclude each other", flag), "report the partial reports: tracekit report --%s ... *.partial", flag)
		}
	}
	format, err := formatOf("", name)
	if err != nil {
		return nil, err
	}
	if name == "-" {
		return std.output(format)
	}
	return newOutput(std, "--partial", name, format)
}

// writePartial writes a partial report to o.
func writePartial(c *cli.Context, std streams, o *output, p *ranks.Partial) error {
	if err := o.open(); err != nil {
		return err
	}
	if err := p.Write(o); err != nil {
		o.Abort()
		return writingTo(o.name, err)
	}
	if err := o.Commit(); err != nil {
		return err
	}
	if !c.Bool("quiet") && o.stdout == nil {
		fmt.Fprintf(std.err, "report: a partial report of %s, %s, in %s\n", term.Plural(len(p.Traces), "trace"), term.Bytes(o.Bytes), o.name)
	}
	return nil
}

// reportRanks writes the report of p to where the flags say, and returns the exit status of what p
// lacks.
func reportRanks(c *cli.Context, std streams, p *ranks.Partial, html *output, csv *folder) (lacks int, err error) {
	if lacks, err = reportLacks(c, std, p); err != nil {
		return lacks, err
	}
	r, err := p.Report()
	if err != nil {
		return lacks, err
	}
	if html != nil {
		if err := commitPage(c, std, html, r.WriteHTML); err != nil {
			return lacks, err
		}
	}
	switch {
	case c.Bool("json"):
		err = writeError(jsondoc.Write(std.out, r))
	case csv != nil:
		err = writeTables(c, std, csv, r.Tables())
	default:
		err = writeError(r.WriteText(std.out, ranks.TextOptions{Rows: c.Int("rows"), Screen: screen(std.out)}))
	}
	return lacks, err
}

// prepareReport checks the flags of a report of many, and where it goes.
func (m *many) prepareReport(names []string) (err error) {
	if _, err = reportOptions(m.Context, m.std); err != nil {
		return err
	}
	if m.Bool("for-compare") {
		return hint(usage("--for-compare is of one trace"), "report each by itself, or write what ranks add with --partial: compare reads that too")
	}
	if name := m.String("partial"); name != "" {
		for i := range names {
			if err := spareInputs([]done{{name: names[i], output: name}}); err != nil {
				return err
			}
		}
	}
	m.partial, err = partialOutput(m.Context, m.std)
	if err != nil || m.partial != nil {
		return err
	}
	m.html, m.csv, err = tableOutputs(m.Context, m.std, new(ranks.Result).Tables())
	return err
}

// report writes the report of what inputs add, or that as one partial report, and returns the exit
// status of what is lacking.
func (m *many) report(all []done) (status int, err error) {
	var parts []*ranks.Partial
	for i := range all {
		if all[i].adds != nil {
			parts = append(parts, all[i].adds)
		}
	}
	if m.partial != nil && len(parts) < len(all) || m.partial == nil && len(parts) == 0 {
		return exitDone, nil // end says how many failed
	}
	p, err := ranks.Merge(parts...)
	if err != nil {
		return exitFailed, err
	}
	if m.partial != nil {
		if m.part.count > 0 {
			p.Shards = append(p.Shards, ranks.Shard{Number: m.part.number, Of: m.part.count})
		}
		return exitDone, writePartial(m.Context, m.std, m.partial, p)
	}
	return reportRanks(m.Context, m.std, p, m.html, m.csv)
}

// partialInput reads an input that is a partial report, and reports whether it is one.
func (m *many) partialInput(ctx context.Context, d *done) bool {
	std := newStreams(strings.NewReader(""), &d.out, &d.said)
	std.net = m.std.net.within()
	p, err := partialFile(m.Context, std, d.name)
	if d.adds = p; err != nil {
		d.status = report(ctx, err, "", std.err)
	}
	return p != nil || err != nil
}
