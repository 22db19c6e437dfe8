package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"tracekit/internal/progress"
	"tracekit/trace"
	"tracekit/transform/info"

	"github.com/urfave/cli/v2"
)

func infoCommand(std streams) *cli.Command {
	return &cli.Command{
		Name:      "info",
		Usage:     "tell what is in a trace, before anyone can open it",
		UsageText: "tracekit info [--json|--html FILE] [FILE|-]",
		Description: `Shows the range of time, events and bytes by category, processes and threads.

EXAMPLE
   tracekit info vllm.pt.trace.json.gz

` + exitText,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "write JSON, for scripts"},
			pageFlag(),
		}, inputFlags()...),
		Action: func(c *cli.Context) error {
			if c.IsSet("html") {
				return pageOfTrace(c, std)
			}
			in, err := openInput(c, std, false)
			if err != nil {
				return err
			}
			defer in.Close()
			found, _, err := info.Inspect(c.Context, in.Source, info.Options{})
			if err != nil {
				return in.wrap(err)
			}
			in.meter.Stop()
			if err := strictly(c, in, found.Damage); err != nil {
				return err
			}
			if c.Bool("json") {
				err = writeInfoJSON(std.out, found)
			} else {
				err = writeInfo(std.out, in, found)
			}
			if err != nil {
				return writeError(err)
			}
			return damage(in, found.Damage, c.Bool("quiet"), std)
		},
	}
}

func writeInfoJSON(w io.Writer, i *info.Info) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(struct {
		*info.Info
		Damage string `json:"damage"`
	}{i, i.Damage.String()})
}

// shownRows is how many rows of a list fit a screen.
const shownRows = 12

func writeInfo(w io.Writer, in *input, i *info.Info) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "trace\t%s\n", clean(in.name))
	size := progress.Bytes(i.Bytes) + " of JSON"
	if in.Size() >= 0 && in.Format() != trace.Plain {
		size += fmt.Sprintf(", %s as %v", progress.Bytes(in.Size()), in.Format())
	}
	fmt.Fprintf(t, "size\t%s, %d events\n", size, i.Events)
	fmt.Fprintf(t, "time\t%v, from @%s to @%s\n", time.Duration(i.Last-i.Zero), micros(i.Zero), micros(i.Last))
	if i.BaseTime != 0 && i.Last > i.Zero {
		fmt.Fprintf(t, "wall clock\t%s\n", time.Unix(0, i.BaseTime+int64(i.Zero)).UTC().Format(time.RFC3339Nano))
	}
	fmt.Fprintf(t, "\nphase\tcategory\tevents\tbytes\tshare\n")
	for n, k := range i.Kinds {
		if n == shownRows {
			fmt.Fprintf(t, "…\t%d more\n", len(i.Kinds)-n)
			break
		}
		cat := clean(k.Cat)
		if cat == "" {
			cat = "-"
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%.1f%%\n", k.Phase, cat, k.Events, progress.Bytes(k.Bytes), 100*float64(k.Bytes)/float64(max(i.Bytes, 1)))
	}
	fmt.Fprintf(t, "\nprocess\tname\tevents\tthreads\tbusiest\n")
	for n, p := range i.Processes {
		if n == shownRows {
			fmt.Fprintf(t, "…\t%d more\n", len(i.Processes)-n)
			break
		}
		name := clean(p.Name)
		if p.Labels != "" {
			name += " (" + clean(p.Labels) + ")"
		}
		busiest := p.Threads[0]
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%s %s\n", clean(p.Pid), name, p.Events, len(p.Threads), clean(busiest.Tid), clean(busiest.Name))
	}
	return t.Flush()
}

func micros(t trace.Time) string { return string(trace.AppendMicros(nil, t)) }

// clean makes text of a trace safe to show on a terminal, and short.
func clean(s string) string {
	r := []rune(s)
	for i, c := range r {
		if c < ' ' || c >= 0x7f && c < 0xa0 {
			r[i] = '?'
		}
	}
	if len(r) > 60 {
		r = append(r[:59], '…')
	}
	return string(r)
}
