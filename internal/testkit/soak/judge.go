package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tracekit/internal/testkit/reference"
)

// judge runs a command on a trace, judges what it does, and takes in what it
// makes.
func (s *soak) judge(t *sample, c command) error {
	s.runs[c.args[0]]++
	if c.writes == aServer {
		return s.serve(t, c)
	}
	place := s.name("out")
	if err := os.MkdirAll(place, 0o777); err != nil {
		return err
	}
	keep := ""
	defer func() {
		if keep == "" {
			os.RemoveAll(place)
		}
	}()
	out := filepath.Join(place, pick(s.rnd, "a b.json", "ü.json.gz", "x.json.zst"))
	args := slices.Clone(c.args)
	switch c.writes {
	case aTrace, aFolder:
		args = append(args, "-o", out)
	case aFile:
		args = append(args, out)
	}
	of := s.together(t, c.inputs)
	r := s.tracekit(nil, append(args, of.paths...)...)
	s.noteRefusal(c.args[0], r.stderr)
	if err := r.broken(s.most); err != nil {
		return err
	}
	if err := s.clean(r, place, out, c); err != nil {
		return err
	}
	switch {
	case r.status == 2:
		return r.fault("does not like its flags")
	case r.status == 1 && c.args[0] != "check":
		return nil
	}
	if r.status == 3 && !of.damaged && c.args[0] != "repair" {
		return r.fault("finds damage where info finds none")
	}
	switch c.writes {
	case aTrace:
		if err := s.whole(of, r, out); err != nil {
			return err
		}
		if c.twice {
			if err := s.again(t, c, out); err != nil {
				return err
			}
		}
		if t.depth < 5 && s.rnd.IntN(4) == 0 {
			keep = place
			return s.addSample(&sample{path: out, depth: t.depth + 1})
		}
	case aFolder:
		return s.pieces(of, r, out)
	}
	return nil
}

// together is a trace and n others, which a command takes at once.
func (s *soak) together(t *sample, n int) *inputs {
	of := &inputs{paths: []string{t.path}, damaged: t.damaged, loads: t.check.Loads, findings: map[string]int64{}}
	of.add(t)
	for n = min(n, len(s.pool)-1); n > 0; n-- {
		other := s.pool[s.rnd.IntN(len(s.pool))]
		for slices.Contains(of.paths, other.path) { // a trace can't be merged with itself
			other = s.pool[s.rnd.IntN(len(s.pool))]
		}
		of.paths = append(of.paths, other.path)
		of.add(other)
	}
	return of
}

// inputs are the traces that a command takes, and what is thought of them together.
type inputs struct {
	paths          []string
	damaged, loads bool
	findings       map[string]int64 // by kind
}

func (in *inputs) add(t *sample) {
	in.damaged = in.damaged || t.damaged
	in.loads = in.loads && t.check.Loads
	for _, f := range t.check.Findings {
		in.findings[f.Kind] += f.Count
	}
}

// clean looks for what should not be left behind.
func (s *soak) clean(r result, place, out string, c command) error {
	want := []string{}
	if r.status == 0 || r.status == 3 {
		switch c.writes {
		case aTrace, aFolder, aFile:
			want = append(want, filepath.Base(out))
		}
	}
	for dir, want := range map[string][]string{place: want, s.tmp(): {}} {
		entries, err := os.ReadDir(dir)
		if err != nil && dir == place {
			return err
		}
		got := []string{}
		for _, e := range entries {
			got = append(got, e.Name())
		}
		if c.writes == aFolder && r.status == 1 && dir == place {
			continue // pieces that are whole stay
		}
		if !slices.Equal(got, want) {
			return r.fault("leaves %q, not %q", got, want)
		}
	}
	return nil
}

// report is what check says, as far as it is asked here.
type report struct {
	Loads    bool
	Findings []finding
}

type finding struct {
	Kind, Level string
	Count       int64
}

func (s *soak) check(path string) (rep report, err error) {
	r := s.tracekit(nil, "check", "--json", path)
	if err := r.broken(s.most); err != nil {
		return rep, err
	}
	if err := json.Unmarshal([]byte(r.stdout), &rep); err != nil {
		return rep, r.fault("%v", err)
	}
	return rep, nil
}

// byChance are findings of which a part of a trace may have more than the whole: a
// viewer numbers flows as they come, in one space with bind_id.
var byChance = map[string]bool{"flow_duplicate": true}

// whole judges a trace that a verb has made of others: it loads, and has no flaw that
// they have not.
func (s *soak) whole(of *inputs, r result, path string) error {
	rep, err := s.check(path)
	if err != nil {
		return err
	}
	if !rep.Loads {
		return r.fault("writes what does not load")
	}
	for _, f := range rep.Findings {
		if !of.loads || byChance[f.Kind] || f.Kind == "flow_without_slice" && r.args[0] == "strip" {
			continue // not all of them could be counted; one pass does not know what flows bind to
		}
		if f.Kind == "overlap_by_rounding" && strings.Contains(r.stderr, "days apart") {
			continue // said by merge: no viewer reads times of traces so far apart to the nanosecond
		}
		if f.Level == "lost" && f.Count > of.findings[f.Kind] && !hadBefore(f.Kind, of.paths, path) {
			return r.fault("writes %d × %s, of %d", f.Count, f.Kind, of.findings[f.Kind])
		}
	}
	return nil
}

// nameless is a trace that was cut from a file as it is if cut from a pipe, which has no name:
// it is not the source, unless it was that before, and does not stand at the end of the call.
func nameless(text []byte, file string, source bool) []byte {
	const behind = `"range":` // the names, in the member tracekit
	head, rest, some := bytes.Cut(text, []byte(behind))
	if !some {
		return text
	}
	quoted, err := json.Marshal(file)
	if err != nil {
		return text
	}
	inText := string(quoted[1 : len(quoted)-1])
	if !source {
		head = bytes.Replace(head, fmt.Appendf(nil, `"source":"%s",`, inText), nil, 1)
	}
	for _, named := range []string{" " + inText, " '" + inText + "'"} {
		head = bytes.Replace(head, []byte(named+`"`), []byte(`"`), 1)
	}
	return slices.Concat(head, []byte(behind), rest)
}

// again runs a command through pipes: the result is the same.
func (s *soak) again(t *sample, c command, path string) error {
	if filepath.Ext(path) != ".json" {
		return nil
	}
	want, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	in, err := os.Open(t.path)
	if err != nil {
		return err
	}
	defer in.Close()
	r := s.tracekit(in, append(slices.Clone(c.args), "-")...)
	if err := r.broken(s.most); err != nil {
		return err
	}
	if c.args[0] == "strip" && r.status == 1 && strings.Contains(r.stderr, "what was written can't be taken back") {
		return nil // docs/strip.md: a second reading that comes too late for a pipe
	}
	got, file := []byte(r.stdout), filepath.Base(t.path)
	if bytes.Equal(got, want) || bytes.Equal(got, nameless(want, file, false)) || bytes.Equal(got, nameless(want, file, true)) {
		return nil
	}
	if c.args[0] != "strip" || !sameEvents(got, want) { // docs/strip.md: what is held back for a pipe comes later
		return r.fault("writes something else to a pipe: %d bytes, not %d", len(r.stdout), len(want))
	}
	return nil
}

// sameEvents reports whether two traces have the same events, in whatever order, and the same text
// around them.
func sameEvents(a, b []byte) bool {
	read := func(text []byte) (around string, events []string) {
		if t, err := reference.Parse(text); err == nil {
			for i := range t.Events {
				events = append(events, t.Events[i].Raw)
			}
			return t.Head + t.Tail, events
		}
		from := max(0, bytes.Index(text, []byte(`"traceEvents"`)))
		from += bytes.IndexByte(text[from:], '[') + 1
		return string(text[:from]), reference.ReadDamaged(string(text[from:]), false).Events
	}
	around, one := read(a)
	aroundToo, other := read(b)
	slices.Sort(one)
	slices.Sort(other)
	return len(a) == len(b) && around == aroundToo && len(one) > 0 && slices.Equal(one, other)
}

// pieces judges some of the traces in a folder.
func (s *soak) pieces(of *inputs, r result, dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.json.gz"))
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, "manifest.json")); err != nil {
		return fmt.Errorf("%w: %w", r.fault("leaves no list"), err)
	}
	for range min(3, len(files)) {
		if err := s.whole(of, r, files[s.rnd.IntN(len(files))]); err != nil {
			return err
		}
	}
	return nil
}
