package tracegen

import (
	"bytes"
	"testing"
)

// Text returns the text of a generated trace and what is true of it. It fails the test
// for a configuration that can't be generated.
func Text(t testing.TB, c Config) ([]byte, Truth) {
	t.Helper()
	var b bytes.Buffer
	truth, err := Generate(&b, c)
	if err != nil {
		t.Fatalf("%+v: %v", c, err)
	}
	return b.Bytes(), truth
}
