// Package schema judges documents that tracekit writes by the JSON schemas in docs:
// [Read] one, and [Schema.Judge] a document.
package schema

import (
	"bytes"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Schema is what documents of a kind have to be like.
type Schema struct{ *jsonschema.Schema }

// Read reads the schema in a file, and fails t if that is none.
func Read(t testing.TB, path string) Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(path)
	if err != nil {
		t.Fatal(err)
	}
	return Schema{s}
}

// Judge returns what a text says, and is an error of t unless it meets the schema. What is what the text is of.
func (s Schema) Judge(t testing.TB, what string, text []byte) any {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err == nil {
		err = s.Validate(doc)
	}
	if err != nil {
		t.Errorf("%s: %v\n%s", what, err, text)
	}
	return doc
}
