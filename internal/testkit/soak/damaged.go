package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"tracekit/internal/testkit/reference"
)

// batch is how many damaged traces a verb is shown at a time.
const batch = 100

// wide is a damaged trace, and what a naive reader finds in it.
type wide struct {
	path, text string
	naive      *reference.Damaged
}

// surviving are calls that keep all events of a trace, or count them; the first is the measure
// of the others, which say the same of what came in and was lost. OUT stands for a folder.
var surviving = []string{
	"strip --cat none -o OUT", "slice --from 0% --to 100% -o OUT", "filter -o OUT -e ph!='q'", "downsample --min-dur 1ns -o OUT",
	"split --by events --events 100 -o OUT", "info --json", "report --json",
}

// stretches are runs of events of the traces that are at hand.
func (s *soak) stretches() (all []string) {
	for _, t := range s.pool {
		text, err := readAll(t.path)
		if err != nil {
			continue
		}
		_, events, _ := strings.Cut(string(text[:min(len(text), 1<<20)]), "[")
		list := reference.ReadDamaged(events, false).Events
		for from := 0; from+30 < len(list) && from < 3000; from += 500 {
			if run := strings.Join(list[from:from+30], ",\n  "); len(run) < 20_000 {
				all = append(all, run)
			}
		}
	}
	return all
}

// damaged shows all verbs n small traces, each damaged in another way, and judges what they say
// and write by a naive reader.
func (s *soak) damaged(out io.Writer, n int) error {
	from := s.stretches()
	if len(from) == 0 {
		return fmt.Errorf("no trace is large enough")
	}
	for done := 0; done < n; done += batch {
		dir := s.name("damaged")
		inputs, err := s.writeDamaged(dir, from, min(batch, n-done))
		if err != nil {
			return err
		}
		for _, fault := range s.judgeDamaged(dir, inputs) {
			if err := s.report(out, fault); err != nil {
				return err
			}
		}
		os.RemoveAll(dir)
		s.damages += len(inputs)
	}
	return nil
}

// writeDamaged fills dir/in with traces.
func (s *soak) writeDamaged(dir string, from []string, n int) (all []wide, err error) {
	if err := os.MkdirAll(filepath.Join(dir, "in"), 0o777); err != nil {
		return nil, err
	}
	for i := range n {
		frame := pick(s.rnd, [2]string{`{"schemaVersion":1,"traceEvents":[`, `],"traceName":"x"}`}, [2]string{`[`, `]`}, [2]string{`{"traceEvents":[`, "]}\n"})
		body := reference.Damage(s.rnd, from[s.rnd.IntN(len(from))]) + frame[1]
		t := wide{path: filepath.Join(dir, "in", fmt.Sprintf("%d.json", i)), text: frame[0] + body, naive: reference.ReadDamaged(body, frame[0] == "[")}
		if err := os.WriteFile(t.path, []byte(t.text), 0o666); err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// said is what a call says of an input: how many events came in, and what was lost, or rewritten
// so that a viewer takes it.
type said struct{ events, damage string }

var (
	saidEvents  = regexp.MustCompile(`(?m)^(\S+\.json): \w+: (?:kept )?([\d,]+) (?:of [\d,]+ )?events.* in`)
	saidRewrite = regexp.MustCompile(`(?m)^(\S+\.json): sanitized: (.*)$`)
	saidDamage  = regexp.MustCompile(`(?m)^tracekit: warning: (\S+\.json) is damaged: (.*)$`)
	saidError   = regexp.MustCompile(`(?m)^tracekit: error: (\S+\.json): (.*)$`)
	broken      = regexp.MustCompile(`^(\d+) broken events? left out \([^()]*\)$`)
)

// findings is what a call says of each input, those apart that it refuses.
func (r result) findings() (of map[string]said, refused map[string]string) {
	of, refused = map[string]said{}, map[string]string{}
	for _, m := range saidEvents.FindAllStringSubmatch(r.stderr, -1) {
		of[m[1]] = said{events: m[2]}
	}
	for _, m := range saidRewrite.FindAllStringSubmatch(r.stderr, -1) {
		of[m[1]] = said{of[m[1]].events, m[2]}
	}
	for _, m := range saidDamage.FindAllStringSubmatch(r.stderr, -1) {
		parts := slices.DeleteFunc(strings.Split(m[2], "; "), func(part string) bool { return strings.Contains(part, "no strict JSON") }) // info alone counts it
		of[m[1]] = said{of[m[1]].events, strings.Join(parts, "; ")}
	}
	for _, m := range saidError.FindAllStringSubmatch(r.stderr, -1) {
		refused[m[1]] = m[2]
	}
	return of, refused
}

// judgeDamaged returns what is wrong with what the verbs do.
func (s *soak) judgeDamaged(dir string, inputs []wide) (faults []*damageFault) {
	var measure map[string]said
	var unread map[string]string
	call := func(line string) (r result, out string) {
		out = s.name("out") + "/"
		args := strings.Fields(strings.ReplaceAll(line, "OUT", out))
		s.runs[args[0]] += len(inputs)
		r = s.tracekit(nil, append(args, "-j", pick(s.rnd, "1", "3"), filepath.Join(dir, "in"))...)
		if r.err != nil || r.status < 0 || r.status > 3 || strings.Contains(r.stderr, "goroutine ") || r.peak > s.most {
			faults = append(faults, &damageFault{line, fmt.Sprintf("status %d, %d MB, %v: %s", r.status, r.peak>>20, r.err, r.stderr), inputs[0]})
		}
		return r, out
	}
	compare := func(line, how string) {
		r, out := call(line)
		defer os.RemoveAll(out)
		of, refused := r.findings()
		if measure == nil {
			measure, unread = of, refused
		}
		for _, t := range inputs {
			if f := s.same(line, of[t.path], measure[t.path], refused[t.path], unread[t.path]); f != "" {
				faults = append(faults, &damageFault{line + how, f, t})
			}
			if strings.HasPrefix(line, "strip") && refused[t.path] == "" {
				if f := t.judge(of[t.path], filepath.Join(out, filepath.Base(t.path))); f != "" {
					faults = append(faults, &damageFault{line + how, f, t})
				}
			}
		}
		if strings.Contains(line, "OUT") && !strings.HasPrefix(line, "split") {
			faults = append(faults, s.allLoad(line, out, inputs)...)
		}
	}
	some := func(n int) []string { // the measure and n others
		others := slices.Clone(surviving[1:])
		s.rnd.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
		return append([]string{surviving[0]}, others[:n]...)
	}
	for _, line := range some(3) {
		compare(line, "")
	}
	_, out := call("repair -o OUT")
	faults = append(faults, s.allLoad("repair", out, inputs)...)
	os.RemoveAll(out)
	call("index")
	for _, line := range some(1) {
		compare(line, " with an index")
	}
	return append(faults, s.piped(inputs[s.rnd.IntN(len(inputs))], measure, unread)...)
}

// same says how what a call says of an input differs from what the measure says.
func (s *soak) same(line string, got, want said, refused, unread string) string {
	switch {
	case unread != "" && refused == "":
		return fmt.Sprintf("reads what strip does not: %s", unread)
	case unread == "" && refused != "":
		if strings.HasPrefix(line, "slice") || strings.HasPrefix(line, "split") {
			return "" // nothing is left that lasts
		}
		return fmt.Sprintf("does not read what strip does: %s", refused)
	case got.damage != want.damage || got.events != "" && got.events != want.events:
		return fmt.Sprintf("says %q, and strip %q", got, want)
	}
	return ""
}

// judge holds what strip says and writes against what the naive reader finds.
func (t *wide) judge(got said, path string) string {
	if m := broken.FindStringSubmatch(got.damage); got.damage != "" && (m == nil || m[1] != fmt.Sprint(t.naive.Broken)) {
		if m == nil && !strings.HasPrefix(got.damage, fmt.Sprintf("%d broken", t.naive.Broken)) && t.naive.Broken > 0 {
			return fmt.Sprintf("says %q, of %d broken", got, t.naive.Broken)
		}
		return "" // something is repaired, which the naive reader takes as it is
	}
	if got.damage == "" && t.naive.Broken > 0 {
		return fmt.Sprintf("says nothing of %d broken", t.naive.Broken)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	_, body, _ := strings.Cut(string(text), "[")
	isName := func(event string) bool { return strings.Contains(event, `"M`) } // those of what has no events are dropped
	want := slices.DeleteFunc(slices.Clone(t.naive.Events), isName)
	events := slices.DeleteFunc(reference.ReadDamaged(body, false).Events, isName)
	if !slices.Equal(events, want) {
		return fmt.Sprintf("writes %d events, of %d", len(events), len(want))
	}
	return ""
}

// allLoad returns the traces in a folder that do not load.
func (s *soak) allLoad(line, dir string, inputs []wide) (faults []*damageFault) {
	if _, err := os.Stat(dir); err != nil {
		return nil // all were refused
	}
	r := s.tracekit(nil, "check", "--json", dir)
	var all struct {
		Files []struct {
			File   string
			Result struct{ Loads bool }
		}
	}
	if err := json.Unmarshal([]byte(r.stdout), &all); err != nil {
		return []*damageFault{{line, fmt.Sprintf("check: %v: %s", err, r.stderr), inputs[0]}}
	}
	for _, f := range all.Files {
		i := slices.IndexFunc(inputs, func(t wide) bool { return filepath.Base(t.path) == filepath.Base(f.File) })
		text, err := os.ReadFile(f.File)
		if err != nil || !f.Result.Loads || line == "repair" && !json.Valid(text) {
			faults = append(faults, &damageFault{line, "writes what does not load", inputs[i]})
		}
	}
	return faults
}

// piped shows the calls one of the traces through a pipe.
func (s *soak) piped(t wide, measure map[string]said, unread map[string]string) (faults []*damageFault) {
	line := surviving[s.rnd.IntN(len(surviving))]
	if strings.HasPrefix(line, "split") {
		return nil // into the folder itself
	}
	out := s.name("out.json")
	defer os.Remove(out)
	r := s.tracekit(strings.NewReader(t.text), strings.Fields(strings.ReplaceAll(line, "OUT", out))...)
	// As a file is named when there are several.
	r.stderr = regexp.MustCompile(`(?m)^(tracekit: (?:warning|error): )(?:-|standard input|the input)`).ReplaceAllString(r.stderr, "${1}"+t.path)
	r.stderr = regexp.MustCompile(`(?m)^(\w+: (?:kept )?[\d,]+ )`).ReplaceAllString(r.stderr, t.path+": $1")
	of, refused := r.findings()
	if f := s.same(line, of[t.path], measure[t.path], refused[t.path], unread[t.path]); f != "" {
		return []*damageFault{{line + " through a pipe", f + "\n" + r.stderr, t}}
	}
	return nil
}

// damageFault is what a call did wrong with a damaged trace.
type damageFault struct {
	line, what string
	of         wide
}

// report prints the first fault of a kind, and keeps its trace.
func (s *soak) report(out io.Writer, f *damageFault) error {
	kind := f.line + ": " + plain(f.what)
	if s.faults[kind]++; s.faults[kind] > 1 {
		return nil
	}
	fmt.Fprintf(out, "%s %s\n", f.line, f.what)
	if s.keep == "" {
		return nil
	}
	return os.WriteFile(filepath.Join(s.keep, s.fileName("damaged.json")), []byte(f.of.text), 0o666)
}
