package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"time"
)

// sample is what one run of a command took, its children included.
type sample struct {
	wall, cpu, user time.Duration // cpu is user and system
	memory          int64         // peak of the largest process, bytes
	status          int           // exit status
}

// runAll runs every contender once a round, so that a noisy minute spoils one
// run of each at most. It returns the programs that are not there.
func (c *config) runAll(all []*contender, log io.Writer) (absent []string, err error) {
	for _, k := range all {
		if _, err := exec.LookPath(k.needs); err != nil {
			k.failed = "not there"
			absent = append(absent, k.needs)
			continue
		}
		if err := readOnce(k.data.path); err != nil {
			return nil, err
		}
	}
	for round := range c.rounds {
		for _, k := range all {
			if k.failed != "" {
				continue
			}
			before := map[string]time.Duration{}
			for _, p := range c.beside(k.data) {
				s, err := once(p.args)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", p.name, err)
				}
				before[p.name] = s.wall
			}
			s, err := once(k.args)
			if err != nil && (s.status <= 0 || s.status != k.found) {
				k.failed = err.Error()
				fmt.Fprintf(log, "bench: %s: %v\n", k.name, err)
				continue
			}
			k.times = append(k.times, s)
			for name, wall := range before {
				k.ranBeside(name, s.wall.Seconds()/wall.Seconds())
			}
			fmt.Fprintf(log, "bench: round %d, %s: %v\n", round+1, k.name, s.wall.Round(time.Millisecond))
		}
	}
	return absent, nil
}

func (k *contender) ranBeside(name string, ratio float64) {
	if k.beside == nil {
		k.beside = map[string][]float64{}
	}
	k.beside[name] = append(k.beside[name], ratio)
}

// than is how many times as long as a yardstick it took, the middle of its runs; 0 if
// that is not known.
func (k *contender) than(name string) float64 {
	all := slices.Sorted(slices.Values(k.beside[name]))
	switch {
	case k.name == name:
		return 1
	case len(all) == 0:
		return 0
	}
	return all[len(all)/2]
}

// readOnce brings a file into the system's cache.
func readOnce(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(io.Discard, f)
	return err
}

func once(args []string) (sample, error) {
	cmd := exec.Command(args[0], args[1:]...)
	began := time.Now()
	err := cmd.Run() // both outputs go to the null device
	s := sample{wall: time.Since(began)}
	if cmd.ProcessState == nil {
		return s, err
	}
	s.status = cmd.ProcessState.ExitCode()
	s.user = cmd.ProcessState.UserTime()
	s.cpu = s.user + cmd.ProcessState.SystemTime()
	s.memory = peak(cmd.ProcessState)
	return s, err
}

// median is the one in the middle by each measure.
func median(all []sample) sample {
	return sample{
		wall:   middle(all, func(s sample) time.Duration { return s.wall }),
		cpu:    middle(all, func(s sample) time.Duration { return s.cpu }),
		user:   middle(all, func(s sample) time.Duration { return s.user }),
		memory: middle(all, func(s sample) int64 { return s.memory }),
	}
}

func middle[T cmp.Ordered](all []sample, of func(sample) T) T {
	var list []T
	for _, s := range all {
		list = append(list, of(s))
	}
	slices.Sort(list)
	return list[len(list)/2]
}
