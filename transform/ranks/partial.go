// Package ranks reports on the traces of many ranks of one run: how long their steps take, who the
// others wait for, how fast collectives are, and where ranks differ. docs/report.md has the definitions.
//
// What a report needs of a trace is a [Trace]: it grows with the steps and collectives of the trace
// and the names of its kernels, and not with its events. A [Partial] holds those of some traces; it is
// written to a file by [Partial.Write] and read by [Read], and partial reports go together by
// [Merge], in whatever order. [Partial.Report] makes the report. To compare what partial reports
// hold with other runs, [Trace.Report] returns what a report of the trace alone would have of it.
package ranks

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"tracekit/internal/jsondoc"
	"tracekit/internal/natural"
	"tracekit/transform/report"

	"github.com/klauspost/compress/zstd"
)

// version is that of the format of partial reports.
const version = 1

// Partial is what some of the traces of a run add to the report of all.
type Partial struct {
	Version int `json:"tracekit_partial_report"`
	// Shards are the shares of the inputs that it covers, where they were divided: each in order,
	// even one that had no inputs.
	Shards []Shard  `json:"shards"`
	Traces []*Trace `json:"traces"` // by their names
}

// Shard is a share of the inputs: the third of sixteen, say.
type Shard struct {
	Number int `json:"shard"`
	Of     int `json:"of"`
}

func (s Shard) compare(o Shard) int {
	return cmp.Or(cmp.Compare(s.Of, o.Of), cmp.Compare(s.Number, o.Number))
}

// Trace is what one trace adds. Times are in ns on its own clock, and durations in ns.
type Trace struct {
	File    string `json:"file"`
	Rank    *int   `json:"rank,omitempty"` // as distributedInfo has it
	Host    string `json:"host,omitempty"`
	Base    int64  `json:"base_ns"` // baseTimeNanoseconds, 0 for none
	Zero    int64  `json:"zero_ns"`
	Last    int64  `json:"last_ns"`
	From    int64  `json:"start_ns"` // of the range looked at
	To      int64  `json:"end_ns"`
	Markers string `json:"markers"`
	Outside string `json:"outside,omitempty"`
	Damage  string `json:"damage,omitempty"`
	Merged  bool   `json:"merged_slices,omitempty"` // some slices stand for others

	Steps          columns                `json:"steps"`
	Phases         []string               `json:"phases"`
	Buckets        []string               `json:"buckets"`
	Recompilations []report.Recompilation `json:"recompilations"`
	Devices        []Device               `json:"devices"`
	Kernels        []Kernel               `json:"kernels"`
	Others         *Kernel                `json:"other_kernels,omitempty"` // beyond mostKernels

	Groups      []group `json:"groups"` // of collectives
	Kinds       []kind  `json:"kinds"`
	Collectives columns `json:"collectives"`

	sum [sha256.Size]byte // of it as JSON, by which equal ones are known
}

// Device is what a device did. Communication and Exposed are nil where that is not known.
type Device struct {
	Name          string `json:"name"`
	Events        int64  `json:"events"`
	First         int64  `json:"first_ns"`
	Last          int64  `json:"last_ns"`
	Busy          int64  `json:"busy_ns"`
	Idle          int64  `json:"idle_ns"`
	Communication *int64 `json:"communication_ns,omitempty"`
	Exposed       *int64 `json:"exposed_ns,omitempty"`
}

// Kernel is what devices did under one name. Durations count its events by their duration, nil
// where there is no sketch of them.
type Kernel struct {
	Name      string  `json:"name"`
	Cat       string  `json:"cat"`
	Count     int64   `json:"count"`
	Total     int64   `json:"total_ns"`
	Durations columns `json:"durations,omitempty"`
}

// mark begins a partial report.
const mark = `{"tracekit_partial_report":`

// markRoom is how many bytes of a file report whether it is a partial report.
const markRoom = 4 << 10

// ErrNotPartial says that a file is no partial report.
var ErrNotPartial = errors.New("not a partial report")

// Is reports whether the first bytes of a file are those of a partial report. At least 4 KB
// should be there, or all of the file.
func Is(head []byte) bool {
	r, err := unpacked(bytes.NewReader(head))
	if err != nil {
		return false
	}
	start := make([]byte, len(mark))
	_, err = io.ReadFull(r, start)
	return err == nil && string(start) == mark
}

// unpacked returns what is in r, which may be packed by gzip or zstd.
func unpacked(r io.Reader) (io.Reader, error) {
	in := bufio.NewReaderSize(r, markRoom)
	switch head, _ := in.Peek(4); {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return gzip.NewReader(in)
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<30))
	}
	return in, nil
}

// Write writes p. The same traces make the same bytes.
func (p *Partial) Write(w io.Writer) error {
	text, err := jsondoc.Compact(p)
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// mostPartial is the most that a partial report takes, in bytes of JSON.
const mostPartial = 4 << 30

// Read reads a partial report that Write wrote, packed or not. It fails with ErrNotPartial for
// anything else, and where the file is damaged or of a newer version.
func Read(r io.Reader) (*Partial, error) {
	in, err := unpacked(r)
	if err != nil {
		return nil, err
	}
	limited := &io.LimitedReader{R: in, N: mostPartial}
	p := &Partial{}
	d := json.NewDecoder(limited)
	if err := d.Decode(p); err != nil {
		return nil, fmt.Errorf("a partial report that is damaged: %w", err)
	}
	switch {
	case p.Version == 0:
		return nil, ErrNotPartial
	case p.Version > version:
		return nil, fmt.Errorf("a partial report of version %d, and this tracekit knows those up to %d", p.Version, version)
	}
	if slices.Contains(p.Traces, nil) {
		return nil, fmt.Errorf("a partial report that is damaged: a trace is missing")
	}
	for _, t := range p.Traces {
		if err := t.check(); err != nil {
			return nil, fmt.Errorf("a partial report that is damaged: %s: %w", t.File, err)
		}
	}
	return Merge(p)
}

// Merge returns the partial report of all traces that some have, each once.
func Merge(all ...*Partial) (*Partial, error) {
	m := &Partial{Version: version, Shards: []Shard{}, Traces: []*Trace{}}
	for _, p := range all {
		m.Shards = append(m.Shards, p.Shards...)
		m.Traces = append(m.Traces, p.Traces...)
	}
	for _, t := range m.Traces {
		if t.sum == [sha256.Size]byte{} {
			text, err := jsondoc.Compact(t)
			if err != nil {
				return nil, err
			}
			t.sum = sha256.Sum256(text)
		}
	}
	slices.SortFunc(m.Shards, Shard.compare)
	m.Shards = slices.Compact(m.Shards)
	slices.SortFunc(m.Traces, (*Trace).compare)
	m.Traces = slices.CompactFunc(m.Traces, func(a, b *Trace) bool { return a.compare(b) == 0 })
	return m, nil
}

func (t *Trace) compare(o *Trace) int {
	return cmp.Or(natural.Compare(t.File, o.File), bytes.Compare(t.sum[:], o.sum[:]))
}
