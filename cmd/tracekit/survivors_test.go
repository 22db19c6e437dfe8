package main

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"tracekit/internal/term"
	"tracekit/internal/testkit/recorded"
	"tracekit/internal/testkit/reference"
)

// told is what a verb says of the events that came in, and of damage.
var told = regexp.MustCompile(`(?m)^\w+: (?:kept )?([\d,]+) (?:of [\d,]+ )?events.* in|is damaged: (.*)$`)

// tellsOf calls a verb, on a file or through a pipe, and returns what it told.
func tellsOf(t *testing.T, line, in string, text []byte) (events, damage string) {
	t.Helper()
	out := t.TempDir()
	var said bytes.Buffer
	args := append([]string{"tracekit"}, strings.Fields(strings.ReplaceAll(line, "OUT", out))...)
	if in != "" {
		args = append(args, in)
	}
	status := run(context.Background(), args, bytes.NewReader(text), &bytes.Buffer{}, &said)
	if status != 0 && status != exitDamaged {
		t.Fatalf("%s: status %d, said %s", line, status, said.String())
	}
	for _, m := range told.FindAllStringSubmatch(said.String(), -1) {
		if m[1] != "" {
			events = m[1]
		} else {
			damage = m[2]
		}
	}
	return events, damage
}

// withoutText leaves out what is no JSON to the letter within events, which info alone counts.
func withoutText(damage string) string {
	parts := slices.DeleteFunc(strings.Split(damage, "; "), func(part string) bool { return strings.Contains(part, "no strict JSON") })
	return strings.Join(parts, "; ")
}

// All verbs find the same events in what is damaged and count the same losses, however
// they read it: once or twice, from a file, through a pipe or by an index.
func TestDamageIsCountedTheSameHoweverRead(t *testing.T) {
	rounds := 24
	switch {
	case *all:
		rounds = 240
	case testing.Short():
		rounds = 8
	}
	text := string(recorded.Text(t, "../../testdata/vllm_decode_one_step.json.gz"))
	_, text, _ = strings.Cut(text, `"traceEvents"`)
	_, text, _ = strings.Cut(text, "[")
	events := reference.ReadDamaged(text, false).Events
	events = slices.DeleteFunc(events, func(e string) bool { return !strings.Contains(e, `"ph": "X"`) && !strings.Contains(e, `"ph":"X"`) })
	lines := []string{
		"strip --flows -o OUT/a.json", "slice --from 0% --to 100% -o OUT/b.json", "filter -o OUT/c.json ph!='q'", "info", "report",
		"downsample --min-dur 1ns -o OUT/d.json", "split --by events --events 100 -o OUT/e",
	}
	for round := range rounds {
		rng := rand.New(rand.NewPCG(8, uint64(round)))
		from := rng.IntN(len(events) - 40)
		body := reference.Damage(rng, strings.Join(events[from:from+40], ",\n"))
		trace := []byte(`{"traceEvents":[` + body + `],"traceName":"x"}`)
		naive := reference.ReadDamaged(string(trace[len(`{"traceEvents":[`):]), false)
		if len(naive.Events) < 10 {
			continue // nothing that lasts may be left
		}
		in := filepath.Join(t.TempDir(), "in.json")
		if err := os.WriteFile(in, trace, 0o666); err != nil {
			t.Fatal(err)
		}
		wantEvents, want := tellsOf(t, lines[0], in, nil)
		want = withoutText(want)
		if wantEvents == "" {
			t.Fatal("strip does not tell how many events came in")
		}
		if n := naive.Broken; n > 0 != strings.Contains(want, "broken event") || n > 0 && !strings.Contains(want, term.Plural(n, "broken event")) {
			t.Fatalf("round %d: %d broken, told %q", round, n, want)
		}
		same := func(how, line, name string, piped []byte) {
			events, damage := tellsOf(t, line, name, piped)
			damage = withoutText(damage)
			if damage != want || events != "" && events != wantEvents {
				t.Errorf("round %d, %s, %s: %s events, %q; %s by strip, %q, of\n%s", round, line, how, events, damage, wantEvents, want, trace)
			}
		}
		for _, line := range lines {
			same("file", line, in, nil)
			same("pipe", line, "", trace)
		}
		tellsOf(t, "index", in, nil)
		procs := runtime.GOMAXPROCS(1 + 15*rng.IntN(2))
		for _, line := range lines {
			same("index", line, in, nil)
		}
		runtime.GOMAXPROCS(procs)
	}
}
