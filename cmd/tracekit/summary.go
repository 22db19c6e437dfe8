package main

import (
	"tracekit/internal/jsondoc"
	"tracekit/trace"
	"tracekit/transform/pipeline"

	"github.com/urfave/cli/v2"
)

func summaryFlag() cli.Flag {
	return &cli.StringFlag{Name: "summary", Usage: "write to `FILE`, as JSON, what was done: counts of events and bytes, what was dropped, notes; - is standard output"}
}

func dryRunFlag() cli.Flag {
	return &cli.BoolFlag{Name: "dry-run", Usage: "print what would be done, write no trace"}
}

// summaryDoc is what a verb that writes traces says of its work in --summary.
type summaryDoc struct {
	Verb    string   `json:"verb"`
	Version string   `json:"version"`
	Call    string   `json:"call"`
	Inputs  []string `json:"inputs"`
	Output  string   `json:"output"`
	DryRun  bool     `json:"dry_run"`
	Status  int      `json:"status"`

	*readDoc
	*writtenDoc
	PackedBytes *int64 `json:"packed_bytes,omitempty"`

	Dropped []droppedDoc `json:"dropped"`
	Repairs []repairDoc  `json:"repairs,omitempty"`
	Pieces  *int         `json:"pieces,omitempty"`
	Range   *rangeDoc    `json:"range,omitempty"`
	Notes   []string     `json:"notes"`
	Damage  string       `json:"damage"`
}

type readDoc struct {
	EventsIn int64 `json:"events_in"`
	BytesIn  int64 `json:"bytes_in"`
}

// writtenDoc is what was written, or would be.
type writtenDoc struct {
	EventsOut int64 `json:"events_out"`
	BytesOut  int64 `json:"bytes_out"`
}

type droppedDoc struct {
	Kind   string `json:"kind"`
	Events int64  `json:"events"`
	Bytes  int64  `json:"bytes"`
}

type repairDoc struct {
	Kind  string `json:"kind"`
	Count int64  `json:"count"`
	Loses bool   `json:"loses"`
}

type rangeDoc struct {
	Start trace.Time `json:"start_ns"`
	End   trace.Time `json:"end_ns"`
}

// summaryOf is the summary of a verb's work on one input.
func summaryOf(c *cli.Context, in *input, rep pipeline.Report, output string, packed int64) *summaryDoc {
	call := callOf(c, in)
	d := &summaryDoc{
		Verb: c.Command.Name, Version: call.Version, Call: call.Call, Inputs: []string{in.name}, Output: output, DryRun: c.Bool("dry-run"),
		readDoc: &readDoc{rep.EventsIn, rep.BytesIn}, writtenDoc: &writtenDoc{rep.EventsOut, rep.BytesOut}, PackedBytes: &packed,
		Dropped: []droppedDoc{}, Notes: append([]string{}, rep.Notes...), Damage: rep.Damage.String(),
	}
	for _, k := range rep.Dropped {
		d.Dropped = append(d.Dropped, droppedDoc{k.Kind, k.Events, k.Bytes})
	}
	if rep.Range != nil {
		d.Range = &rangeDoc{rep.Range[0], rep.Range[1]}
	}
	switch {
	case rep.Damage.Lost():
		d.Status = exitDamaged
	case rep.Empty && c.Bool("fail-empty"):
		d.Status = exitNo
	}
	return d
}

// summaryOutput is where --summary goes.
type summaryOutput struct {
	std  streams
	file *output // nil if there is none
	show bool    // on standard output
}

// summaryTo reads --summary of a verb that writes something else to standard output, or nothing.
// It fails where the file must not be written.
func summaryTo(c *cli.Context, std streams, other string) (s summaryOutput, err error) {
	s.std = std
	switch name := c.String("summary"); {
	case !c.IsSet("summary") || std.summary != nil:
	case name == "-" && other != "":
		return s, hint(usage("--summary -: standard output has %s", other), "write one of them to a file")
	case name == "-":
		s.show = true
		return s, std.show(true)
	default:
		s.file, err = newOutput(std, "--summary", name, trace.Plain)
	}
	return s, err
}

// write writes a summary where it goes.
func (s summaryOutput) write(d any) error {
	if s.file == nil && !s.show && s.std.summary == nil {
		return nil
	}
	text, err := jsondoc.Marshal(d)
	if err != nil {
		return err
	}
	switch {
	case s.std.summary != nil:
		s.std.summary.Write(text)
		return nil
	case s.show:
		_, err := s.std.out.Write(text)
		return writeError(err)
	}
	return s.file.writeFile(text)
}

// prepareSummary is summaryTo for several inputs.
func (m *many) prepareSummary() (err error) {
	if m.kind == writesTraces || m.kind == writesFolders {
		other := ""
		switch {
		case m.Bool("stats"):
			other = "the tables"
		case m.Bool("dry-run") && m.kind == writesFolders:
			other = "the pieces"
		}
		m.summary, err = summaryTo(m.Context, m.std, other)
	}
	return err
}

// summarize writes the summaries of all inputs as one document.
func (m *many) summarize(all []done) error {
	return m.summary.write(filesOf(all, func(d *done) []byte { return d.sum.Bytes() }))
}

// shown is what a verb writes to standard output besides.
func (o *output) shown() string {
	if o.stdout != nil {
		return "the trace"
	}
	return ""
}
