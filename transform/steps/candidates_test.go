package steps

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"tracekit/internal/testkit/cmptest"
	"tracekit/internal/testkit/tracegen"
	"tracekit/trace"
)

// Of candidates alone a Finder finds the steps that it finds of all events.
func TestCandidatesHaveAllSteps(t *testing.T) {
	inputs := map[string][]byte{
		"late names":  doc(ev("", "train 4", "1", "22", 100, 50), ev("", "5", "1", "22", 200, 50), `{"ph":"M","name":"thread_name","pid":1,"tid":22,"args":{"name":"Steps"}}`),
		"open begins": doc(half("B", "", "step[DECODE bs=1]", "7", 100), half("B", "", "other", "7", 300), half("E", "", "", "7", 350), half("E", "", "", "7", 360)),
		"operators":   doc(ev("cpu_op", "ProfilerStep#1", "1", "1", 1, 9), ev("cpu_op", "aten::add", "1", "1", 2, 3), ev("Operator", "ProfilerStep#2", "1", "1", 20, 9)),
		"merged":      doc(`{"ph":"X","cat":"user_annotation","name":"2 step","pid":1,"tid":1,"ts":1,"dur":9,"args":{"tracekit.count":2,"tracekit.busy":5,"tracekit.names":{"step[DECODE bs=1]":[2,5]}}}`, note("step[DECODE bs=1]", 20, 5)),
	}
	for _, c := range []tracegen.Config{
		{Producer: tracegen.Gaudi, Steps: 40, Hardware: true, Layers: 1, Python: true}, {Producer: tracegen.SGLang, Steps: 20, Layers: 1, Python: true},
		{Producer: tracegen.CUDA, Steps: 20, Layers: 1, Python: true}, {Producer: tracegen.CUDA, Steps: 20, Layers: 1, Odd: tracegen.Odd{BeginEnd: true}},
	} {
		inputs[string(c.Producer)], _ = tracegen.Text(t, c)
	}
	for _, pattern := range []string{"cases/*.json", "gaudi/*.json.gz", "*.json.gz"} {
		files, _ := filepath.Glob("../../testdata/" + pattern)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			inputs[file] = text
		}
	}
	found := 0
	for name, text := range inputs {
		for _, o := range []Options{{}, {Marker: regexp.MustCompile("^aten::")}} {
			all, known := surveyed(t, text, o, nil)
			some, _ := surveyed(t, text, o, (*Finder).Candidates)
			if !known {
				continue
			}
			want, _ := all.Run()
			got, _ := some.Run()
			cmptest.Same(t, name, want, got)
			if want != nil {
				found++
			}
		}
	}
	if found < 40 {
		t.Errorf("%d have steps", found)
	}
}

// surveyed is a Finder that was shown a trace, or what picks says of it, and whether it is a trace.
func surveyed(t *testing.T, text []byte, o Options, picks func(*Finder) func(*trace.Event) bool) (f *Finder, ok bool) {
	t.Helper()
	s, err := trace.NewSource(bytes.NewReader(text), int64(len(text)), trace.SourceOptions{})
	if err != nil {
		return nil, false
	}
	defer s.Close()
	f = NewFinder(o)
	learn := func(p *trace.Part) error {
		if p.Text != nil {
			f.LearnDocument(p.Text)
		}
		for i := range p.Events {
			f.Learn(&p.Events[i])
		}
		return nil
	}
	if picks == nil {
		_, err = s.SurveyParts(learn)
	} else {
		_, err = s.SurveyPicked(picks(f), learn)
	}
	return f, err == nil
}
