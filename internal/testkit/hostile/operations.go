package hostile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime/coverage"
)

// Operations counts how often blocks of code have run in this process, which must be built
// with -cover -covermode=count.
type Operations struct {
	before map[function][]uint32
}

// function is one of a package, by numbers.
type function struct{ pkg, fn uint64 }

// Since returns how many have run since it was called last, of all goroutines together. It
// fails where the program does not count.
func (o *Operations) Since() (n int64, err error) {
	var b bytes.Buffer
	if err := coverage.WriteCounters(&b); err != nil {
		return 0, err
	}
	now, err := counters(b.Bytes())
	if err != nil {
		return 0, err
	}
	for f, all := range now {
		before := o.before[f]
		for i, c := range all {
			if i < len(before) {
				c -= before[i] // right even where it began again at 0
			}
			n += int64(c)
		}
	}
	o.before = now
	return n, nil
}

// counters reads what runtime/coverage writes of the counters of a program: a header, one
// segment with its strings, and for each function the number of its counters, of its
// package, its own, and the counters (Go's internal/coverage/defs.go).
func counters(text []byte) (map[function][]uint32, error) {
	const header, segment, flavor, inBytes = 32, 16, 24, 2
	if len(text) < header+segment || !bytes.HasPrefix(text, []byte("\x00cwm")) || text[flavor] != inBytes {
		return nil, fmt.Errorf("counters of an unknown format: %.40q", text)
	}
	functions := binary.LittleEndian.Uint64(text[header:])
	skip := binary.LittleEndian.Uint32(text[header+8:]) + binary.LittleEndian.Uint32(text[header+12:])
	r := bytes.NewReader(text[header+segment+skip:])
	var err error
	next := func() (v uint64) {
		if err == nil {
			v, err = binary.ReadUvarint(r)
		}
		return v
	}
	all := make(map[function][]uint32, functions)
	for range functions {
		n := next()
		f := function{next(), next()}
		if err != nil || n > uint64(r.Len()) {
			return nil, fmt.Errorf("counters of an unknown format: %v", err)
		}
		counts := make([]uint32, n)
		for i := range counts {
			counts[i] = uint32(next())
		}
		all[f] = counts
	}
	return all, err
}
