package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"tracekit/internal/budget"
	"tracekit/internal/remote"
	"tracekit/internal/term"
	"tracekit/transform/ranks"

	"github.com/urfave/cli/v2"
)

// kinds of verbs, by what they make of several inputs.
type manyOf uint8

const (
	writesTraces  manyOf = iota // one each, into a folder
	writesFolders               // one each, in a folder
	writesBeside                // the input, one each
	fillsTable                  // one for all
	fillsReport                 // one for all, of what each adds
)

// manyVerbs take several inputs.
var manyVerbs = map[string]manyOf{
	"slice": writesTraces, "strip": writesTraces, "filter": writesTraces, "downsample": writesTraces, "repair": writesTraces,
	"split": writesFolders, "index": writesBeside, "info": fillsTable, "report": fillsReport, "check": fillsTable,
}

// acceptMany lets a verb take several inputs, each as if it were the only one.
func acceptMany(c *cli.Command, std streams) {
	kind, can := manyVerbs[c.Name]
	if !can {
		return
	}
	c.Flags = append(c.Flags, &cli.IntFlag{Name: "jobs", Aliases: []string{"j"}, Value: 1, Usage: "of several inputs, work on `N` at a time"})
	c.Flags = append(c.Flags, shardFlag())
	if kind == fillsTable || kind == fillsReport {
		c.Flags = append(c.Flags, expectFlag())
	}
	if kind == writesTraces || kind == writesFolders {
		c.Flags = append(c.Flags, &cli.BoolFlag{Name: "resume", Usage: "of several inputs, skip those whose output exists and is not older than the input"})
	}
	action := c.Action
	c.Action = func(c *cli.Context) error {
		args, err := manyArgs(c, std, kind)
		if err != nil {
			return err
		}
		switch {
		case args == nil && c.IsSet("shard"):
			return hint(usage("--shard takes a share of files"), "name them; an expression goes with -e EXPR")
		case args == nil:
			return action(c)
		}
		m := many{Context: c, std: std, kind: kind}
		return m.run(args)
	}
}

// manyArgs are the inputs, if they are several or the output is a folder for each; nil if not.
func manyArgs(c *cli.Context, std streams, kind manyOf) ([]string, error) {
	args := c.Args().Slice()
	if c.Command.Name == "filter" && !allInputs(args) {
		return nil, nil // one of them is an expression
	}
	some := len(args) > 1 || len(args) > 0 && (c.IsSet("shard") || c.IsSet("expect")) || (kind == writesTraces || kind == writesBeside) && len(args) == 1 && isFolder(c.String("output"))
	for _, arg := range args {
		some = some || isFolder(arg) || isPattern(arg) && (remote.Is(arg) || !isFile(arg))
	}
	if !some {
		return nil, nil
	}
	return manyInputs(c, std)
}

// allInputs reports whether each of some arguments names files, and more than one does.
func allInputs(args []string) bool {
	for _, arg := range args {
		if !isFile(arg) {
			if names, err := filepath.Glob(arg); err != nil || len(names) == 0 {
				return false
			}
		}
	}
	return true
}

func isFolder(name string) bool {
	if name == "" {
		return false
	}
	if remote.Is(name) {
		return remote.IsPrefix(name)
	}
	info, err := os.Stat(name)
	return err == nil && info.IsDir() || err != nil && os.IsPathSeparator(name[len(name)-1])
}

// many is a verb on several inputs.
type many struct {
	*cli.Context
	std     streams
	kind    manyOf
	dir     string // for outputs
	json    bool
	summary summaryOutput
	part    shard // of the inputs
	line    *term.Progress

	// Of report: a partial one, or a page and tables; nil for none.
	partial, html *output
	csv           *folder
}

// done is what became of an input.
type done struct {
	name   string
	output string
	there  bool // the output was there
	status int
	out    bytes.Buffer
	said   bytes.Buffer
	sum    bytes.Buffer   // what --summary has of it
	adds   *ranks.Partial // to the report of all
}

// run processes the inputs by their names, and then writes what all of them have in common: a
// summary, a table or the report of ranks.
func (m *many) run(names []string) error {
	jobs, err := bounded(m.Context, "jobs", 1024)
	if err != nil {
		return err
	}
	if err := m.prepare(names); err != nil {
		return err
	}
	all := m.outputs(names)
	if err := spareInputs(all); err != nil {
		return err
	}
	if all, err = m.share(names, all); err != nil {
		return err
	}
	status := exitDone
	if m.kind == fillsTable {
		if status, err = sayLacking(m.Context, m.std, lacking(m.Context, m.std, names, true)); err != nil {
			return err
		}
	}
	ctx, stop, err := m.bound(jobs)
	if err != nil {
		return err
	}
	defer stop()
	if status, err = m.processAll(ctx, stop, all, jobs, status); err != nil {
		return err
	}
	if err := m.summarize(all); err != nil {
		return err
	}
	switch m.kind {
	case fillsTable:
		if err := m.table(all); err != nil {
			return err
		}
	case fillsReport:
		if m.csv != nil {
			defer m.csv.Close()
		}
		lacks, err := m.report(all)
		if err != nil {
			return err
		}
		status = worse(status, lacks)
	}
	return m.end(all, status)
}

// processAll processes up to jobs inputs at a time, and prints what they say in their order. It
// returns the worst of their statuses and of status. stop ends what is still running after an error.
func (m *many) processAll(ctx context.Context, stop func(), all []done, jobs int, status int) (int, error) {
	m.line = m.progress(all)
	defer m.line.Stop()
	ready := make([]chan struct{}, len(all))
	turns := make(chan struct{}, jobs)
	var alone sync.RWMutex // an input that is done again has it for itself
	var running sync.WaitGroup
	for i := range all {
		ready[i] = make(chan struct{})
	}
	running.Go(func() {
		for i := range all {
			turns <- struct{}{}
			running.Go(func() {
				part := m.line.Begin(m.std.net.sizeOf(all[i].name))
				alone.RLock()
				again := m.one(ctx, &all[i], part)
				alone.RUnlock()
				if again {
					alone.Lock()
					m.one(ctx, &all[i], part)
					alone.Unlock()
				}
				part.End()
				close(ready[i])
				<-turns
			})
		}
	})
	for i := range all {
		<-ready[i]
		var err error
		m.line.Above(func() { err = m.say(&all[i]) })
		if err != nil {
			stop()
			running.Wait()
			return status, err
		}
		status = worse(status, all[i].status)
	}
	running.Wait()
	return status, m.Context.Context.Err()
}

// share leaves of all outputs those of this task.
func (m *many) share(names []string, all []done) (mine []done, err error) {
	s, err := shardOf(m.Context)
	if err != nil || s.count == 0 {
		return all, err
	}
	m.part = s
	places, bytes := s.share(names, m.std.net.sizeOf)
	for _, i := range places {
		mine = append(mine, all[i])
	}
	if !m.Bool("quiet") {
		fmt.Fprintln(m.std.err, s.describe(len(mine), len(names), bytes))
	}
	return mine, nil
}

// prepare checks flags that go with one input only, and makes the folder.
func (m *many) prepare(names []string) error {
	if slices.Contains(names, "-") {
		return hint(usage("standard input is one input"), "name files")
	}
	for _, flag := range []string{"html", "csv", "rejects", "index"} {
		if m.IsSet(flag) && (m.kind != fillsReport || flag == "index") {
			return hint(usage("--%s goes with one input", flag), "call %s for each", m.Command.Name)
		}
	}
	m.json = m.kind == fillsTable && m.Bool("json")
	if m.kind == fillsTable {
		return m.std.show(!m.Bool("quiet") || m.Command.Name != "check")
	}
	if m.kind == fillsReport {
		return m.prepareReport(names)
	}
	if err := m.prepareSummary(); err != nil {
		return err
	}
	if m.kind == writesBeside && !m.IsSet("output") || m.Bool("stats") || m.Bool("dry-run") {
		return nil
	}
	dir := m.String("output")
	info, err := os.Stat(dir)
	switch {
	case dir == "" || dir == "-", err == nil && !info.IsDir(), err != nil && !isFolder(dir) && filepath.Ext(dir) != "":
		if i := slices.IndexFunc(names, func(name string) bool { return !isFile(name) }); i >= 0 {
			return hint(fmt.Errorf("%s: no such file or directory", names[i]), "%s were named, with what stands behind a space: %s", term.Plural(len(names), "input"), term.Short(strings.Join(names, " "), 60))
		}
	}
	switch {
	case dir == "" || dir == "-":
		return hint(usage("%s, and no folder for what comes out", term.Plural(len(names), "input")), "-o DIR/ takes an output for each")
	case err == nil && !info.IsDir(), err != nil && !isFolder(dir) && filepath.Ext(dir) != "":
		return hint(usage("-o %s: %s make as many outputs", dir, term.Plural(len(names), "input")), "name a folder: -o DIR/")
	}
	m.dir = dir
	return makeFolder(m.std, dir)
}

// one runs the verb on one input. It reports true if that has to be done again, alone, since others
// took too much memory.
func (m *many) one(ctx context.Context, d *done, part *term.Part) (again bool) {
	if ctx.Err() != nil {
		return false
	}
	if d.output != "" && m.Bool("resume") && isNewer(m.Context, m.std, m.last(d.output), d.name) {
		d.there = true
		return false
	}
	if m.kind == fillsReport && m.partialInput(ctx, d) {
		return false
	}
	std := newStreams(strings.NewReader(""), &d.out, &d.said)
	std.net, std.part = m.std.net.within(), part
	if m.IsSet("summary") {
		std.summary = &d.sum
	}
	app := appOf(std)
	args := append([]string{app.Name, m.Command.Name}, m.passed()...)
	switch m.kind {
	case fillsTable:
		args = append(args, "--json")
	case fillsReport:
		args = append(args, "--partial=-")
	}
	if m.Command.Name == "check" {
		args = append(args, "--quiet") // the table says it
	}
	if d.output != "" {
		args = append(args, "--output="+d.output)
	}
	args = append(args, "--", d.name)
	err := app.RunContext(ctx, args)
	if ctx.Err() != nil {
		return false // which is said once
	}
	if e := (*budget.Error)(nil); errors.As(err, &e) && e.Shared {
		*d = done{name: d.name, output: d.output}
		return true
	}
	d.status = report(ctx, err, helpFor(app, args), std.err)
	if m.kind == fillsReport && (d.status == exitDone || d.status == exitDamaged) {
		if d.adds, err = ranks.Read(&d.out); err != nil {
			d.status = report(ctx, err, "", std.err)
		}
		d.out = bytes.Buffer{}
	}
	return false
}

// passed are the flags that hold for each input.
func (m *many) passed() (words []string) {
	own := []string{"output", "jobs", "resume", "shard", "expect", "json", "help", "partial", "html", "csv", "rows"} // --summary is passed, and std says where to
	for _, f := range m.Command.Flags {
		name := f.Names()[0]
		if !m.IsSet(name) || slices.Contains(own, name) {
			continue
		}
		if _, is := f.(*cli.StringSliceFlag); !is {
			words = append(words, fmt.Sprintf("--%s=%v", name, m.Value(name)))
			continue
		}
		for _, v := range m.StringSlice(name) {
			words = append(words, "--"+name+"="+v)
		}
	}
	return words
}

// say prints what was said of an input, with its name where that is not said.
func (m *many) say(d *done) error {
	if d.there && !m.Bool("quiet") {
		fmt.Fprintf(m.std.err, "%s: %s is there\n", remote.Shown(d.name), d.output)
	}
	for line := range strings.Lines(d.said.String()) {
		if !strings.HasPrefix(line, "tracekit: ") && !strings.HasPrefix(line, "hint: ") && !strings.HasPrefix(line, " ") {
			line = remote.Shown(d.name) + ": " + line
		}
		if _, err := io.WriteString(m.std.err, line); err != nil {
			return err
		}
	}
	d.said = bytes.Buffer{}
	if m.kind == fillsTable || m.kind == fillsReport || d.out.Len() == 0 {
		return nil
	}
	if err := m.std.show(false); err != nil {
		return err
	}
	_, err := fmt.Fprintf(m.std.out, "%s\n%s\n", term.Safe(remote.Shown(d.name)), d.out.Bytes())
	d.out = bytes.Buffer{}
	return writeError(err)
}

// end makes the exit status: the worst of all.
func (m *many) end(all []done, status int) error {
	failed := 0
	for i := range all {
		if all[i].status == exitFailed || all[i].status == exitUsage {
			failed++
		}
	}
	switch {
	case status == exitDone:
		return nil
	case failed > 0 && m.Command.Name != "check":
		err := fmt.Errorf("%d of %s failed", failed, term.Plural(len(all), "input"))
		if m.dir != "" {
			err = hint(err, "the others are done; --resume leaves them out next time")
		}
		return err
	}
	return noError{errors.New("some inputs were not as they should be"), status}
}

// worse is the status that says more of two: failures before damage, and that before a no.
func worse(a, b int) int {
	order := []int{exitDone, exitNo, exitDamaged, exitUsage, exitFailed}
	if slices.Index(order, b) > slices.Index(order, a) || !slices.Contains(order, b) {
		return b
	}
	return a
}
