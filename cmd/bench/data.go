package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"tracekit/internal/testkit/tracegen"
)

// Kinds of data.
const (
	generated = "Generated"
	recorded  = "Recorded"
)

// about says what a kind of data is.
func (c *config) about(kind string) string {
	if kind == generated {
		return "A vLLM server's trace with Python stacks and device events, from `internal/testkit/tracegen`."
	}
	return fmt.Sprintf("The events of `%s`, again and again, one time after the other.", filepath.Base(c.real))
}

// dataset is a trace to measure with.
type dataset struct {
	path    string // packed with gzip
	bytes   int64  // of JSON
	packed  int64
	events  int64
	start   float64 // bounds of its time, µs on its own clock
	end     float64
	indexed string // the same file under another name, beside which is an index
}

// data makes a trace of some size, unless the folder has it from an earlier
// run, and learns what is to be known of it.
func (c *config) data(kind string, size int64, log io.Writer) (d dataset, err error) {
	name := fmt.Sprintf("%s-%dMB.json.gz", kind, size/1e6)
	d.path = filepath.Join(c.dir, name)
	d.indexed = filepath.Join(c.dir, c.tag+"indexed-"+name)
	if _, err := os.Stat(d.path); err != nil {
		fmt.Fprintf(log, "bench: making %s\n", name)
		fill := func(w io.Writer) error { return repeat(w, c.real, size) }
		if kind == generated {
			fill = func(w io.Writer) error {
				_, err := tracegen.Generate(w, tracegen.Config{Seed: 1, Producer: tracegen.CUDA, Python: true, Hardware: true, TargetBytes: size})
				return err
			}
		}
		if err := create(d.path, fill); err != nil {
			return d, err
		}
	}
	os.Remove(d.indexed)
	if err := os.Link(d.path, d.indexed); err != nil {
		return d, err
	}
	if err := exec.Command(c.tracekit, "index", "-q", d.indexed).Run(); err != nil {
		return d, fmt.Errorf("tracekit index: %w", err)
	}
	return d, d.look(c.tracekit)
}

// look asks tracekit about the trace.
func (d *dataset) look(tracekit string) error {
	out, err := exec.Command(tracekit, "info", "--json", "-q", d.path).Output()
	if err != nil {
		return fmt.Errorf("tracekit info: %w", err)
	}
	var found struct {
		Size, Bytes, Events int64
		StartNS             int64 `json:"start_ns"`
		EndNS               int64 `json:"end_ns"`
	}
	if err := json.Unmarshal(out, &found); err != nil {
		return err
	}
	d.bytes, d.packed, d.events = found.Bytes, found.Size, found.Events
	d.start, d.end = float64(found.StartNS)/1000, float64(found.EndNS)/1000
	return nil
}

// middle is so much of a trace's time in its middle, as JSON has it.
func (d *dataset) middle(share float64) (from, to string) {
	at := func(share float64) string { return fmt.Sprintf("%.3f", d.start+share*(d.end-d.start)) }
	return at(0.5 - share/2), at(0.5 + share/2)
}

// create writes a gzip file with blocks like those of zlib, which profilers pack
// with; it appears when it is whole.
func create(path string, fill func(io.Writer) error) error {
	f, err := os.Create(path + ".tmp")
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	z, err := gzip.NewWriterLevel(w, 6)
	if err == nil {
		err = errors.Join(fill(z), z.Close(), w.Flush())
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

// repeat writes a trace of about size bytes out of the events of another, each
// time later by the time that they take. Names are written once.
func repeat(w io.Writer, path string, size int64) error {
	events, period, err := load(path)
	if err != nil {
		return err
	}
	out := &counter{w: w}
	fmt.Fprint(out, `{"schemaVersion": 1, "traceEvents": [`)
	for shift, sep := int64(0), "\n"; out.n < size && out.err == nil; shift += period {
		for _, e := range events {
			if shift > 0 && e.isName {
				continue
			}
			fmt.Fprintf(out, "%s  %s%d%s", sep, e.text[:e.at], e.micros+shift, e.text[e.end:])
			sep = ",\n"
		}
	}
	fmt.Fprint(out, "\n]}\n")
	return out.err
}

// event is a recorded event; text[at:end] is the whole microseconds of its ts.
type event struct {
	text    []byte
	at, end int
	micros  int64
	isName  bool
}

// load reads the events of a trace, and how many µs they take together.
func load(path string) (events []event, period int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", path, err)
	}
	var doc struct {
		TraceEvents []json.RawMessage `json:"traceEvents"`
	}
	if err := json.NewDecoder(z).Decode(&doc); err != nil {
		return nil, 0, fmt.Errorf("%s: %w", path, err)
	}
	first, last := math.MaxFloat64, -math.MaxFloat64
	for _, text := range doc.TraceEvents {
		var t struct {
			Ph      string
			TS, Dur float64
		}
		e := event{text: text}
		if json.Unmarshal(text, &t) != nil || !e.findTime() {
			continue
		}
		if e.isName = t.Ph == "M"; !e.isName {
			first, last = min(first, t.TS), max(last, t.TS+t.Dur)
		}
		events = append(events, e)
	}
	if first > last {
		return nil, 0, fmt.Errorf("%s: no events with a time", path)
	}
	return events, int64(last-first) + 1, nil
}

// findTime finds the number after the first "ts", which is the event's own in the
// traces that profilers write: args come behind it.
func (e *event) findTime() bool {
	const key = `"ts":`
	i := bytes.Index(e.text, []byte(key))
	if i < 0 {
		return false
	}
	for i += len(key); i < len(e.text) && e.text[i] == ' '; i++ {
	}
	e.at, e.end = i, i
	for e.end < len(e.text) && e.text[e.end]-'0' <= 9 {
		e.end++
	}
	var err error
	e.micros, err = strconv.ParseInt(string(e.text[e.at:e.end]), 10, 64)
	return err == nil
}

// counter counts what goes through it and remembers an error.
type counter struct {
	w   io.Writer
	n   int64
	err error
}

func (c *counter) Write(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.w.Write(p)
	c.n += int64(n)
	c.err = err
	return n, err
}
