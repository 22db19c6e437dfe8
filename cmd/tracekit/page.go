package main

import (
	"fmt"

	"tracekit/internal/progress"
	"tracekit/transform/overview"

	"github.com/urfave/cli/v2"
)

func pageFlag() cli.Flag {
	return &cli.StringFlag{Name: "html", Usage: "write a page to `FILE` that draws the trace over time and tells the slice command of a range"}
}

// writePage writes the page of d where --html says.
func writePage(c *cli.Context, std streams, in *input, d *overview.Data) error {
	d.Packed = in.Size()
	if name := c.Args().First(); name != "-" {
		d.Name = name
	}
	o := &output{name: c.String("html")}
	if err := o.create(o.name, in); err != nil {
		return err
	}
	o.Writer = counted{o.file, o.name, &o.Bytes}
	if err := overview.Write(o, d); err != nil {
		o.Abort()
		return writingTo(o.name, err)
	}
	if err := o.Commit(); err != nil {
		return err
	}
	if !c.Bool("quiet") {
		fmt.Fprintf(std.err, "%s: a page of %s in %s\n", c.Command.Name, progress.Bytes(o.Bytes), o.name)
	}
	return nil
}
