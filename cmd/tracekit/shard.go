package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"tracekit/internal/minheap"
	"tracekit/internal/term"

	"github.com/urfave/cli/v2"
)

// shard is one of several equal parts of the inputs, counted from 0. The zero value is all of
// them.
type shard struct{ number, count int }

// mostShards bounds how many parts there may be.
const mostShards = 1_000_000

// taskNumbers are the variables in which schedulers number the tasks of a job.
var taskNumbers = []string{"SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"}

func shardFlag() cli.Flag {
	return &cli.StringFlag{Name: "shard", Usage: "of several inputs, process only share `N/M`: task N of M, counted from 0; /M takes N from SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX"}
}

// shardOf is the share that --shard names.
func shardOf(c *cli.Context) (s shard, err error) {
	if !c.IsSet("shard") {
		return s, nil
	}
	text := c.String("shard")
	number, count, found := strings.Cut(text, "/")
	if s.count, err = strconv.Atoi(count); !found || err != nil || s.count < 1 || s.count > mostShards {
		return s, hint(usage("--shard %s: it is no share", text), "--shard 3/16 is the fourth of 16, which count from 0; --shard /16 takes the number from %s", strings.Join(taskNumbers, " or "))
	}
	if number == "" {
		if number, err = taskNumber(text); err != nil {
			return s, err
		}
	}
	s.number, err = strconv.Atoi(number)
	if err != nil || s.number < 0 || s.number >= s.count {
		return s, hint(usage("--shard %s/%d: shares count from 0 to %d", number, s.count, s.count-1), "an array of as many tasks is --array=0-%d", s.count-1)
	}
	return s, nil
}

// taskNumber is the number that a scheduler has given to this task.
func taskNumber(text string) (number string, err error) {
	for _, name := range taskNumbers {
		value := os.Getenv(name)
		switch {
		case value == "":
		case number != "" && number != value:
			return "", hint(usage("--shard %s: %s are set, and differ", text, strings.Join(taskNumbers, " and ")), "say which number is meant: --shard 0%s", text)
		default:
			number = value
		}
	}
	if number == "" {
		return "", hint(usage("--shard %s: neither %s is set", text, strings.Join(taskNumbers, " nor ")), "say which share is meant: --shard 0%s", text)
	}
	return number, nil
}

// share returns the places of the inputs that are s's, in order: the largest file first, each
// goes to the share that has least so far. Whoever sees the same files of the same sizes comes
// to the same shares.
func (s shard) share(names []string, sizeOf func(name string) int64) (places []int, bytes int64) {
	if s.count == 0 {
		s.count = 1
	}
	type input struct {
		place int
		bytes int64
	}
	inputs := make([]input, len(names))
	for i, name := range names {
		inputs[i].place, inputs[i].bytes = i, sizeOf(name)
	}
	slices.SortStableFunc(inputs, func(a, b input) int { return cmp.Compare(b.bytes, a.bytes) })
	var loads minheap.Heap[load]
	for i := range min(s.count, len(names)) {
		loads.Push(load{number: i})
	}
	for _, in := range inputs {
		least := loads.Top()
		if least.number == s.number {
			places = append(places, in.place)
			bytes += in.bytes
		}
		least.work += in.bytes + perInput
		loads.Fix()
	}
	slices.Sort(places)
	return places, bytes
}

// perInput is what an input costs besides its size, in bytes that could be read meanwhile.
const perInput = 1 << 20

// load is what a share has been given.
type load struct {
	number int
	work   int64
}

// Before orders shares by what they have, and by their numbers.
func (l load) Before(o load) bool {
	return l.work < o.work || l.work == o.work && l.number < o.number
}

// describe says how many of all inputs are of the share.
func (s shard) describe(some, all int, bytes int64) string {
	return fmt.Sprintf("shard %d/%d: %d of %s, %s", s.number, s.count, some, term.Plural(all, "input"), term.Bytes(bytes))
}
