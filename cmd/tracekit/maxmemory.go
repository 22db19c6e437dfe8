package main

import (
	"context"
	"os"
	"slices"

	"tracekit/internal/budget"
	"tracekit/internal/term"

	"github.com/urfave/cli/v2"
)

// Of what a trace makes a verb remember, leastMemory is always allowed, and mostMemory
// only if it is asked for: docs/memory.md tells what that is.
const (
	leastMemory = 256 << 20
	mostMemory  = 2 << 30
)

const maxMemory = "max-memory"

// boundMemory gives a verb that reads a trace a flag that bounds what it remembers of it.
func boundMemory(c *cli.Command) {
	if !readsTraces(c) {
		return
	}
	c.Flags = append(c.Flags, &cli.StringFlag{
		Name: maxMemory, Usage: "fail if the state kept for the trace exceeds `SIZE` (default: 256MB plus the size of the input, at most 2GB)",
	})
	action := c.Action
	c.Action = func(c *cli.Context) error {
		limit, err := memoryLimit(c)
		if err != nil {
			return err
		}
		ctx, held := budget.With(c.Context, limit)
		defer held.Release()
		stop := held.Watch()
		defer stop()
		c.Context = ctx
		return memoryError(held, limit, action(c))
	}
}

// readsTraces reports whether a verb reads traces, all of which take a limit of their size.
func readsTraces(c *cli.Command) bool {
	return slices.ContainsFunc(c.Flags, func(f cli.Flag) bool { return f.Names()[0] == "max-size" })
}

// memoryError is the error of work that had a bound of memory, or that it exceeded that.
func memoryError(held *budget.Budget, limit int64, err error) error {
	if exceeded := held.Exceeded(); err != nil && exceeded != nil {
		return hint(exceeded, "--max-memory allows more than %s; docs/memory.md lists what grows with what", term.Bytes(limit))
	}
	return err
}

// memoryLimit is what the flag says, or what an input of its size may take.
func memoryLimit(c *cli.Context) (int64, error) {
	if c.IsSet(maxMemory) {
		limit, err := parseAmount(c.String(maxMemory), "B")
		if err != nil {
			return 0, usage("--max-memory %v", err)
		}
		return limit, nil
	}
	return usualMemory(c.Args().Slice()), nil
}

// usualMemory is what the first argument that is a file may take: an expression may stand before it.
func usualMemory(args []string) int64 {
	for _, arg := range args {
		if info, err := os.Stat(arg); err == nil && info.Mode().IsRegular() {
			return min(leastMemory+info.Size(), mostMemory)
		}
	}
	return mostMemory
}

// bound returns the context of all inputs: those that are worked on at a time have one bound of
// memory.
func (m *many) bound(jobs int) (ctx context.Context, stop func(), err error) {
	ctx, stop = context.WithCancel(m.Context.Context)
	if jobs == 1 {
		return ctx, stop, nil
	}
	limit := int64(mostMemory)
	if m.IsSet(maxMemory) {
		if limit, err = memoryLimit(m.Context); err != nil {
			stop()
			return nil, nil, err
		}
	}
	return budget.NewPool(limit).Join(ctx), stop, nil
}
