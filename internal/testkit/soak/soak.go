package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"tracekit/internal/testkit/reference"
	"tracekit/internal/testkit/tracegen"
)

// soak is a run of the whole.
type soak struct {
	bin  string
	dir  string
	keep string // folder for the traces that a fault was met on
	most int64  // bytes of memory that no run may exceed
	rnd  *rand.Rand
	pool []*sample
	made int // files made so far

	damages int // damaged traces that all verbs were shown

	runs   map[string]int // runs by verb
	said   map[string]int // refusals, without their numbers and names
	faults map[string]int // the same for faults
	peak   int64          // bytes of memory, of any run
}

// sample is a trace to run verbs on, and what tracekit thinks of it.
type sample struct {
	path    string
	damaged bool
	shown   bool // it holds something that has a time
	check   report
	depth   int // verbs that it has gone through
}

// mostSamples is how many traces are kept at hand; results take the places of
// results before them.
const mostSamples = 300

// copySample makes a sample of a copy of a file, which an index may stand beside. What is not a trace is left out.
func (s *soak) copySample(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	copied := s.name(filepath.Base(path))
	if err := os.WriteFile(copied, text, 0o666); err != nil {
		return err
	}
	return s.addSample(&sample{path: copied})
}

func (s *soak) addSample(t *sample) error {
	info := s.tracekit(nil, "info", "--json", t.path)
	if err := info.broken(s.most); err != nil {
		return err
	}
	if info.status == 1 {
		return nil
	}
	t.damaged = info.status == 3
	t.shown = !strings.Contains(info.stdout, `"events": 0,`)
	check, err := s.check(t.path)
	if err != nil {
		return err
	}
	t.check = check
	if len(s.pool) == mostSamples {
		i := slices.IndexFunc(s.pool, func(o *sample) bool { return o.depth > 0 })
		if i < 0 {
			return nil
		}
		os.Remove(s.pool[i].path)
		s.pool = slices.Delete(s.pool, i, i+1)
	}
	s.pool = append(s.pool, t)
	return nil
}

// round runs one verb on one trace, a new one now and then. It goes on after a
// fault: others may be there to be found.
func (s *soak) round(out io.Writer) error {
	switch {
	case len(s.pool) == 0 || s.rnd.IntN(20) == 0:
		return s.generate()
	case s.rnd.IntN(20) == 0:
		return s.damage()
	}
	t := s.pool[s.rnd.IntN(len(s.pool))]
	err := s.judge(t, verbs[s.rnd.IntN(len(verbs))](s))
	var f *fault
	if !errors.As(err, &f) {
		return err
	}
	kind := f.args[0] + ": " + plain(f.what)
	if s.faults[kind]++; s.faults[kind] > 1 {
		return nil
	}
	fmt.Fprintln(out, f)
	return s.keepInputs(f, t)
}

// keepInputs copies what a fault was met on to the folder for that.
func (s *soak) keepInputs(f *fault, t *sample) error {
	if s.keep == "" {
		return nil
	}
	for i, path := range append([]string{t.path}, f.args...) {
		text, err := os.ReadFile(path)
		if err != nil || i > 0 && path == t.path {
			continue // it is no input
		}
		name := fmt.Sprintf("%d-%d-%s", len(s.faults), i, filepath.Base(path))
		if err := os.WriteFile(filepath.Join(s.keep, name), text, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// generate makes a trace of a vLLM server that never was.
func (s *soak) generate() error {
	r := s.rnd
	c := tracegen.Config{
		Seed:        r.Uint64(),
		Producer:    pick(r, tracegen.Gaudi, tracegen.CUDA, tracegen.SGLang),
		Layout:      pick(r, tracegen.Kineto, tracegen.Dump, tracegen.Indent2),
		TargetBytes: 2_000 << r.IntN(12),
		Hardware:    r.IntN(2) == 0,
		Python:      r.IntN(2) == 0,
		Odd: tracegen.Odd{
			BeginEnd: r.IntN(3) == 0, Async: r.IntN(3) == 0, ThreadStates: r.IntN(3) == 0,
			BindFlows: r.IntN(3) == 0, Emoji: r.IntN(3) == 0, NaN: r.IntN(8) == 0, Truncate: r.IntN(8) == 0,
		},
	}
	path := s.name("generated.json")
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err = tracegen.Generate(f, c); err == nil {
		err = f.Close()
	}
	if err != nil {
		return fmt.Errorf("%+v: %w", c, err)
	}
	return s.addSample(&sample{path: path, depth: 1})
}

// damage makes a sample of one that is at hand, damaged.
func (s *soak) damage() error {
	t := s.pool[s.rnd.IntN(len(s.pool))]
	text, err := readAll(t.path)
	if err != nil || len(text) > mostDamaged {
		return nil // cut in its packing, or too much to change as one string
	}
	path := s.name("damaged.json")
	if err := os.WriteFile(path, []byte(reference.Damage(s.rnd, string(text))), 0o666); err != nil {
		return err
	}
	return s.addSample(&sample{path: path, depth: 1})
}

// mostDamaged is the size of the largest traces that are damaged, in bytes.
const mostDamaged = 20 << 20

// name is a new one for a file in the soak's folder.
func (s *soak) name(of string) string { return filepath.Join(s.dir, s.fileName(of)) }

func (s *soak) fileName(of string) string {
	s.made++
	return fmt.Sprintf("%d-%s", s.made, of)
}

var changing = regexp.MustCompile(`"[^"]*"|\S*/\S+|[0-9][0-9a-zµ.%]*`)

// plain is a line without what differs between runs, and short.
func plain(line string) string {
	text := []rune(changing.ReplaceAllString(strings.TrimSpace(line), "…"))
	return string(text[:min(len(text), 100)])
}

// noteRefusal remembers a refusal.
func (s *soak) noteRefusal(verb, stderr string) {
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, "tracekit: error: ") {
			s.said[verb+": "+plain(line)]++
		}
	}
}

// summarize says what was run, and which refusals a person may want to look at.
func (s *soak) summarize(w io.Writer) {
	total := 0
	for _, n := range s.runs {
		total += n
	}
	if s.damages > 0 {
		fmt.Fprintf(w, "%d damaged traces\n", s.damages)
	}
	fmt.Fprintf(w, "%d runs, at most %d MB of memory\n", total, s.peak>>20)
	for _, verb := range slices.Sorted(maps.Keys(s.runs)) {
		fmt.Fprintf(w, "%7d %s\n", s.runs[verb], verb)
	}
	for _, list := range []struct {
		title string
		lines map[string]int
	}{{"refused", s.said}, {"faults", s.faults}} {
		fmt.Fprintf(w, "%s: %d kinds\n", list.title, len(list.lines))
		byCount := func(a, b string) int { return cmp.Or(list.lines[b]-list.lines[a], cmp.Compare(a, b)) }
		for _, line := range slices.SortedFunc(maps.Keys(list.lines), byCount) {
			fmt.Fprintf(w, "%7d %s\n", list.lines[line], line)
		}
	}
}
