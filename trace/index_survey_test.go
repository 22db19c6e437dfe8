package trace

import (
	"testing"

	"tracekit/internal/testkit/cmptest"
)

// A survey that picks events says of the trace what one without events says, and parts have those
// that were picked, in order, with the text of the document between them.
func TestPickedEventsAreThoseOfAll(t *testing.T) {
	text := sample(3 << 19)
	for name, pick := range map[string]func(*Event) bool{
		"some":    func(e *Event) bool { return e.Phase == 'C' || string(e.Name()) == "op 7" },
		"none":    func(*Event) bool { return false },
		"all":     func(*Event) bool { return true },
		"kernels": func(e *Event) bool { return string(e.Cat()) == "kernel" },
	} {
		t.Run(name, func(t *testing.T) {
			var want, got []string
			gather := func(to *[]string, wanted func(*Event) bool) func(p *Part) error {
				return func(p *Part) error {
					if p.Text != nil {
						*to = append(*to, string(p.Text))
					}
					for i := range p.Events {
						if e := &p.Events[i]; wanted(e) {
							*to = append(*to, string(e.Raw()))
						}
					}
					return nil
				}
			}
			all, _ := openSample(t, text)
			if _, err := all.SurveyParts(gather(&want, pick)); err != nil {
				t.Fatal(err)
			}
			some, _ := openSample(t, text)
			picked, err := some.SurveyPicked(pick, gather(&got, func(*Event) bool { return true }))
			if err != nil {
				t.Fatal(err)
			}
			cmptest.Same(t, "the events", want, got)
			plain, _ := openSample(t, text)
			summed, err := plain.Survey(nil)
			if err != nil {
				t.Fatal(err)
			}
			cmptest.Same(t, "the survey", summed, picked)
		})
	}
}
