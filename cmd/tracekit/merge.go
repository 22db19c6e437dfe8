package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"tracekit/internal/remote"
	"tracekit/internal/spill"
	"tracekit/internal/term"
	"tracekit/trace"
	"tracekit/transform/merge"
	"tracekit/transform/pipeline"
	"tracekit/transform/window"

	"github.com/urfave/cli/v2"
)

func mergeCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "merge",
		Usage:     "put the traces of many ranks on one timeline",
		UsageText: "tracekit merge -o FILE [FLAGS] FILE… | DIR | 'PATTERN'",
		Description: `Makes one trace of many. Names of processes begin with their rank, and processes
stand in the order of the ranks. Process ids and the ids that join events (flows,
correlation, External id, async events, Python frames) are changed where another
rank has the same. Ranks are known by distributedInfo, else by the names of the
files, else by their order.

Times are brought to one base. Where hosts differ, their clocks are corrected by
the collectives that all ranks leave together, or, if none are recorded, by steps.

With -o FILE.tar or FILE.zip the text of each trace is kept as it is, in an
archive that Perfetto v58 and later show as one timeline.

A range of --from, --to or --part is one of the merged trace; steps, phases and
requests are those of each rank.

` + rangeHelp + `

EXAMPLES
   tracekit merge -o all.json.gz traces/
   tracekit merge --step 120..122 --strip python -o steps.json.gz 'rank*.json.gz'
   tracekit merge -o run.json.gz vllm.pt.trace.json.gz server_events_vllm.json
   tracekit merge -o all.tar rank-0.json.gz rank-1.json.gz

` + exitText,
		Flags: append(append(append(append(rangeFlags(), markerFlags()...), requestFlags()...), cutFlags()...), append(append([]cli.Flag{
			&cli.BoolFlag{Name: "no-align", Usage: "do not correct clocks"},
			&cli.StringFlag{Name: "align", Usage: "correct clocks by `FILE`, as --clocks writes it, instead of estimating them"},
			shardFlag(), expectFlag(),
			&cli.StringFlag{Name: "clocks", Usage: "write the corrections of the clocks to `FILE`, for --align"},
			dryRunFlag(),
			tmpdirFlag(),
		}, givenFlags()...), outputFlags()...)...),
		Action: func(c *cli.Context) error { return rangeError(runMerge(c, std)) },
	}
}

func runMerge(c *cli.Context, std streams) error {
	names, err := manyInputs(c, std)
	switch {
	case err != nil:
		return err
	case len(names) == 0:
		return hint(usage("no input"), "name the traces, a folder that they are in, or a quoted pattern such as 'rank*.json.gz'")
	}
	for _, name := range names {
		if name == "-" {
			return hint(usage("merge reads each trace twice"), "name files")
		}
	}
	o, err := mergeOptions(c, std)
	if err != nil {
		return err
	}
	archive := archives[strings.ToLower(filepath.Ext(c.String("output")))]
	format := trace.Gzip
	if archive == nil {
		if format, err = outputFormat(c); err != nil {
			return err
		}
	}
	lacks, err := sayLacking(c, std, lacking(c, std, names, true))
	if err != nil {
		return err
	}
	places, err := mergeShare(c, std, names)
	if err != nil || len(places) == 0 {
		return err
	}
	shown := ""
	if name := c.String("output"); !c.Bool("dry-run") && (name == "" || name == "-") {
		shown = "the trace"
	}
	told, err := summaryTo(c, std, shown)
	if err != nil {
		return err
	}
	var inputs []merge.Input
	line := mergeProgress(c, std, names, places, &o)
	defer line.Stop()
	for n, i := range places {
		in := mergeInput(c, std, line, names[i], format)
		in.Others = i - n
		inputs = append(inputs, in)
		names[n] = names[i]
	}
	names = names[:len(places)]
	p, err := merge.Learn(c.Context, inputs, o)
	if err != nil {
		return mergeError(err)
	}
	if err := damagedInputs(c, p, true); err != nil {
		return err
	}
	var rep pipeline.Report
	var out *output
	if archive != nil {
		rep, out, err = writeArchive(c, std, p, archive, line)
	} else {
		rep, out, err = writeMerged(c, std, p, line)
	}
	if err != nil {
		return mergeError(err)
	}
	if err := told.write(mergeSummary(c, names, p, rep, out)); err != nil {
		return err
	}
	if err := writeClocks(c, std, p); err != nil {
		return err
	}
	if err := damagedInputs(c, p, false); err != nil || lacks == exitDone {
		return err
	}
	return noError{errLackingSome, lacks}
}

// mergeShare returns the places of the inputs that are merged: all, or a share of them.
func mergeShare(c *cli.Context, std streams, names []string) (places []int, err error) {
	s, err := shardOf(c)
	if err != nil {
		return nil, err
	}
	places, bytes := s.share(names, std.net.sizeOf)
	if s.count > 0 && !c.Bool("quiet") {
		fmt.Fprintln(std.err, s.describe(len(places), len(names), bytes))
	}
	return places, nil
}

// mergeInput opens a file as often as it is asked for.
func mergeInput(c *cli.Context, std streams, line *term.Progress, name string, format trace.Format) merge.Input {
	with := func(in *input, err error, f func() error) error {
		if err != nil {
			return err
		}
		defer in.Close()
		if info, err := os.Stat(name); in.size < 0 && err == nil && info.Mode().IsRegular() {
			return in.wrap(trace.ErrEmpty)
		}
		if in.size < 0 {
			return hint(usage("%s: merge reads each trace twice", name), "name files")
		}
		if err = f(); err == nil {
			err = in.checkUnchanged()
		}
		return in.wrap(err)
	}
	return merge.Input{
		Name:   baseName(name),
		Folder: baseName(folderName(name)),
		With: func(copies bool, f func(s *trace.Source) error) error {
			h := how{to: trace.Plain, file: true}
			if copies {
				h.to = format
			}
			part := line.Begin(std.net.sizeOf(name))
			defer part.End()
			std.part = part
			in, err := openNamed(c, std, name, h)
			return with(in, err, func() error { return f(in.Source) })
		},
	}
}

// mostNamed is how many arguments a merged trace names of the call that made it.
const mostNamed = 8

func mergeOptions(c *cli.Context, std streams) (o merge.Options, err error) {
	o.Align = !c.Bool("no-align")
	o.Spill = func() (*spill.File, error) { return spill.Create(c.String("tmpdir")) }
	o.Origin = callOf(c, &input{})
	for i, arg := range c.Args().Slice() {
		if i == mostNamed {
			o.Origin.Call += fmt.Sprintf(" and %d more", c.NArg()-mostNamed)
			break
		}
		o.Origin.Call += " " + quoteWord(baseName(arg))
	}
	if c.IsSet("align") {
		if !o.Align {
			return o, usage("--align and --no-align exclude each other")
		}
		if o.Clocks, err = readClocks(c, std, c.String("align")); err != nil {
			return o, err
		}
	}
	if err := needsRequest(c); err != nil {
		return o, err
	}
	if err := cutsRange(c); err != nil {
		return o, err
	}
	if namesRange(c) {
		s, err := sliceOptions(c, std)
		if err != nil {
			return o, err
		}
		o.Slice = &s
	}
	if o.Strip, err = stripKinds(c); err != nil {
		return o, err
	}
	return o, nil
}

// namesRange reports whether a flag names a range.
func namesRange(c *cli.Context) bool {
	for _, w := range ways {
		if c.IsSet(w.name) {
			return true
		}
	}
	return false
}

// readClocks reads corrections of clocks.
func readClocks(c *cli.Context, std streams, name string) (*merge.Clocks, error) {
	f, err := openText(c, std, "what --align reads", name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	const most = 64 << 20
	text, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return nil, plainPathError(err)
	}
	clocks := &merge.Clocks{}
	if err := json.Unmarshal(text, clocks); err != nil || len(clocks.Hosts) == 0 {
		return nil, hint(fmt.Errorf("%s: it has no corrections of clocks", remote.Shown(name)), `it is JSON such as {"hosts": [{"host": "rank 1", "offset_ns": -1200}]}; merge --clocks FILE writes such a file`)
	}
	clocks.By = baseName(name)
	return clocks, nil
}

// writeClocks writes what was found out of the clocks, if it was asked for.
func writeClocks(c *cli.Context, std streams, p *merge.Plan) error {
	if !c.IsSet("clocks") || c.Bool("dry-run") {
		return nil
	}
	if p.Clocks == nil {
		return hint(errors.New("--clocks: all traces have one clock, so that there is nothing to write"), "leave it out")
	}
	out, err := newOutput(std, "--clocks", c.String("clocks"), trace.Plain)
	if err != nil {
		return err
	}
	text, err := p.Clocks.Text()
	if err != nil {
		return err
	}
	return out.writeFile(text)
}

func writeMerged(c *cli.Context, std streams, p *merge.Plan, line *term.Progress) (rep pipeline.Report, out *output, err error) {
	if out, err = convertOutput(c, std); err != nil {
		return rep, nil, err
	}
	if rep, err = p.Write(c.Context, trace.NewWriter(out.Writer)); err != nil {
		out.Abort()
		return rep, nil, err
	}
	if err := out.Commit(); err != nil {
		return rep, nil, err
	}
	line.Stop()
	if !c.Bool("quiet") {
		fmt.Fprintln(std.err, summary(c.Command.Name, rep, out.Bytes)+out.unwritten())
		sayMerged(std, p)
	}
	return rep, out, nil
}

// archives are the endings of outputs that hold the traces as they are.
var archives = map[string]func(w io.Writer, temp func() (*spill.File, error)) merge.Archive{
	".tar": func(w io.Writer, _ func() (*spill.File, error)) merge.Archive { return merge.NewTar(w) },
	".zip": merge.NewZip,
}

func writeArchive(c *cli.Context, std streams, p *merge.Plan, archive func(io.Writer, func() (*spill.File, error)) merge.Archive, line *term.Progress) (rep pipeline.Report, out *output, err error) {
	if c.IsSet("compress") {
		return rep, nil, hint(usage("--compress: the members of a tar are not compressed, and those of a zip are"), "leave it out")
	}
	out = dryOutput(std)
	if !c.Bool("dry-run") {
		if out, err = newOutput(std, "--output", c.String("output"), trace.Plain); err != nil {
			return rep, nil, err
		}
		if err := out.open(); err != nil {
			return rep, nil, err
		}
	}
	n, err := p.WriteArchive(c.Context, archive(out, p.Spill))
	if err != nil {
		out.Abort()
		return rep, nil, err
	}
	if err := out.Commit(); err != nil {
		return rep, nil, err
	}
	line.Stop()
	if !c.Bool("quiet") {
		fmt.Fprintf(std.err, "merge: %d traces and a manifest, %s out%s; Perfetto v58 and later show them as one\n", n, term.Bytes(out.Bytes), out.unwritten())
		sayMerged(std, p)
	}
	return rep, out, nil
}

// mergeSummary is what --summary has of a merge. Of archives, which hold files as they are,
// nothing is counted but bytes of the archive.
func mergeSummary(c *cli.Context, names []string, p *merge.Plan, rep pipeline.Report, out *output) *summaryDoc {
	rep.Notes = p.Lines()
	d := summaryOf(c, &input{}, rep, out.name, out.Bytes)
	d.Inputs = names
	if rep.EventsIn == 0 {
		d.readDoc, d.writtenDoc = nil, nil
	}
	var lost []string
	for _, of := range p.Damaged() {
		lost = append(lost, fmt.Sprintf("%s: %v", of.Name, of.Damage.String()))
		if of.Damage.Lost() {
			d.Status = exitDamaged
		}
	}
	d.Damage = strings.Join(lost, "; ")
	return d
}

// sayMerged tells how traces went together.
func sayMerged(std streams, p *merge.Plan) {
	for _, line := range p.Lines() {
		fmt.Fprintln(std.err, term.Safe(line))
	}
}

// damagedInputs makes damage of inputs an error: a failure before anything is written, if
// --strict asks for that, else at the end.
func damagedInputs(c *cli.Context, p *merge.Plan, before bool) error {
	if before && !c.Bool("strict") {
		return nil
	}
	var lost []string
	for _, d := range p.Damaged() {
		if d.Damage.Lost() {
			lost = append(lost, fmt.Sprintf("%s is damaged: %v", d.Name, d.Damage.String()))
		}
	}
	if len(lost) == 0 {
		return nil
	}
	err := damageHint(errors.New(strings.Join(lost, "\n")))
	if before {
		return err
	}
	return damagedError{err}
}

// mergeError adds what to do about an error.
func mergeError(err error) error {
	switch {
	case errors.Is(err, merge.ErrClocks):
		return hint(err, "hosts are called as host_name in the traces, or as their rank: rank 3")
	case errors.Is(err, merge.ErrNothing), errors.Is(err, window.ErrRange):
		return hint(err, "times count from where the merged trace begins")
	}
	return err
}
