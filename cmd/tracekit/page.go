package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"tracekit/filter"
	"tracekit/internal/remote"
	"tracekit/internal/term"
	"tracekit/transform/page"
	"tracekit/transform/requests"

	"github.com/urfave/cli/v2"
)

func pageFlag() cli.Flag {
	return &cli.StringFlag{Name: "html", Usage: "write a page to `FILE` that draws the trace over time, with the slice command for a selected range"}
}

// pageOutput is where --html says, nil if it is not given.
func pageOutput(c *cli.Context, std streams) (*output, error) {
	name := c.String("html")
	if !c.IsSet("html") {
		return nil, nil
	}
	if name == "-" {
		return nil, hint(usage("--html names a file"), "standard output is for the text; for a file of that name, ./-")
	}
	return newOutput(std, "--html", name, packings[strings.ToLower(filepath.Ext(name))])
}

// newPage returns what gathers a page.
func newPage(o requests.Options, given filter.Given) (*page.Collector, error) {
	f, err := requests.NewFinder(o)
	if err != nil {
		return nil, usage("%v", err)
	}
	return page.NewCollector(f, given), nil
}

// writePage writes the page of d to o.
func writePage(c *cli.Context, std streams, in *input, o *output, d *page.Data) error {
	d.Packed, d.Flags = in.Size(), pieceFlags(c)
	if name := c.Args().First(); name != "-" {
		d.Name = remote.Shown(name)
	}
	return commitPage(c, std, o, func(w io.Writer) error { return page.Write(w, d) })
}

// commitPage makes o the page that write writes, or leaves it as it was if that fails.
func commitPage(c *cli.Context, std streams, o *output, write func(w io.Writer) error) error {
	if err := o.open(); err != nil {
		return err
	}
	if err := write(o); err != nil {
		o.Abort()
		return writingTo(o.name, err)
	}
	if err := o.Commit(); err != nil {
		return err
	}
	if !c.Bool("quiet") {
		fmt.Fprintf(std.err, "%s: a page of %s in %s\n", c.Command.Name, term.Bytes(o.Bytes), o.name)
	}
	return nil
}
