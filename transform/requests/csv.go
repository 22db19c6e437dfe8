package requests

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// readCSV reads a table with a header. Its columns are parted by commas,
// semicolons or tabs, whichever the header has most of.
func readCSV(b *bufio.Reader, o FileOptions) ([]Record, error) {
	head, err := b.Peek(4096)
	if err != nil && err != io.EOF {
		return nil, err
	}
	t := csv.NewReader(b)
	t.Comma = separator(string(head))
	t.ReuseRecord = true
	t.TrimLeadingSpace = true
	first, err := t.Read()
	if err != nil {
		return nil, tidy(err)
	}
	header := append([]string(nil), first...)
	if err := checkHeader(header, o); err != nil {
		return nil, err
	}
	var records []Record
	for {
		row, err := t.Read()
		if err == io.EOF {
			return records, nil
		}
		if err != nil {
			return nil, tidy(err)
		}
		f := newFields()
		for i, name := range header {
			f.set(name, row[i], o)
		}
		line, _ := t.FieldPos(0)
		r, err := f.record(fmt.Sprintf("line %d", line))
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
}

func separator(head string) rune {
	head, _, _ = strings.Cut(head, "\n")
	best := ','
	for _, c := range ";\t" {
		if strings.Count(head, string(c)) > strings.Count(head, string(best)) {
			best = c
		}
	}
	return best
}

// checkHeader tells early what no row could make up for.
func checkHeader(header []string, o FileOptions) error {
	f := newFields()
	for _, name := range header {
		f.set(name, "?", o)
	}
	start := f.start
	if f.end != "" && f.length != "" {
		start = "known by these"
	}
	for _, need := range []struct{ value, what string }{{f.id, "an id"}, {start, "a start"}, {f.end + f.length, "an end or a duration"}} {
		if need.value == "" {
			return fmt.Errorf("no column for %s among %q: name them id, start and end", need.what, header)
		}
	}
	return nil
}

// tidy puts errors of the table in one line as all others are.
func tidy(err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return fmt.Errorf("line %d: %w", p.Line, p.Err)
	}
	return err
}
