package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tracekit/internal/spill"
	"tracekit/transform/check"
)

// readers are calls of each verb that reads events. OUT stands for where it writes
// a trace, or pieces of one.
var readers = []string{
	"slice --from 10% --to 60% -o OUT/slice.json",
	"slice --from 10% --to 60% --boundary keep --device launched -o OUT/keep.json",
	"strip --python --hardware -o OUT/strip.json",
	"strip --args all --flows -o OUT/args.json.gz",
	"filter --with-parents -o OUT/filter.json 'dur >= 2us || ph == \"C\"'",
	"downsample --min-dur 2us -o OUT/min.json",
	"downsample --merge 20us --counters 1ms -o OUT/merge.json",
	"split --by events --events 300 -o OUT/pieces",
	"info",
	"info --html OUT/page.html",
	"report",
	"index",
}

// call runs the command in this process.
func call(t testing.TB, line, in, out string) (status int, stderr string) {
	t.Helper()
	args := append([]string{"tracekit"}, argsOf(line, out)...)
	var said bytes.Buffer
	status = run(context.Background(), append(args, in), strings.NewReader(""), io.Discard, &said)
	return status, said.String()
}

// argsOf are the arguments of a line, in which quotes hold some together.
func argsOf(line, out string) (args []string) {
	for i, quoted := range strings.Split(strings.ReplaceAll(line, "OUT", out), "'") {
		if i%2 == 1 {
			args = append(args, quoted)
		} else {
			args = append(args, strings.Fields(quoted)...)
		}
	}
	return args
}

// Damage costs no verb more than what is hit: the status is 3, and one line says
// which verb keeps more.
func TestEveryVerbReportsTheSameDamage(t *testing.T) {
	const (
		mm   = `{"ph":"X","cat":"cpu_op","name":"aten::mm","pid":1,"tid":1,"ts":1,"dur":5}`
		relu = `{"ph":"X","cat":"cpu_op","name":"aten::relu","pid":1,"tid":1,"ts":13,"dur":5}`
	)
	whole := `{"traceEvents":[` + mm + "," + relu + "]}"
	for name, text := range map[string]string{
		"string without its end":    `{"traceEvents":[` + mm + `,{"ph":"X","name":"a,"pid":1,"tid":1,"ts":7,"dur":5},` + relu + `]}`,
		"quote in a name":           `{"traceEvents":[` + mm + `,{"ph":"X","name":"a "b" {c","pid":1,"tid":1,"ts":7,"dur":5},` + relu + `]}`,
		"comma missing in an event": `{"traceEvents":[` + mm + `,{"ph":"X","name":"a","pid":1,"tid":1 "ts":7,"dur":5},` + relu + `]}`,
		"no object":                 `{"traceEvents":[` + mm + `,%%%,` + relu + `]}`,
		"time that is no number":    `{"traceEvents":[` + mm + `,{"ph":"X","name":"a","pid":1,"tid":1,"ts":NaN,"dur":5},` + relu + `]}`,
		"cut in an event":           `{"traceEvents":[` + mm + "," + relu + `,{"ph":"X","name":"a","pi`,
		"cut behind an event":       `{"traceEvents":[` + mm + "," + relu,
		"cut behind the events":     `{"traceEvents":[` + mm + "," + relu + `],"displayTimeUnit":"m`,
		"two documents":             whole + whole,
		"text behind the document":  whole + "\nOK\n",
		"gzip that is cut":          cutGzip(t, whole),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			in := filepath.Join(dir, "in.json")
			if err := os.WriteFile(in, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			for i, line := range readers {
				out := filepath.Join(dir, fmt.Sprint(i))
				if err := os.Mkdir(out, 0o777); err != nil {
					t.Fatal(err)
				}
				status, said := call(t, line, in, out)
				if status != exitDamaged || strings.Count(said, "tracekit repair") != 1 {
					t.Errorf("%s: status %d, said %s", line, status, said)
				}
				mustLoad(t, out, line)
			}
		})
	}
}

func cutGzip(t testing.TB, text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, text)
	if err := z.Flush(); err != nil { // so that all of the text can be read
		t.Fatal(err)
	}
	return b.String()
}

// mustLoad checks that a viewer takes all traces in a folder.
func mustLoad(t testing.TB, dir, line string) {
	t.Helper()
	filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil {
			t.Fatal(err)
		}
		base := d.Name()
		if d.IsDir() || base == "manifest.json" || !strings.HasSuffix(strings.TrimSuffix(base, ".gz"), ".json") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		r, err := check.Run(context.Background(), bytes.NewReader(text), int64(len(text)), check.Options{
			Temp: func() (*spill.File, error) { return spill.Create("") }})
		if err != nil {
			t.Fatal(err)
		}
		if !r.Loads {
			t.Errorf("%s: %s does not load: %+v", line, base, *r.Reason)
		}
		return nil
	})
}

// damaged flips, cuts or doubles some bytes.
func damaged(rng *rand.Rand, text []byte) []byte {
	d := bytes.Clone(text)
	for range 1 + rng.IntN(5) {
		i := rng.IntN(len(d))
		j := min(len(d), i+1+rng.IntN(200))
		switch rng.IntN(6) {
		case 0:
			d[i] ^= 1 << rng.IntN(8)
		case 1:
			d[i] = byte(rng.IntN(256))
		case 2:
			d = slices.Delete(d, i, j)
		case 3:
			d = slices.Insert(d, i, bytes.Clone(d[i:j])...)
		case 4:
			d = slices.Insert(d, i, `"{}[],:\`[rng.IntN(8)])
		case 5:
			if rng.IntN(4) == 0 {
				d = d[:max(i, 1)]
			}
		}
	}
	return d
}

// Whatever happens to a trace, each verb ends, and what it writes loads.
func TestDamagedRealTraces(t *testing.T) {
	rounds := 5
	if testing.Short() {
		rounds = 1
	}
	names, _ := filepath.Glob("../../testdata/*.json.gz")
	if len(names) < 5 {
		t.Fatal("the traces are missing")
	}
	for _, name := range names {
		packed, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > 300<<10 {
			continue
		}
		for round := range rounds {
			rng := rand.New(rand.NewPCG(uint64(round), uint64(len(text))))
			d := damaged(rng, text)
			if rng.IntN(6) == 0 {
				d = damaged(rng, packed)
			}
			mustSurvive(t, fmt.Sprintf("%s, round %d", filepath.Base(name), round), d)
		}
	}
}

// mustSurvive sends a trace through all verbs.
func mustSurvive(t *testing.T, what string, d []byte) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.json")
	if err := os.WriteFile(in, d, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, line := range append(slices.Clip(readers), "repair -o OUT/whole.json --rejects OUT/set.json") {
		out := filepath.Join(dir, "out")
		if err := os.Mkdir(out, 0o777); err != nil {
			t.Fatal(err)
		}
		status, said := call(t, line, in, out)
		noTime := status == exitUsage && strings.Contains(said, "range") // nothing is left that lasts
		if status == exitUsage && !noTime || (status == exitDamaged) != strings.Contains(said, "warning") {
			t.Errorf("%s: %s: status %d, said %s", what, line, status, said)
		}
		mustLoad(t, out, what+": "+line)
		os.RemoveAll(out)
		os.Remove(in + indexSuffix)
	}
}
