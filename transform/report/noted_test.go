package report

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"tracekit/filter"
	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/tracegen"
	"tracekit/trace"
)

// thirds are three windows, each a third of the range.
func thirds(r *Report) []Window {
	at := func(i trace.Time) trace.Time { return r.From + r.Length()/3*i }
	return []Window{{at(0), at(1), 0}, {at(1), at(2), 1}, {at(2), r.To, 0}}
}

// attributed measures a trace by what the first reading notes or, if it is read twice, by its text.
// It reports whether the notes sufficed.
func attributed(t testing.TB, text []byte, o Options, twice bool) (*Report, bool) {
	t.Helper()
	s, err := trace.NewSource(bytes.NewReader(text), int64(len(text)), trace.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	o.Windows = thirds
	l, err := learn(t.Context(), s, o)
	defer l.giveUp()
	if err != nil {
		t.Fatal(err)
	}
	if twice {
		l.giveUp()
	}
	r, err := l.begin(o)
	if err != nil {
		t.Fatal(err)
	}
	m := newMeasure(l, r, o)
	defer m.close()
	suffices := m.suffices()
	if err := m.read(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if err := m.finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.Survey = nil
	return r, suffices
}

// isTrace reports whether text can be read to its end.
func isTrace(text []byte) bool {
	s, err := trace.NewSource(bytes.NewReader(text), int64(len(text)), trace.SourceOptions{})
	if err != nil {
		return false
	}
	defer s.Close()
	_, err = s.Survey(func(*trace.Event) error { return nil })
	return err == nil
}

// What the first reading noted says the same as a second reading, of every trace of the tree and of others.
func TestNotesSayWhatASecondReadingDoes(t *testing.T) {
	texts := map[string][]byte{}
	for _, pattern := range []string{"testdata/cases/*.json", "testdata/perfetto-cases/*.json", "transform/compare/testdata/*.json.gz"} {
		files, err := filepath.Glob("../../" + pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if isTrace(text) {
				texts[file] = text
			}
		}
	}
	for i, c := range []tracegen.Config{
		{Producer: tracegen.Gaudi, Steps: 6, Layers: 1, Hardware: true, Python: true},
		{Producer: tracegen.CUDA, Steps: 4, Layers: 1, Hardware: true, Python: true, Odd: tracegen.Odd{BeginEnd: true, Async: true, Emoji: true}},
		{Producer: tracegen.SGLang, Layout: tracegen.Indent2, Steps: 4, Layers: 1, Hardware: true},
	} {
		var text bytes.Buffer
		if _, err := tracegen.Generate(&text, c); err != nil {
			t.Fatal(err)
		}
		texts[fmt.Sprint("generated ", i)] = text.Bytes()
	}
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 9))
		texts[fmt.Sprint("drawn ", seed)] = draw(rng)
		texts[fmt.Sprint("drawn host ", seed)], _ = drawHost(rng)
	}
	noted := 0
	for name, text := range texts {
		want, _ := attributed(t, text, Options{}, true)
		got, suffices := attributed(t, text, Options{}, false)
		if suffices {
			noted++
		}
		cmptest.Same(t, name, want, got)
	}
	if least := len(texts) * 3 / 4; noted < least {
		t.Errorf("the notes of %d of %d traces suffice, want %d", noted, len(texts), least)
	}
}

// Where a slice says more than its name and place, the trace is read a second time.
func TestTracesWithMoreDetailAreReadTwice(t *testing.T) {
	slice := func(more string) string { return `[{"ph":"X","name":"a","pid":1,"tid":1,"ts":1,"dur":2` + more + `}]` }
	hardware, err := filter.Parse("dur > 1us")
	if err != nil {
		t.Fatal(err)
	}
	unordered := `[{"ph":"B","name":"a","cat":"cpu_op","pid":1,"tid":1,"ts":5},{"ph":"E","pid":1,"tid":1,"ts":9},
		{"ph":"B","name":"b","cat":"cpu_op","pid":1,"tid":1,"ts":1},{"ph":"E","pid":1,"tid":1,"ts":4}]`
	many := bytes.NewBufferString("[")
	for i := range 30_000 {
		fmt.Fprintf(many, `{"ph":"X","cat":"cpu_op","name":"op %d %0400d","pid":1,"tid":1,"ts":%d,"dur":1},`, i, i, i)
	}
	many.WriteString(`{}]`)
	handles := bytes.NewBufferString("[")
	for i := range 60_000 {
		fmt.Fprintf(handles, `{"ph":"X","cat":"Runtime","name":"handle 0x%x","pid":1,"tid":1,"ts":%d,"dur":1,"args":{"status":0}},`, i, i)
	}
	handles.WriteString(`{}]`)
	for name, f := range map[string]struct {
		text string
		o    Options
		want bool
	}{
		"plain":                   {slice(""), Options{}, true},
		"a stage of OpenCL":       {slice(`},{"ph":"X","name":"copy (Execution)","cname":"thread_state_running","pid":1,"tid":2,"ts":1,"dur":2`), Options{}, false},
		"a device by condition":   {slice(""), Options{Given: filter.Given{Hardware: hardware}}, false},
		"begins in any order":     {unordered, Options{}, false},
		"begins in order":         {`[{"ph":"B","name":"a","cat":"cpu_op","pid":1,"tid":1,"ts":5},{"ph":"E","pid":1,"tid":1,"ts":9}]`, Options{}, true},
		"names of many megabytes": {many.String(), Options{}, false},
		"names with addresses":    {handles.String(), Options{}, true},
		"kernels with addresses":  {slice(`},{"ph":"X","cat":"kernel","name":"k 0x1","pid":0,"tid":7,"ts":1,"dur":2},{"ph":"X","cat":"kernel","name":"k 0x2","pid":0,"tid":7,"ts":4,"dur":2`), Options{}, false},
	} {
		want, _ := attributed(t, []byte(f.text), f.o, true)
		got, suffices := attributed(t, []byte(f.text), f.o, false)
		cmptest.Same(t, name, want, got)
		if suffices != f.want {
			t.Errorf("%s: the notes suffice is %v, want %v", name, suffices, f.want)
		}
	}
}
