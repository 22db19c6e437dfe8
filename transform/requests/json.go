package requests

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
)

// readJSON reads values that follow one another: objects of one request each,
// arrays of them, or exports of OpenTelemetry.
func readJSON(b *bufio.Reader, o FileOptions) ([]Record, error) {
	d := json.NewDecoder(b)
	d.UseNumber()
	j := jsonFile{o: o}
	for n := 1; ; n++ {
		var v any
		if err := d.Decode(&v); err == io.EOF {
			break
		} else if err != nil {
			return nil, fmt.Errorf("value %d: %w", n, tidyJSON(err))
		}
		if err := j.value(v, fmt.Sprintf("value %d", n)); err != nil {
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
}

func (j *jsonFile) value(v any, at string) error {
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			if err := j.value(item, fmt.Sprintf("%s, element %d", at, i+1)); err != nil {
				return err
			}
		}
		return nil
	case map[string]any:
		switch {
		case v["resourceSpans"] != nil:
			return j.export(v["resourceSpans"], at)
		case isSpan(v):
			j.spans++
			return j.span(v, at)
		}
		f := newFields()
		j.members(&f, v)
		r, err := f.record(at)
		if err == nil {
			j.records = append(j.records, r)
		}
		return err
	}
	return fmt.Errorf("%s is neither a request nor a list of them", at)
}

// members takes the members of an object as its fields, and the id from its
// attributes.
func (j *jsonFile) members(f *fields, v map[string]any) {
	for _, k := range slices.Sorted(maps.Keys(v)) {
		f.set(k, plain(v[k]), j.o)
	}
	j.attributes(f, v["attributes"])
}

// attributes takes the id from attributes: an object, or a list of keys and values.
func (j *jsonFile) attributes(f *fields, v any) {
	all, _ := v.(map[string]any)
	for _, k := range slices.Sorted(maps.Keys(all)) {
		j.attribute(f, k, plain(all[k]))
	}
	for _, a := range objects(v) {
		value, _ := a["value"].(map[string]any)
		j.attribute(f, plain(a["key"]), plain(value["stringValue"])+plain(value["intValue"]))
	}
}

// attribute takes an attribute if it is an id.
func (j *jsonFile) attribute(f *fields, key, value string) {
	if c, _, _ := meaning(key); c == idColumn || slices.Contains(j.o.Keys, key) {
		f.set(key, value, j.o)
	}
}

// plain is the text of a string or number, empty for anything else.
func plain(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// export goes through OpenTelemetry's spans: resources hold scopes, and these
// hold spans.
func (j *jsonFile) export(resources any, at string) error {
	for _, resource := range objects(resources) {
		for _, key := range []string{"scopeSpans", "instrumentationLibrarySpans"} {
			for _, scope := range objects(resource[key]) {
				for _, span := range objects(scope["spans"]) {
					j.spans++
					if err := j.span(span, fmt.Sprintf("%s, span %d", at, j.spans)); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

func objects(v any) []map[string]any {
	list, _ := v.([]any)
	var all []map[string]any
	for _, item := range list {
		if o, ok := item.(map[string]any); ok {
			all = append(all, o)
		}
	}
	return all
}

// inName finds the id in the name of a span, as SGLang writes it.
var inName = regexp.MustCompile(`\bReq (\w+)`)

// isSpan tells a span of OpenTelemetry that stands by itself, as its exports to a
// console and to lines of JSON have it.
func isSpan(v map[string]any) bool {
	if context, ok := v["context"].(map[string]any); ok {
		v = context
	}
	return v["spanId"] != nil || v["span_id"] != nil
}

// span takes a span if it tells of a request. What it calls an id is its own.
func (j *jsonFile) span(span map[string]any, at string) error {
	f := newFields()
	j.attributes(&f, span["attributes"])
	if f.id == "" {
		if m := inName.FindStringSubmatch(plain(span["name"])); m != nil {
			f.id = m[1]
		}
	}
	if f.id == "" {
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(span)) {
		v := plain(span[key])
		if c, _, _ := meaning(key); c != idColumn && v != "0" { // 0 is not set
			f.set(key, v, j.o)
		}
	}
	r, err := f.record(at)
	if err == nil {
		j.records = append(j.records, r)
	}
	return err
}
