package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tracekit/internal/testkit/guard/before"
)

// pair is a command of two programs, measured one right after the other.
type pair struct {
	name     string
	old, now *contender
	runs     int // that make one measurement, where one is too short
	failed   string
}

// startUpRuns is how many runs of what takes some ms make a measurement.
const startUpRuns = 20

// shortUser is up to where user and system time count together: the system tells them
// apart by what it meets at each tick of its clock, which says little of so short a run.
const shortUser = 100 * time.Millisecond

const tinyTrace = `{"traceEvents":[
{"ph":"X","name":"a","pid":1,"tid":1,"ts":10,"dur":5},
{"ph":"X","name":"b","pid":1,"tid":1,"ts":20,"dur":5}
]}
`

// startUp are commands with next to nothing to do.
func (c *config) startUp() (all []*contender, err error) {
	path := filepath.Join(c.dir, "tiny.json")
	if err := os.WriteFile(path, []byte(tinyTrace), 0o666); err != nil {
		return nil, err
	}
	d := dataset{path: path, bytes: int64(len(tinyTrace))}
	version := &contender{name: "tracekit version", needs: c.tracekit, args: []string{c.tracekit, "version"}, data: d}
	return []*contender{version, c.own(d, "slice", "--from", "5us").called("tracekit slice of two events")}, nil
}

// comparePrograms measures the program of before against that of now in every row, and
// fails if one takes more than c.most times as long.
func (c *config) comparePrograms(w, log io.Writer) error {
	if c.against == "" {
		program, err := before.Build(context.Background(), ".", c.dir)
		if err != nil {
			return err
		}
		c.against = program
	}
	old, now := *c, *c
	old.tracekit, old.tag, now.tag = c.against, "before-", "now-"
	rows, err := pairUp((*config).startUp, &old, &now)
	if err != nil {
		return err
	}
	for _, p := range rows {
		p.runs = startUpRuns
	}
	for _, kind := range []string{generated, recorded} {
		more, err := pairUp(func(c *config) ([]*contender, error) {
			d, err := c.data(kind, c.size, log)
			return c.ownRows(d), err
		}, &old, &now)
		if err != nil {
			return err
		}
		for _, p := range more {
			p.name = strings.ToLower(kind) + ": " + p.name
		}
		rows = append(rows, more...)
	}
	for i := range c.pairs {
		for _, p := range rows {
			p.measure(i%2 == 1)
		}
		fmt.Fprintf(log, "bench: pair %d of %d\n", i+1, c.pairs)
	}
	writeMachine(w, c)
	return writePairs(w, rows, c.most)
}

// pairUp brings the rows of two programs together by their names.
func pairUp(rows func(*config) ([]*contender, error), old, now *config) (all []*pair, err error) {
	before, err := rows(old)
	if err != nil {
		return nil, err
	}
	after, err := rows(now)
	if err != nil {
		return nil, err
	}
	for _, b := range before {
		i := slices.IndexFunc(after, func(k *contender) bool { return k.name == b.name })
		if i < 0 {
			return nil, fmt.Errorf("%s: %s has it, %s does not", b.name, old.tracekit, now.tracekit)
		}
		all = append(all, &pair{name: b.name, old: b, now: after[i], runs: 1})
	}
	return all, nil
}

// measure runs both once more, in turn.
func (p *pair) measure(nowFirst bool) {
	first, second := p.old, p.now
	if nowFirst {
		first, second = second, first
	}
	for _, k := range []*contender{first, second} {
		var sum sample
		for range p.runs {
			s, err := once(k.args)
			if err != nil && (s.status <= 0 || s.status != k.found) {
				p.failed = fmt.Sprintf("%q: %v", k.args, err)
				return
			}
			sum.user += s.user
			sum.cpu += s.cpu
		}
		k.times = append(k.times, sum)
	}
}

// ratios are how many times as long as before each measurement took, in order, and
// which time that is.
func (p *pair) ratios() (list []float64, name string, took func(sample) time.Duration) {
	name, took = "user", func(s sample) time.Duration { return s.user }
	if took(median(p.old.times)) < shortUser {
		name, took = "user + system", func(s sample) time.Duration { return s.cpu }
	}
	for i, s := range p.old.times {
		list = append(list, took(p.now.times[i]).Seconds()/took(s).Seconds())
	}
	slices.Sort(list)
	return list, name, took
}

// writePairs writes the ratios of all rows, and fails if one is above most.
func writePairs(w io.Writer, rows []*pair, most float64) error {
	fmt.Fprintln(w, "\n| command | now ÷ before | middle half of the pairs | time | before ms | now ms |")
	fmt.Fprintln(w, "|---|--:|--:|---|--:|--:|")
	var slow, failed []string
	for _, p := range rows {
		if p.failed != "" {
			failed = append(failed, p.name+" ("+p.failed+")")
			continue
		}
		ratios, name, took := p.ratios()
		n := len(ratios)
		middle := (ratios[(n-1)/2] + ratios[n/2]) / 2
		ms := func(k *contender) float64 { return took(median(k.times)).Seconds() * 1e3 / float64(p.runs) }
		fmt.Fprintf(w, "| %s | %.3f | %.3f to %.3f | %s | %.1f | %.1f |\n", strings.ReplaceAll(p.name, "|", `\|`),
			middle, ratios[n/4], ratios[(3*n-1)/4], name, ms(p.old), ms(p.now))
		if middle > most {
			slow = append(slow, p.name)
		}
	}
	switch {
	case len(failed) > 0:
		return fmt.Errorf("failed: %s", strings.Join(failed, ", "))
	case len(slow) > 0:
		return fmt.Errorf("more than %v times as long as before: %s", most, strings.Join(slow, ", "))
	}
	return nil
}
