// Package streams has what the tests of several verbs share: the [Ways] in which a stage can be given the
// same trace.
package streams

import (
	"bytes"
	"runtime"
	"testing"

	"tracekit/filter"
	"tracekit/internal/spill"
	"tracekit/trace"
)

// Way is one of the ways a trace can reach a verb. All give the same bytes.
type Way struct {
	Name string
	Pipe bool
	One  bool // one processor
	Held int  // bytes that may be held in memory; negative for what the verb takes
}

// Ways are all ways, the usual one first.
var Ways = []Way{{"file", false, false, -1}, {"pipe", true, false, -1}, {"one processor", false, true, -1}, {"nothing held", false, false, 0}}

// OtherWay takes the ways but the first in turn, by anything that changes.
func OtherWay(n int) Way { return Ways[1+n%(len(Ways)-1)] }

// Open calls f with data as a source that reaches a verb this way, and with what
// makes temporary files.
func (w Way) Open(t *testing.T, data []byte, f func(s *trace.Source, temp func() (*spill.File, error))) {
	t.Helper()
	var o trace.SourceOptions
	if w.One {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	}
	temp := func() (*spill.File, error) { return spill.Create(t.TempDir()) }
	size := int64(len(data))
	if w.Pipe {
		size, o.Spool = -1, temp
	}
	s, err := trace.NewSource(bytes.NewReader(data), size, o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	f(s, temp)
}

// DevicesIn tells the events of devices as the filter does, which has tests of
// its own: here it matters what becomes of them.
func DevicesIn(t *testing.T, data []byte) func(event int) bool {
	t.Helper()
	var device filter.Recognizer
	var sides []bool
	for _, learnt := range []bool{false, true} {
		Ways[0].Open(t, data, func(s *trace.Source, _ func() (*spill.File, error)) {
			if _, err := s.SurveyParts(func(p *trace.Part) error {
				if !learnt && p.Text != nil {
					device.LearnDocument(p.Text)
				}
				for i := range p.Events {
					if !learnt {
						device.Learn(&p.Events[i])
					} else {
						sides = append(sides, device.Side(&p.Events[i]) == filter.Device)
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		})
	}
	return func(event int) bool { return event < len(sides) && sides[event] }
}
