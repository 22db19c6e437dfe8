package trace

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// hostile are texts of n pieces that would take the square of the time if each of them
// was looked at from its start to where it can't be read any further.
var hostile = map[string]func(n int) string{
	"objects in each other":       func(n int) string { return strings.Repeat(`{"ph":`, n) },
	"args in each other":          func(n int) string { return strings.Repeat(`{"ph":"X","args":{"name":{`, n/4) },
	"arrays of events, not shut":  func(n int) string { return strings.Repeat(`{"ph":"X","a":[{"ph":"i"},`, n/4) },
	"events in each other, shut":  func(n int) string { return strings.Repeat(`{"ph":"X","a":`, n) + "1" + strings.Repeat(`,bad}`, n) },
	"objects in each other, shut": func(n int) string { return `{"a" ` + strings.Repeat(`{"a":`, n) + "1" + strings.Repeat(`}`, n) },
	"keys of one event": func(n int) string {
		var b strings.Builder
		b.WriteString(`{"ph":"X"`)
		for i := range n {
			fmt.Fprintf(&b, `,"k%d":%d`, i, i)
		}
		return b.String() + "}"
	},
	"keys of one that is broken": func(n int) string { return `{"ph":"X"` + strings.Repeat(`,"k":1`, n) + ` "x"}` },
	"broken events":              func(n int) string { return strings.Repeat(`{"ph":},`, n) },
	"broken and whole":           func(n int) string { return strings.Repeat(`{"ph":},{"ph":"i"},`, n/2) },
	"shifted quotes":             func(n int) string { return strings.Repeat(`{"ph":"X","args":{"a"b": 1}},`+"\n", n/4) },
	"quotes":                     func(n int) string { return `{"ph":"X","name":` + strings.Repeat(`"`, n) + "}" },
	"quotes that lead on":        func(n int) string { return `{"ph":"X","args":{"a":` + strings.Repeat(`"{" `, n) + "}}" },
	"escaped quotes":             func(n int) string { return `{"ph":"X","name":"` + strings.Repeat(`\"`, n) },
	"backslashes":                func(n int) string { return `{"ph":"X","name":"` + strings.Repeat(`\`, n) + `"}` },
	"strings like ends":          func(n int) string { return strings.Repeat(`{"ph":"X","args":{"a":["},{"]}},`, n/4) },
	"brackets":                   func(n int) string { return strings.Repeat(`[`, n) + strings.Repeat(`]`, n) },
	"closing brackets":           func(n int) string { return `{"ph":},` + strings.Repeat(`],`, n) },
	"braces":                     func(n int) string { return strings.Repeat(`{`, n) },
	"commas":                     func(n int) string { return strings.Repeat(`,`, n) },
	"white space":                func(n int) string { return strings.Repeat(" ", 8*n) + `{"ph":"i"}` },
	"white space in braces":      func(n int) string { return strings.Repeat(`{`+strings.Repeat(" ", 4000), n/1000) },
	"numbers":                    func(n int) string { return strings.Repeat(`1,`, n) },
	"one long number":            func(n int) string { return `{"ph":"i","ts":` + strings.Repeat(`1`, n) + "}" },
}

// lookedAt is how many bytes were looked at to read an array of events, in blocks.
func lookedAt(t *testing.T, events string) int64 {
	t.Helper()
	text := `{"traceEvents":[` + events + "]}"
	blk := &block{buf: make([]byte, blockRoom+blockData)}
	var j joiner
	for off := 0; off < len(text); {
		n := copy(blk.buf[blockRoom:blockRoom+100_000], text[off:])
		blk.lo, blk.hi, blk.off, blk.err = blockRoom, blockRoom+n, int64(off), nil
		if off += n; off == len(text) {
			blk.err = io.EOF
		}
		for j.scanBlock(blk); blk.more; j.scanRest(blk) {
		}
		if blk.err != nil && blk.err != io.EOF {
			t.Fatal(blk.err)
		}
	}
	return j.doc.searched
}

// Whatever the text is, twice as much of it is looked at no more than twice as often, and
// each byte a few times.
func TestReadingTakesTimeByLength(t *testing.T) {
	const n = 100_000
	for name, make := range hostile {
		t.Run(name, func(t *testing.T) {
			once, twice := lookedAt(t, make(n)), lookedAt(t, make(2*n))
			size := int64(len(make(2 * n)))
			if twice > once*23/10+1<<20 || twice > 40*size+1<<20 {
				t.Errorf("%d bytes looked at, of %d twice as many: %d", once, size, twice)
			}
			t.Logf("%.1f and %.1f times each byte", float64(once)/float64(size/2), float64(twice)/float64(size))
		})
	}
}
