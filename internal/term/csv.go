package term

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
)

// CSV writes tables for scripts and spreadsheets, with cells made safe by Cell.
type CSV struct{ w *csv.Writer }

// NewCSV returns a CSV that writes to w.
func NewCSV(w io.Writer) *CSV { return &CSV{csv.NewWriter(w)} }

// Row writes a row. Close returns what fails.
func (c *CSV) Row(cells []string) {
	safe := make([]string, len(cells))
	for i := range cells {
		safe[i] = Cell(cells[i])
	}
	c.w.Write(safe)
}

// Close ends the table.
func (c *CSV) Close() error {
	c.w.Flush()
	return c.w.Error()
}

// Cell returns s as a cell that nobody acts upon: control characters, line breaks and
// marks of direction are escaped as in JSON, and a text that a spreadsheet would take
// for a formula has an apostrophe before it, as spreadsheets have it themselves.
func Cell(s string) string {
	if strings.IndexFunc(s, acts) >= 0 || strings.ToValidUTF8(s, "") != s {
		var b strings.Builder
		for _, r := range s {
			b.WriteString(escaped(r))
		}
		s = b.String()
	}
	if isFormula(s) {
		return "'" + s
	}
	return s
}

func acts(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
}

func escaped(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\t':
		return `\t`
	case r == '\r':
		return `\r`
	case acts(r):
		return fmt.Sprintf(`\u%04x`, r)
	}
	return string(r)
}

// isFormula reports whether a spreadsheet calculates what is in a cell. A number with
// a sign is none.
func isFormula(s string) bool {
	if s == "" || !strings.ContainsRune("=+-@", rune(s[0])) {
		return false
	}
	_, err := strconv.ParseFloat(s, 64)
	return err != nil
}

// CSVFile is a table as a file of its own.
type CSVFile struct {
	Name string
	Head []string
	Rows [][]string
}

// FileName is the name of the table's file.
func (f CSVFile) FileName() string { return f.Name }

// Write writes the table, its header first.
func (f CSVFile) Write(w io.Writer) error {
	c := NewCSV(w)
	c.Row(f.Head)
	for _, row := range f.Rows {
		c.Row(row)
	}
	return c.Close()
}

// Add appends a row of values, as fmt.Sprint writes them.
func (f *CSVFile) Add(values ...any) {
	row := make([]string, len(values))
	for i, v := range values {
		row[i] = fmt.Sprint(v)
	}
	f.Rows = append(f.Rows, row)
}
