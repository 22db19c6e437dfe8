package main

import (
	"path/filepath"
	"strings"

	"tracekit/internal/term"
	"tracekit/transform/merge"

	"github.com/urfave/cli/v2"
)

// meter counts what is read of an input of so many bytes, negative if that is not known.
func (s streams) meter(c *cli.Context, size int64) *term.Meter {
	if s.part != nil {
		return s.part.Meter(size)
	}
	return term.NewMeter(s.unguarded, size, s.showsProgress(c))
}

// showsProgress reports whether there is a line of progress.
func (s streams) showsProgress(c *cli.Context) bool {
	return !c.Bool("quiet") && isTerminal(s.unguarded)
}

// progress is the line that shows how far all inputs are.
func (m *many) progress(all []done) *term.Progress {
	bytes := int64(0)
	for i := range all {
		bytes += m.std.net.sizeOf(all[i].name)
	}
	return term.NewProgress(m.std.unguarded, bytes, len(all), m.std.showsProgress(m.Context))
}

// mergeProgress is the line that shows how far the inputs at some places are, each of which is read
// at least twice.
func mergeProgress(c *cli.Context, std streams, names []string, places []int, o *merge.Options) *term.Progress {
	bytes := int64(0)
	for _, i := range places {
		bytes += std.net.sizeOf(names[i])
	}
	readings := int64(2)
	if strings.EqualFold(filepath.Ext(c.String("output")), ".tar") && o.Slice == nil && o.Strip == nil {
		readings++ // the size of a member stands before it
	}
	line := term.NewProgress(std.unguarded, readings*bytes, 0, std.showsProgress(c))
	o.Again = func() { line.Expect(bytes) }
	return line
}
