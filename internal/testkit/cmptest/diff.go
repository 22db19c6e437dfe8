// Package cmptest compares structures in tests, and shows where they differ:
// [Same] fails a test, [Diff] returns the difference.
package cmptest

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Whole compares all fields, those of events and times that other packages can't name
// too: a nil slice is none that is empty, and a NaN is like no other.
var Whole = cmp.Options{cmp.Exporter(func(reflect.Type) bool { return true })}

// Diff shows where got is not want, in the lines of either; it is empty if they are the
// same.
func Diff[T any](want, got T) string { return cmp.Diff(want, got, Whole) }

// Same fails the test unless got is want, and shows where it is not.
func Same[T any](t testing.TB, what string, want, got T) bool {
	t.Helper()
	d := Diff(want, got)
	if d != "" {
		t.Errorf("%s is not as it should be (- want, + got):\n%s", what, d)
	}
	return d == ""
}
