package steps

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tracekit/filter"
	"tracekit/filter/producer"
	"tracekit/trace"
)

// What an expression calls a step is what is found as one: on each track of the samples whose
// slices are markers, the expression matches as many, but for Python frames.
func TestExpressionAndFinderAgree(t *testing.T) {
	step, err := filter.Parse("step")
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob("../../testdata/cases/*.json")
	judged := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		src, err := trace.NewSource(bytes.NewReader(text), int64(len(text)), trace.SourceOptions{})
		if err != nil {
			continue
		}
		f, kinds := NewFinder(Options{}), &filter.Recognizer{}
		var events []trace.Event
		_, err = src.SurveyParts(func(p *trace.Part) error {
			for i := range p.Events {
				f.Learn(&p.Events[i])
				kinds.Learn(&p.Events[i])
				events = append(events, p.Events[i].Clone())
			}
			return nil
		})
		src.Close()
		if err != nil {
			continue // not a trace
		}
		run, err := f.Run()
		if err != nil || run.Producer == PythonStack || run.Producer == producer.VLLMGaudi.Name {
			continue
		}
		found := map[string]int{}
		for _, s := range run.Steps {
			found[fmt.Sprint(s.Label, " at ", int64(s.Start))]++
		}
		matched := map[string]int{}
		env := &filter.Env{Kinds: kinds}
		for i := range events {
			e := &events[i]
			mirrored := string(e.Cat()) == "gpu_user_annotation"
			if strings.ContainsRune("XB", rune(e.Phase)) && !mirrored && step.Match(e, env) {
				matched[fmt.Sprint(string(trace.Unescape(e.Name())), " at ", int64(e.TS))]++
			}
		}
		for name, n := range found {
			judged++
			if matched[name] < n {
				t.Errorf("%s: %d steps %s, and the expression matches %d", filepath.Base(file), n, name, matched[name])
			}
		}
	}
	if judged < 20 {
		t.Errorf("only %d steps", judged)
	}
}
