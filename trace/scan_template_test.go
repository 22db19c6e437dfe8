package trace

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tracekit/internal/testkit/recorded"
	"tracekit/internal/testkit/reference"
	"tracekit/internal/testkit/tracegen"
)

// account is all that a scan of text tells: parts, events with every field, and
// damage. The text comes in blocks of the given size.
func account(text []byte, size int, general bool) string {
	var out strings.Builder
	var j joiner
	j.doc.general = general
	blk := &block{buf: make([]byte, blockRoom+size), batch: Batch{events: make([]Event, 64)}}
	for off := 0; ; {
		for i := range blk.batch.events { // whatever was there before
			blk.batch.events[i] = Event{flaws: flawDur, Interned: 7, TS: 1, Dur: 2, id: span{1, 2}, args: span{1, 2}, at: 9}
		}
		n := copy(blk.buf[blockRoom:], text[off:])
		blk.lo, blk.hi, blk.off, blk.err = blockRoom, blockRoom+n, int64(off), nil
		if off += n; off == len(text) {
			blk.err = io.EOF
		}
		j.scanBlock(blk)
		for _, p := range blk.batch.Parts {
			fmt.Fprintf(&out, "%d-%d %q\n", p.Off, p.End, p.Text)
			for i := range p.Events {
				writeEvent(&out, &p.Events[i])
			}
		}
		if blk.err != nil {
			fmt.Fprintln(&out, blk.err, blk.damage.String())
			return out.String()
		}
	}
}

func writeEvent(out io.Writer, e *Event) {
	fmt.Fprintf(out, "%q %q %q %v %v %d %d name %q cat %q pid %s tid %s id %s args %s ts %s dur %s at %d\n",
		e.Lead(), e.Raw(), e.Phase, e.Has, e.flaws, e.TS, e.Dur, e.Name(), e.Cat(), e.Pid(), e.Tid(), e.ID(), e.Args(), e.TSText(), e.DurText(), e.at)
}

func sameAccount(t *testing.T, what string, text []byte, size int) {
	t.Helper()
	fast, plain := account(text, size, false), account(text, size, true)
	if fast == plain {
		return
	}
	a, b := strings.Split(fast, "\n"), strings.Split(plain, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Fatalf("%s, blocks of %d: line %d is\n%s\nby template, and by the general scanner\n%s", what, size, i, a[i], b[i])
		}
	}
	t.Fatalf("%s, blocks of %d: %d lines and %d", what, size, len(a), len(b))
}

// recordedTexts are the texts of the recorded traces in testdata, by file.
func recordedTexts(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../testdata/*.json.gz")
	if err != nil || len(files) == 0 {
		t.Fatalf("no real traces: %v", err)
	}
	texts := map[string][]byte{}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		if texts[filepath.Base(name)], err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	return texts
}

func TestLayoutsReadAsTheGeneralScanner(t *testing.T) {
	for name, text := range recordedTexts(t) {
		sameAccount(t, name, text, blockData)
		sameAccount(t, name, text, 3000)
		rng := rand.New(rand.NewPCG(1, 2))
		for range 20 {
			sameAccount(t, name+" mutated", mutate(rng, bytes.Clone(text), 1+rng.IntN(40)), blockData)
		}
	}
}

func TestLayoutsReadGeneratedTraces(t *testing.T) {
	for _, producer := range []tracegen.Producer{tracegen.Gaudi, tracegen.CUDA} {
		for _, layout := range []tracegen.Layout{tracegen.Kineto, tracegen.Dump, tracegen.Indent2} {
			c := tracegen.Config{Seed: 7, Producer: producer, Layout: layout, Steps: 2, Layers: 2, Hardware: true, Python: true,
				Odd: tracegen.Odd{BeginEnd: true, Async: true, ThreadStates: true, BindFlows: true}}
			text, _ := tracegen.Text(t, c)
			sameAccount(t, fmt.Sprint(producer, layout), text, blockData)
			sameAccount(t, fmt.Sprint(producer, layout), text, 2000)
		}
	}
}

func TestLayoutsReadRandomTraces(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 3))
		text := reference.Random(rng, 60)
		sameAccount(t, fmt.Sprint("seed ", seed), text, blockData)
		sameAccount(t, fmt.Sprint("seed ", seed, " mutated"), mutate(rng, text, 5), 300+rng.IntN(3000))
	}
}

// mutate changes n places of text: bytes that matter to a scanner are put in,
// taken away, doubled.
func mutate(rng *rand.Rand, text []byte, n int) []byte {
	const spice = `"\{}[],: 0123456789.eE-+ntf` + "\n\x00\x80"
	for range n {
		at := rng.IntN(len(text))
		switch rng.IntN(4) {
		case 0:
			text[at] = spice[rng.IntN(len(spice))]
		case 1:
			text = append(text[:at], text[at+1:]...)
		case 2:
			text = append(text[:at+1], text[at:]...)
		case 3:
			end := min(at+rng.IntN(60), len(text))
			text = append(text[:end:end], text[at:]...)
		}
	}
	return text
}

func TestPlainTimesAreRead(t *testing.T) {
	for _, v := range []string{
		"0", "7", "0.5", "812.25", "58406.933", "6520430064204.583", "1712195495519689.047", "1694039968956739",
		"9223372036854774.999", "9223372036854775.807", "99999999999999999", "12345678", "123456789", "1234567.1234567",
		"1.12345678", "01", "1.", ".5", "1e3", "1.5e3", "-1", "1.5.5", "1a", "0.0004", "0.0005", "123456.789001", "1,5",
		"9999999999999.999", "8", "00.5", "1.0005", "12345678.12345678",
	} {
		// Twice: the second time its length is what is expected.
		text := []byte(`[{"ph":"X","ts":1.5,"dur":1},{"ph":"X","ts":` + v + `,"dur":` + v + `},{"ph":"X","ts":` + v + `,"dur":` + v + `},{"ph":"X","ts":1.5,"dur":1},` + strings.Repeat(" ", room) + `]`)
		sameAccount(t, v, text, blockData)
	}
}

// Wherever the category stands, it is read, also where the thread is known.
func TestCategoriesInAnyPlace(t *testing.T) {
	members := []string{`"ph":"X"`, `"cat":"kernel"`, `"name":"n"`, `"pid":1`, `"tid":2`, `"ts":70000.5`, `"dur":1.250`, `"args":{}`}
	for at := range members {
		for _, pidAt := range []int{0, 1, 3, 5} {
			m := slices.Delete(slices.Clone(members), 3, 5)
			m = slices.Insert(m, pidAt, `"pid":1`, `"tid":2`)
			m = slices.DeleteFunc(m, func(s string) bool { return s[1] == 'c' })
			m = slices.Insert(m, min(at, len(m)), members[1])
			event := "{" + strings.Join(m, ",") + "}"
			sameAccount(t, event, []byte("["+strings.Repeat(event+",", 5)+event+strings.Repeat(" ", room)+"]"), blockData)
		}
	}
}

// Names that are numbers, and ids that are anything, are read the same.
func TestMembersOfOtherTypes(t *testing.T) {
	for _, v := range []string{`5`, `"5"`, `null`, `true`, `1.5`, `[]`, `{}`, `""`} {
		for _, key := range []string{"name", "cat", "ph", "pid", "tid", "id", "args", "ts", "dur"} {
			event := fmt.Sprintf(`{"ph":"X","name":"n","pid":1,"tid":2,"ts":70000.5,"dur":1.250,"%s":%s}`, key, v)
			if key != "id" && key != "args" && key != "cat" {
				event = regexp.MustCompile(`"`+key+`":[^,}]*,`).ReplaceAllString(event, "")
			}
			event = strings.Replace(event, "{", `{"`+key+`":`+v+`,`, 1)
			event = strings.Replace(event, `,"`+key+`":`+v+`}`, "}", 1)
			sameAccount(t, event, []byte("["+strings.Repeat(event+",", 5)+event+strings.Repeat(" ", room)+"]"), blockData)
		}
	}
}

// What no template matches would still be read the same, only slowly.
func TestLayoutsReadMostEvents(t *testing.T) {
	for name, least := range map[string]float64{
		"vllm_decode_one_step": 0.97, "indent2_overlay_flows": 0.93, "cupti_ranges_string_ids": 0.97,
	} {
		text := recorded.Text(t, "../testdata/"+name+".json.gz")
		var j joiner
		blk := &block{buf: text, hi: len(text), err: io.EOF}
		j.scanBlock(blk)
		all, taken, from := 0, 0, 0
		for _, p := range blk.batch.Parts {
			for i := range p.Events {
				var e Event
				at := from + bytes.Index(text[from:], p.Events[i].text)
				from = at + len(p.Events[i].text)
				if all++; at > 0 && j.doc.templates.next(text, at-1, &e) == from {
					taken++
				}
			}
		}
		if part := float64(taken) / float64(all); part < least {
			t.Errorf("%s: %d of %d events, %.3f", name, taken, all, part)
		}
	}
}

// FuzzTemplates: events that follow each other are read the same by both scanners.
func FuzzTemplates(f *testing.F) {
	const event = `{"ph": "X", "cat": "cpu_op", "name": "aten::mm", "pid": 85, "tid": 86, "ts": 6520430064607.201, "dur": 3.700, "args": {"a": "b"}}`
	f.Add(event, strings.Replace(event, "mm", `m\"m`, 1), ", ")
	f.Add(event, strings.Replace(event, `"b"`, `"}"`, 1), ",\n  ")
	f.Add(event, strings.Replace(event, `"b"`, `{"c": {}}`, 1), ",")
	for _, e := range awkward {
		f.Add(e, e, ",")
		f.Add(event, e, ",")
	}
	f.Fuzz(func(t *testing.T, a, b, between string) {
		text := "[" + a + between + a + between + b + between + a + between + b + between + b + strings.Repeat(" ", room) + "]"
		sameAccount(t, "fuzzed", []byte(text), blockData)
	})
}

// FuzzPlainArgs: what is taken for plain is strict JSON that no viewer minds.
func FuzzPlainArgs(f *testing.F) {
	for _, v := range []string{`{}`, `{"a": 1}`, `{"a":-1.5,"b":"x y","c":null}`, `{"a":01}`, `{"a":NaN}`, `{"a":1e400}`, `{"a":"\ud83d"}`, `{"a":{}}`, `{"a":1,}`, `{"a"}`, `{`, `{"`, `{"a":t`, `{"a":1}}`} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		if !strings.HasPrefix(v, "{") {
			return
		}
		if len(v) > 1 && strings.HasSuffix(v, "}") && isPlain([]byte(v)) && !isSound([]byte(v)) {
			t.Fatalf("%q", v)
		}
	})
}
