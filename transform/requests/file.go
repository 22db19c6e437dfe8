package requests

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"tracekit/trace"
)

// Record is a request as a file has it, before its times are mapped to a
// trace's.
type Record struct {
	ID         string
	start, end moment     // one of them may be unknown
	length     trace.Time // instead of that, negative if not given
	at         string     // where it stands in the file
}

// FileOptions say what a file does not.
type FileOptions struct {
	// Unit is that of plain numbers in columns whose names carry none.
	Unit Unit
	// Keys are names of the id besides the common ones.
	Keys []string
}

// ErrNoRequests says that a file has no requests.
var ErrNoRequests = errors.New("there are no requests in it")

// ReadFile reads requests from CSV with a header, JSON lines, or an
// OpenTelemetry export in JSON, which are recognized by their content. Spans of
// OpenTelemetry count if they carry an id as an attribute or, as Req ID, in
// their name. It keeps the requests, and one JSON value at a time.
func ReadFile(r io.Reader, o FileOptions) ([]Record, error) {
	b := bufio.NewReader(r)
	if mark, _ := b.Peek(3); string(mark) == "\ufeff" {
		_, _ = b.Discard(3)
	}
	first, err := firstByte(b)
	if err == io.EOF {
		return nil, ErrNoRequests
	}
	if err != nil {
		return nil, err
	}
	read := readCSV
	if first == '{' || first == '[' {
		read = readJSON
	}
	records, err := read(b, o)
	if err == nil && len(records) == 0 {
		err = ErrNoRequests
	}
	return records, err
}

// firstByte skips white space and tells what follows, without taking it.
func firstByte(b *bufio.Reader) (byte, error) {
	for {
		c, err := b.ReadByte()
		if err != nil {
			return 0, err
		}
		if bytes.IndexByte([]byte(" \t\r\n"), c) < 0 {
			return c, b.UnreadByte()
		}
	}
}

// fields gathers what the fields of one record mean.
type fields struct {
	id, start, end, length string
	order                  [lengthColumn + 1]int
	units                  [lengthColumn + 1]Unit
}

func newFields() fields {
	var f fields
	for i := range f.order {
		f.order[i] = 1 << 30
	}
	return f
}

// set takes the value of a field, unless a better name has given one. What
// programs write for no value is none.
func (f *fields) set(name, value string, o FileOptions) {
	switch value = strings.TrimSpace(value); value {
	case "", "null", "None", "nan", "NaN", "NaT":
		return
	}
	c, order, u := meaning(name)
	if i := slices.Index(o.Keys, name); i >= 0 {
		c, order = idColumn, i-len(o.Keys)
	}
	if c == noColumn || order >= f.order[c] {
		return
	}
	if u == ByMagnitude {
		u = o.Unit
	}
	f.order[c], f.units[c] = order, u
	*[...]*string{idColumn: &f.id, startColumn: &f.start, endColumn: &f.end, lengthColumn: &f.length}[c] = value
}

// record makes a record of the fields. at says where it stands.
func (f *fields) record(at string) (Record, error) {
	r := Record{ID: f.id, length: -1, at: at}
	var err error
	switch {
	case f.id == "":
		return r, fmt.Errorf("%s: no id of a request", at)
	case f.start == "" && (f.end == "" || f.length == ""):
		return r, fmt.Errorf("%s: request %s has no start", at, f.id)
	}
	if f.start != "" {
		if r.start, err = parseMoment(f.start, f.units[startColumn]); err != nil {
			return r, fmt.Errorf("%s: start of request %s: %w", at, f.id, err)
		}
	}
	if f.end != "" {
		r.end, err = parseMoment(f.end, f.units[endColumn])
	}
	if err == nil && f.length != "" && (f.start == "" || f.end == "") {
		r.length, err = parseLength(f.length, f.units[lengthColumn])
	}
	if err != nil {
		return r, fmt.Errorf("%s: end of request %s: %w", at, f.id, err)
	}
	return r, nil
}

// Place maps records to the clock of a trace. Records of one id are one
// request, from the first start to the last end. One without an end is
// unfinished and reaches to the end of the trace.
func Place(records []Record, c Clock) ([]Request, error) {
	records, err := readBare(records, c)
	if err != nil {
		return nil, err
	}
	var all []Request
	at := map[string]int{}
	for i := range records {
		r, err := records[i].place(c)
		if err != nil {
			return nil, err
		}
		n, seen := at[r.ID]
		if !seen {
			at[r.ID] = len(all)
			all = append(all, r)
			continue
		}
		have := &all[n]
		have.Start, have.End = min(have.Start, r.Start), max(have.End, r.End)
		have.Unfinished = have.Unfinished || r.Unfinished
	}
	for i := range all {
		all[i].Outside = c.outside(all[i].Start, all[i].End)
	}
	sortRequests(all)
	return all, nil
}

func (r *Record) place(c Clock) (Request, error) {
	q := Request{ID: r.ID, Source: File, FirstStep: -1, LastStep: -1}
	var err error
	if q.Start, err = c.timeOf(r.start); err != nil {
		return q, fmt.Errorf("%s: %w", r.at, err)
	}
	if q.End, err = c.timeOf(r.end); err != nil {
		return q, fmt.Errorf("%s: %w", r.at, err)
	}
	switch {
	case !r.start.known:
		q.Start = q.End.Add(-r.length)
	case r.length >= 0:
		q.End = q.Start.Add(r.length)
	case !r.end.known:
		q.Unfinished, q.End = true, max(q.Start, c.end())
	}
	if q.End < q.Start {
		return q, fmt.Errorf("%s: request %s ends before it starts", r.at, r.ID)
	}
	return q, nil
}
