package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"tracekit/internal/testkit/reference"

	"github.com/klauspost/compress/zstd"
)

// hadBefore reports that what check finds more often in a trace than in those that it was made of
// was there before, as a naive reader sees it: which of two slices that overlap a viewer moves
// aside, and which times are far from most others, hangs on all that the trace has.
func hadBefore(kind string, from []string, path string) bool {
	switch {
	case kind == "bad_escape":
		return escapedBefore(from, path)
	case len(from) > 1 && (kind == "impossible_time" || kind == "impossible_duration"):
		return true // clocks that are aligned, and the other ranks, say what is possible
	}
	after, err := parse(path)
	if err != nil {
		return false
	}
	var before []*reference.Trace
	for _, path := range from {
		t, err := parse(path)
		if err != nil {
			return false
		}
		before = append(before, t)
	}
	switch kind {
	case "overlap":
		return overlappedBefore(before, after)
	case "overlap_by_rounding":
		for i := range before {
			before[i] = before[i].Rounded()
		}
		return overlappedBefore(before, after.Rounded()) || onlyClipped(before, after.Rounded())
	case "impossible_time", "impossible_duration":
		return !reference.Exceeds(before[0], after)
	}
	return false
}

var (
	texts     = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	badEscape = regexp.MustCompile(`\\[^"\\/bfnrtu]`)
)

// escapedBefore reports that each text with an escape that JSON does not know holds one that was
// there before: downsample repeats names, in those of merged slices and in lists of them.
func escapedBefore(from []string, path string) bool {
	odd := func(path string) (all [][]byte) {
		text, err := readAll(path)
		if err != nil {
			return nil
		}
		for _, t := range texts.FindAll(text, -1) {
			if t = t[1 : len(t)-1]; badEscape.Match(bytes.ReplaceAll(t, []byte(`\\`), nil)) {
				all = append(all, t)
			}
		}
		return all
	}
	var before [][]byte
	for _, path := range from {
		before = append(before, odd(path)...)
	}
	for _, text := range odd(path) {
		if !slices.ContainsFunc(before, func(was []byte) bool { return bytes.Contains(text, was) }) {
			return false
		}
	}
	return true
}

// onlyClipped reports that of two slices that overlap anew where times are rounded one was cut at
// an edge of a range: exact ends that are the same are rounded with their starts, and no writer can
// help that at times so large.
func onlyClipped(before []*reference.Trace, after *reference.Trace) bool {
	clipped := func(n int) bool { return strings.Contains(after.Events[n].Raw, `"tracekit.dur"`) }
	return len(before) == 1 && !slices.ContainsFunc(reference.NewOverlaps(before[0], after), func(o reference.Overlap) bool {
		return !clipped(o.First) && !clipped(o.Second)
	})
}

// overlappedBefore reports that slices which overlap in a trace did so in the one that it was made
// of; where it was made of several, which have other times and ids then, that they are as many.
func overlappedBefore(before []*reference.Trace, after *reference.Trace) bool {
	if len(before) == 1 {
		return len(reference.NewOverlaps(before[0], after)) == 0
	}
	n := len(reference.Overlaps(after))
	for _, t := range before {
		n -= len(reference.Overlaps(t))
	}
	return n <= 0
}

// parse reads a trace, or what is whole in one that is damaged.
func parse(path string) (*reference.Trace, error) {
	text, err := readAll(path)
	if err != nil {
		return nil, err
	}
	if t, err := reference.Parse(text); err == nil {
		return t, nil
	}
	_, events, some := strings.Cut(string(text), "[")
	if !some {
		return nil, errors.New("no events")
	}
	whole := slices.DeleteFunc(reference.ReadDamaged(events, false).Events, func(e string) bool { return !json.Valid([]byte(e)) })
	return reference.Parse([]byte("[" + strings.Join(whole, ",") + "]"))
}

// readAll returns the text of a trace, unpacked.
func readAll(path string) ([]byte, error) {
	packed, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var in io.Reader = bytes.NewReader(packed)
	switch {
	case bytes.HasPrefix(packed, []byte("\x1f\x8b")):
		in, err = gzip.NewReader(in)
	case bytes.HasPrefix(packed, []byte("\x28\xb5\x2f\xfd")):
		in, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1))
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(in)
}
