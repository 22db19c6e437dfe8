package cmptest

import (
	"fmt"
	"strings"
	"testing"
)

type inner struct{ hidden []int }

type outer struct {
	Name string
	in   *inner
}

// recorder is a test that fails without failing.
type recorder struct {
	testing.TB
	said string
}

func (r *recorder) Helper()                           {}
func (r *recorder) Errorf(format string, args ...any) { r.said = fmt.Sprintf(format, args...) }

func TestSameSeesHiddenFields(t *testing.T) {
	a, b := outer{"a", &inner{[]int{1, 2}}}, outer{"a", &inner{[]int{1, 3}}}
	var r recorder
	if !Same(&r, "it", a, outer{"a", &inner{[]int{1, 2}}}) || r.said != "" {
		t.Errorf("the same differs: %s", r.said)
	}
	if Same(&r, "the answer", a, b) {
		t.Error("what differs is the same")
	}
	for _, want := range []string{"the answer is not", "hidden", "-", "2", "+", "3"} {
		if !strings.Contains(r.said, want) {
			t.Errorf("no %q in %s", want, r.said)
		}
	}
	if Diff([]int{}, nil) == "" {
		t.Error("an empty slice is nil")
	}
}
