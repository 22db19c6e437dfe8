package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"tracekit/internal/spill"
	"tracekit/internal/term"
	"tracekit/trace"
	"tracekit/transform/pipeline"
	"tracekit/transform/requests"
	"tracekit/transform/slice"
	"tracekit/transform/split"
	"tracekit/transform/steps"
	"tracekit/transform/window"

	"github.com/urfave/cli/v2"
)

func splitCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "split",
		Usage:     "cut a trace into pieces that open",
		UsageText: "tracekit split --by KIND -o DIR [FLAGS] [FILE|-]",
		Description: `Writes pieces of a trace into a folder, each a trace of its own: the slice of its
time range. manifest.json and manifest.csv in the folder list the pieces.

KINDS
   step       a piece for each step of the run, or --every so many: from its start to
              the next one's, and what lies before and after as prologue and epilogue
   phase      a piece for each run of prefill, decode or mixed steps
   request    a piece for each request: by --requests FILE, else by ids in the trace
              (--request-key, --request-pattern), else inferred from batches
   time       pieces of --time each
   size       pieces of up to --size bytes of JSON, which is what a viewer has to
              read; the files are a tenth of that or less
   events     pieces of up to --events events
   process    a piece for each process, over the whole time

If the trace records launches, device work belongs to the step, phase or request
that launched it, unless --device time is given; in pieces of other kinds it belongs
to the time in which it ran, unless --device launched is given.

EXAMPLES
   tracekit split --by time --time 500ms -o pieces/ big.json.gz
   tracekit split --by size --size 200MB -o pieces/ big.json.gz
   tracekit split --by size --size 200MB --dry-run big.json.gz

` + exitText,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write to the folder `DIR`, which has to be empty or missing"},
			&cli.StringFlag{Name: "compress", Aliases: []string{"z"}, Value: "gzip", Usage: "`gzip|zstd|none`: how pieces are compressed"},
			&cli.StringFlag{Name: "by", Usage: "`step|phase|request|time|size|events|process`: one piece for each of these"},
			&cli.IntFlag{Name: "every", Usage: "`N` steps a piece"},
			&cli.IntFlag{Name: "steady", Usage: "only the `N` consecutive steps that represent the run best"},
			&cli.StringFlag{Name: "gaps", Usage: "`keep|drop`: what is between steps is kept with the step before, or dropped", Value: "keep"},
			&cli.StringFlag{Name: "phase", Usage: "`prefill|decode|mixed`: only pieces of this phase"},
			&cli.StringFlag{Name: "time", Usage: "length of a piece, a `TIME` such as 500ms"},
			&cli.StringFlag{Name: "size", Usage: "largest `SIZE` of a piece's JSON, such as 200MB"},
			&cli.StringFlag{Name: "events", Usage: "`NUMBER` of events of a piece at most, such as 1M"},
			&cli.IntFlag{Name: "max-pieces", Usage: "refuse to make more than `N` pieces", Value: split.MaxPieces},
			&cli.StringFlag{Name: "device", Usage: "`launched|time`: device work belongs to its launch, or to its own time (default: launched for --by step, phase and request, else time)"},
			&cli.StringFlag{Name: "name", Usage: "`TEMPLATE` of file names, of {kind} {index} {label} {phase} {start}"},
			&cli.BoolFlag{Name: "force", Usage: "write into a folder that is not empty: the files of an earlier split are replaced, all others are kept"},
			&cli.BoolFlag{Name: "dry-run", Usage: "print the pieces, write nothing"},
			summaryFlag(),
			stripKindsFlag(),
			tmpdirFlag(),
		}, append(append(append(markerFlags(), requestFlags()...), givenFlags()...), inputFlags()...)...),
		Action: func(c *cli.Context) error {
			o, err := splitOptions(c, std)
			if err != nil {
				return err
			}
			return splitTrace(c, std, o)
		},
	}
}

func splitTrace(c *cli.Context, std streams, o split.Options) error {
	dry := c.Bool("dry-run")
	in, err := openInput(c, std, how{twice: !dry, to: trace.Gzip, seek: dry && !c.Bool("strict")})
	if err != nil {
		return err
	}
	defer in.Close()
	shown := ""
	if c.Bool("dry-run") {
		shown = "the pieces"
	}
	told, err := summaryTo(c, std, shown)
	if err != nil {
		return err
	}
	var stripped pipeline.Report
	kinds, err := stripKinds(c)
	if err != nil {
		return err
	}
	if kinds != nil {
		o.Change = stripPieces(c, *kinds, &stripped)
	}
	o.Source, o.Origin = baseName(in.name), callOf(c, in)
	var m *split.Manifest
	if c.Bool("dry-run") {
		if err := std.show(true); err != nil {
			return err
		}
		if m, err = split.Plan(c.Context, in.Source, o); err != nil {
			return splitError(in, err)
		}
		in.meter.Stop()
		if err := refuseDamage(c, m); err != nil {
			return in.wrap(err)
		}
		if err := listPieces(std.out, m); err != nil {
			return writeError(err)
		}
	} else if m, err = splitInto(c, std, in, o); err != nil {
		return err
	}
	if !c.Bool("quiet") {
		tellSplit(c, std.err, m, stripped.Dropped)
	}
	if err := told.write(splitSummary(c, in, m, stripped)); err != nil {
		return err
	}
	return damage(in, m.Lost(), c.Bool("quiet"), std)
}

// splitSummary is what --summary has of a split. What is planned is not known by events and bytes.
func splitSummary(c *cli.Context, in *input, m *split.Manifest, rep pipeline.Report) *summaryDoc {
	rep.Damage, rep.Notes, rep.EventsIn, rep.BytesIn = m.Lost(), m.Notes(), m.EventsIn, m.BytesIn
	var packed int64
	rep.EventsOut, rep.BytesOut, packed = m.Sum()
	d := summaryOf(c, in, rep, c.String("output"), packed)
	pieces := len(m.Pieces)
	d.Pieces = &pieces
	if d.DryRun {
		d.writtenDoc, d.PackedBytes = nil, nil // which are not known before
	}
	return d
}

// refuseDamage fails if something of the input can't be kept and --strict is set.
func refuseDamage(c *cli.Context, m *split.Manifest) error {
	if lost := m.Lost(); lost.Lost() && c.Bool("strict") {
		return damageHint(fmt.Errorf("damaged: %v", lost.String()))
	}
	return nil
}

// splitInto writes the pieces.
func splitInto(c *cli.Context, std streams, in *input, o split.Options) (*split.Manifest, error) {
	dir, err := openSplitFolder(std, c.String("output"), c.Bool("force"))
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	if dir.format, err = formatOf(c.String("compress"), ""); err != nil {
		return nil, err
	}
	dir.check = func(m *split.Manifest) error { return refuseDamage(c, m) }
	dir.whole = in.checkUnchanged
	if in.size > 0 {
		dir.meter = in.meter
		dir.work = in.size // writing all pieces takes about as long as a reading
		o.Expect = func(readings float64) {
			done, _ := in.meter.Far()
			in.meter.Expect(done + int64(readings*float64(in.size)) + dir.work)
		}
		o.Expect(float64(split.Readings(o)))
	}
	m, err := split.Run(c.Context, in.Source, dir, spill.In(c.String("tmpdir")), o)
	in.meter.Stop()
	if err != nil {
		return nil, splitError(in, err)
	}
	for _, name := range dir.kept {
		fmt.Fprintf(std.err, "%s stays: it was changed since a split wrote it\n", dir.file(name))
	}
	return m, nil
}

// tellSplit says what was done, or would be.
func tellSplit(c *cli.Context, w io.Writer, m *split.Manifest, dropped []pipeline.Dropped) {
	pieces := term.Plural(len(m.Pieces), "piece")
	if c.Bool("dry-run") {
		fmt.Fprintf(w, "split: %s, nothing written\n", pieces)
	} else {
		events, bytes, packed := m.Sum()
		size := term.Bytes(bytes) + " of JSON"
		if packed != bytes {
			size += fmt.Sprintf(" (%s packed)", term.Bytes(packed))
		}
		fmt.Fprintf(w, "split: %s, %s, %s in %s%s\n", pieces, term.Plural(int(events), "event"), size, c.String("output"), droppedLine(dropped))
	}
	if c.IsSet("strip") && (c.IsSet("size") || c.IsSet("events")) {
		fmt.Fprintf(w, "--%s counts before --strip: pieces are smaller\n", c.String("by"))
	}
	for _, note := range append(m.Notes(), carriedNote(c, m)) {
		if note != "" {
			fmt.Fprintln(w, note)
		}
	}
	for i, q := range m.Outside {
		if i == 5 {
			fmt.Fprintf(w, "and %d more lie outside of the trace\n", len(m.Outside)-i)
			break
		}
		fmt.Fprintf(w, "request %s, from @%s to @%s, lies outside of the trace\n", term.Safe(q.Label), q.Start, q.End)
	}
}

// carriedNote says so where much of each piece is in the others too.
func carriedNote(c *cli.Context, m *split.Manifest) string {
	if m.Carried == 0 {
		return ""
	}
	if m.By == string(split.Events) {
		return fmt.Sprintf("of each piece's %s events, %d are names, open slices and counters that others have too: --events %d makes fewer pieces with less of that",
			c.String("events"), m.Carried, enoughFor(m.Carried))
	}
	return fmt.Sprintf("of each piece's %s, %s are names, open slices, counters and the text around the events, which others have too: --size %s makes fewer pieces with less of that",
		c.String("size"), term.Bytes(m.Carried), sizeFlag(enoughFor(m.Carried)))
}

// enoughFor is the target of which what has to be carried is a tenth, with two digits.
func enoughFor(carried int64) int64 {
	n, scale := carried*10, int64(1)
	for n/scale >= 100 {
		scale *= 10
	}
	return (n + scale - 1) / scale * scale
}

// sizeFlag is a size as a flag takes it.
func sizeFlag(n int64) string {
	for _, unit := range []struct {
		scale  int64
		suffix string
	}{{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}} {
		if n >= unit.scale {
			return strconv.FormatFloat(float64(n)/float64(unit.scale), 'f', -1, 64) + unit.suffix
		}
	}
	return strconv.FormatInt(n, 10)
}

func splitError(in *input, err error) error {
	err = requestError(err)
	var tooMany *split.TooManyError
	var carry *split.CarryError
	switch {
	case errors.As(err, &tooMany):
		return hint(in.wrap(err), "ask for larger ones, or say --max-pieces %d", tooMany.Pieces)
	case errors.As(err, &carry) && carry.InEvents:
		return hint(in.wrap(err), "--events %d would be enough", enoughFor(carry.Carry))
	case errors.As(err, &carry):
		return hint(in.wrap(err), "--size %s would be enough", sizeFlag(enoughFor(carry.Carry)))
	case errors.As(err, new(*requests.NoneError)):
		return in.wrap(err)
	case errors.As(err, new(*steps.NoMarkersError)):
		return noSteps(in.wrap(err), "; split --by time or size needs none")
	case errors.Is(err, split.ErrOutside):
		return hint(in.wrap(err), requestTimes)
	case errors.Is(err, split.ErrNothing):
		return hint(in.wrap(err), "tracekit info shows what is in it")
	}
	return in.wrap(err)
}

// listPieces tells a plan.
func listPieces(w io.Writer, m *split.Manifest) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "file\tfrom\tto\tlength\tlabel")
	for i := range m.Pieces {
		q := &m.Pieces[i]
		fmt.Fprintf(t, "%s\t@%s\t@%s\t%v\t%s\n", q.File, q.Start, q.End, q.Length(), term.Safe(q.Label))
	}
	for _, q := range m.Outside {
		fmt.Fprintf(t, "-\t@%s\t@%s\t-\t%s, outside of the trace\n", q.Start, q.End, term.Safe(q.Label))
	}
	return t.Flush()
}

// pieceEndings end the names of pieces.
var pieceEndings = map[trace.Format]string{trace.Gzip: ".json.gz", trace.Zstd: ".json.zst", trace.Plain: ".json"}

func splitOptions(c *cli.Context, std streams) (o split.Options, err error) {
	o.By, o.Name = split.By(c.String("by")), c.String("name")
	if !c.Bool("dry-run") && c.String("output") == "" {
		return o, hint(usage("no folder"), "name one with -o DIR, or say --dry-run to see the plan")
	}
	kinds := map[split.By]string{split.Step: "", split.Request: "", split.Phase: "", split.Time: "time", split.Size: "size", split.Events: "events", split.Process: ""}
	want, known := kinds[o.By]
	if o.By == "" {
		return o, hint(usage("--by is missing"), "a piece for each step, phase, request, time, size, events or process")
	}
	if !known {
		return o, hint(usage("--by %q", o.By), "step, phase, request, time, size, events or process")
	}
	format, err := formatOf(c.String("compress"), "")
	if err != nil {
		return o, err
	}
	o.Ending = pieceEndings[format]
	if err := split.CheckTemplate(o.Name); err != nil {
		return o, hint(usage("--name %q: %v", o.Name, err), "it takes {kind}, {index}, {label}, {phase} and {start}")
	}
	if err := stepping(c, &o); err != nil {
		return o, err
	}
	for _, f := range requestFlags() {
		if name := f.Names()[0]; c.IsSet(name) && o.By != split.Request {
			return o, usage("--%s goes with --by request", name)
		}
	}
	if o.Requests, err = requestsOf(c, std); err != nil {
		return o, err
	}
	for _, name := range []string{"time", "size", "events"} {
		switch {
		case name == want && !c.IsSet(name):
			return o, usage("--by %s wants --%s", o.By, name)
		case name != want && c.IsSet(name):
			return o, usage("--%s goes with --by %s", name, name)
		}
	}
	switch want {
	case "time":
		if o.Time, err = window.ParseDuration(c.String("time")); err != nil || o.Time == 0 {
			return o, usage("--time %q: write it as 500ms or 2s", c.String("time"))
		}
	case "size":
		if o.Size, err = parseAmount(c.String("size"), "B"); err != nil {
			return o, usage("--size %v", err)
		}
	case "events":
		if o.Events, err = parseAmount(c.String("events"), ""); err != nil {
			return o, usage("--events %v", err)
		}
	}
	follows := o.By == split.Step || o.By == split.Phase || o.By == split.Request
	switch d := c.String("device"); {
	case d == "time" || d == "" && !follows:
		o.Device = slice.ByTime
	case d == "" || d == "launched" && o.By != split.Process:
		o.Device = slice.Launched
	default:
		return o, hint(usage("--device %q", d), "time or launched; pieces of a process are judged by time")
	}
	if o.Given, err = givenOf(c); err != nil {
		return o, err
	}
	return o, nil
}

// stepping reads the flags of steps and phases.
func stepping(c *cli.Context, o *split.Options) (err error) {
	for _, name := range []string{"every", "steady", "gaps", "step-marker", "step-pid", "step-tid"} {
		if c.IsSet(name) && o.By != split.Step && (o.By != split.Phase && o.By != split.Request || name == "every" || name == "steady") {
			return usage("--%s goes with --by step", name)
		}
	}
	if c.IsSet("phase") && o.By != split.Phase {
		return usage("--phase goes with --by phase")
	}
	if c.IsSet("every") && c.IsSet("steady") {
		return usage("--every and --steady exclude each other")
	}
	if o.MaxPieces, err = bounded(c, "max-pieces", mostSteps); err != nil {
		return err
	}
	for name, to := range map[string]*int{"every": &o.Every, "steady": &o.Steady} {
		if c.IsSet(name) {
			if *to, err = bounded(c, name, mostSteps); err != nil {
				return err
			}
		}
	}
	switch g := c.String("gaps"); g {
	case "keep":
	case "drop":
		o.DropGaps = true
	default:
		return hint(usage("--gaps %q", g), "keep or drop")
	}
	if c.IsSet("phase") {
		phase, err := steps.ParsePhase(c.String("phase"))
		if err != nil {
			return usage("--phase: %v", err)
		}
		o.Only = &phase
	}
	o.Marker, err = markerOf(c)
	return err
}

// parseAmount reads a number with k, M or G and, where a unit is given, that.
func parseAmount(s, unit string) (int64, error) {
	text := strings.TrimSuffix(strings.TrimSpace(s), unit)
	scale := int64(1)
	for suffix, by := range map[string]int64{"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9} {
		if t, ok := strings.CutSuffix(text, suffix); ok {
			text, scale = t, by
			break
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n > 0) || n*float64(scale) > 1e18 || n*float64(scale) < 1 {
		return 0, fmt.Errorf("%q: write it as 200M%s or 1.5G%s", s, unit, unit)
	}
	return int64(n * float64(scale)), nil
}
