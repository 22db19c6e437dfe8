package requests

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"

	"github.com/bytedance/sonic/ast"
)

// readJSON reads values that follow one another: objects of one request each,
// arrays of them, or exports of OpenTelemetry. One value at a time is held as text,
// and only those of its members are taken apart that are asked for.
func readJSON(b *bufio.Reader, o FileOptions) ([]Record, error) {
	d := json.NewDecoder(b)
	j := jsonFile{o: o}
	for n := 1; ; n++ {
		var raw json.RawMessage
		if err := d.Decode(&raw); err == io.EOF {
			break
		} else if err != nil {
			return nil, fmt.Errorf("value %d: %w", n, tidyJSON(err))
		}
		v := ast.NewRaw(string(raw))
		if err := j.value(&v, fmt.Sprintf("value %d", n)); err != nil {
			return nil, err
		}
	}
	if len(j.records) == 0 && j.spans > 0 {
		return nil, fmt.Errorf("%w: none of %d spans carries an id of a request", ErrNoRequests, j.spans)
	}
	return j.records, nil
}

func tidyJSON(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the file ends within it")
	}
	return err
}

type jsonFile struct {
	o       FileOptions
	records []Record
	spans   int // of OpenTelemetry
	sent    int // by benchmarks
}

func (j *jsonFile) value(v *ast.Node, at string) error {
	switch typeOf(v) {
	case ast.V_ARRAY:
		return elements(v, func(i int, item *ast.Node) error {
			return j.value(item, fmt.Sprintf("%s, element %d", at, i+1))
		})
	case ast.V_OBJECT:
		switch {
		case isThere(member(v, "resourceSpans")):
			return j.export(member(v, "resourceSpans"), at)
		case isThere(member(v, "start_times")):
			return j.benchmark(v, at)
		case isSpan(v):
			j.spans++
			return j.span(v, at)
		}
		f := newFields()
		err := members(v, func(key string, value *ast.Node) error {
			f.set(key, plain(value), j.o)
			return nil
		})
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		j.attributes(&f, member(v, "attributes"))
		r, err := f.record(at)
		if err == nil {
			j.records = append(j.records, r)
		}
		return err
	}
	return fmt.Errorf("%s is neither a request nor a list of them", at)
}

// attributes takes the id from attributes: an object, or a list of keys and values.
func (j *jsonFile) attributes(f *fields, v *ast.Node) {
	_ = members(v, func(key string, value *ast.Node) error {
		j.attribute(f, key, plain(value))
		return nil
	})
	_ = elements(v, func(_ int, a *ast.Node) error {
		value := member(a, "value")
		j.attribute(f, plain(member(a, "key")), plain(member(value, "stringValue"))+plain(member(value, "intValue")))
		return nil
	})
}

// attribute takes an attribute if it is an id.
func (j *jsonFile) attribute(f *fields, key, value string) {
	if c, _, _ := meaning(key); c == idColumn || slices.Contains(j.o.Keys, key) {
		f.set(key, value, j.o)
	}
}

// typeOf is the type of a node that may be nil, as what is not there is.
func typeOf(v *ast.Node) int {
	if v == nil {
		return ast.V_NONE
	}
	return v.TypeSafe()
}

// member is the member of an object called key, nil if there is none.
func member(v *ast.Node, key string) *ast.Node {
	if typeOf(v) != ast.V_OBJECT {
		return nil
	}
	return v.Get(key)
}

// isThere reports a member that is there and is not null.
func isThere(v *ast.Node) bool { return typeOf(v) > ast.V_NULL }

// plain is the text of a string or number, empty for anything else.
func plain(v *ast.Node) string {
	switch typeOf(v) {
	case ast.V_STRING:
		text, _ := v.String()
		return text
	case ast.V_NUMBER:
		text, _ := v.Raw()
		return text
	}
	return ""
}

// members calls do for each member of v, if it is an object, in their order, until
// one fails.
func members(v *ast.Node, do func(key string, value *ast.Node) error) error {
	if typeOf(v) != ast.V_OBJECT {
		return nil
	}
	return eachMember(v, func(path ast.Sequence, value *ast.Node) error { return do(*path.Key, value) })
}

// elements is members for the elements of an array, which are counted from 0.
func elements(v *ast.Node, do func(i int, value *ast.Node) error) error {
	if typeOf(v) != ast.V_ARRAY {
		return nil
	}
	return eachMember(v, func(path ast.Sequence, value *ast.Node) error { return do(path.Index, value) })
}

func eachMember(v *ast.Node, do func(path ast.Sequence, value *ast.Node) error) (err error) {
	failed := v.ForEach(func(path ast.Sequence, value *ast.Node) bool {
		err = do(path, value)
		return err == nil
	})
	if err == nil {
		err = failed
	}
	return err
}

// export goes through OpenTelemetry's spans: resources hold scopes, and these
// hold spans.
func (j *jsonFile) export(resources *ast.Node, at string) error {
	return elements(resources, func(_ int, resource *ast.Node) error {
		for _, key := range []string{"scopeSpans", "instrumentationLibrarySpans"} {
			err := elements(member(resource, key), func(_ int, scope *ast.Node) error {
				return elements(member(scope, "spans"), func(_ int, span *ast.Node) error {
					if typeOf(span) != ast.V_OBJECT {
						return nil
					}
					j.spans++
					return j.span(span, fmt.Sprintf("%s, span %d", at, j.spans))
				})
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// inName finds the id in the name of a span, as SGLang writes it.
var inName = regexp.MustCompile(`\bReq (\w+)`)

// isSpan tells a span of OpenTelemetry that stands by itself, as its exports to a
// console and to lines of JSON have it.
func isSpan(v *ast.Node) bool {
	if context := member(v, "context"); typeOf(context) == ast.V_OBJECT {
		v = context
	}
	return isThere(member(v, "spanId")) || isThere(member(v, "span_id"))
}

// span takes a span if it tells of a request. What it calls an id is its own.
func (j *jsonFile) span(span *ast.Node, at string) error {
	f := newFields()
	j.attributes(&f, member(span, "attributes"))
	if f.id == "" {
		if m := inName.FindStringSubmatch(plain(member(span, "name"))); m != nil {
			f.id = m[1]
		}
	}
	if f.id == "" {
		return nil
	}
	err := members(span, func(key string, value *ast.Node) error {
		v := plain(value)
		if c, _, _ := meaning(key); c != idColumn && v != "0" { // 0 is not set
			f.set(key, v, j.o)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	r, err := f.record(at)
	if err == nil {
		j.records = append(j.records, r)
	}
	return err
}
