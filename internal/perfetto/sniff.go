// Package perfetto holds what is known of Perfetto v58: what it takes a file for, its limits,
// and how it reads numbers. Facts have their source in FORMATS.md. It reads no traces.
package perfetto

import (
	"bytes"
	"regexp"
	"slices"
)

// Lookahead is how much of a file Perfetto looks at to tell its format, in bytes
// (kGuessTraceMaxLookahead in src/trace_processor/util/trace_type.cc).
const Lookahead = 128

// Gecko are the keys that make a JSON document a Firefox profile to Perfetto if one of
// them is its first.
var Gecko = []string{"meta", "libs"}

// Manifest is the key that, as the first of a document, makes it a description of the
// other files in an archive.
const Manifest = "perfetto_manifest"

// IsOtherKind reports a key that, as the first of a document, makes Perfetto take it for
// something other than a trace.
func IsOtherKind(key string) bool { return key == Manifest || slices.Contains(Gecko, key) }

// formats are told by the bytes that stand at the start, or within the first ones.
var formats = []struct{ start, within, name string }{
	{"\x10\x00\x04\x46\x78\x54\x16\x00", "", "a Fuchsia trace"},
	{"PERFILE2", "", "perf.data of Linux perf"},
	{"SLOW", "", "an ART method trace"},
	{"*version\n", "", "an ART method trace"},
	{"JAVA PROFILE", "", "a Java heap dump"},
	{"", "# tracer", "ftrace or systrace text"},
	{"<?xml version=\"1.0\"?>\n<trace-query-result>", "", "an export of Apple's Instruments"},
	{"", "TRACE:\n\x78\x9c", "a packed systrace"},
	{"", "TRACE:\n", "systrace text"},
	{"# ninja log", "", "a log of the ninja build tool"},
	{"9,0,i,vers,", "", "an Android dumpstate"},
}

// Other names the format of a file that Perfetto loads, or takes for one that it does,
// and that is no Chrome JSON, by the file's first 512 bytes. It is empty for JSON, a
// Firefox profile included, and for what is not known.
func Other(head []byte) string {
	start := head[:min(len(head), Lookahead)]
	if text := withoutSpace(start); bytes.HasPrefix(text, []byte(`{`)) || bytes.HasPrefix(text, []byte(`[{`)) {
		return ""
	}
	for _, f := range formats {
		if f.start != "" && bytes.HasPrefix(start, []byte(f.start)) || f.within != "" && bytes.Contains(start, []byte(f.within)) {
			return f.name
		}
	}
	switch {
	case perfText.Match(head):
		return "text of perf script"
	case ftraceLine.Match(head):
		return "ftrace or systrace text"
	case isProto(head):
		return "Perfetto's own binary format"
	}
	return ""
}

// Sample lines of perf script: command, pid, perhaps a tid and a processor, the time,
// the event. Lines of ftrace: command-pid, a processor, flags, the time, the event.
var (
	perfText   = regexp.MustCompile(`^\s*\S[^\n]*?\s-?\d+(?:[/ ]\s*\d+)?\s+(?:\[\d+\]\s+)?\d+\.\d+:\s+(?:\d+\s+)?\S+:`)
	ftraceLine = regexp.MustCompile(`^ +\S[^\n]*-\d+\s+(?:\([ \d-]+\)\s+)?\[\d+\]\s[^\n]*?\d+\.\d+: \w+:`)
)

// isProto reports whether a file begins as a Perfetto trace does: with the tag of
// a message's field 1, which reads as the end of a line (protos/perfetto/trace/
// trace.proto), and bytes behind it that are not text.
func isProto(head []byte) bool {
	if len(head) == 0 || head[0] != '\n' {
		return false
	}
	return bytes.ContainsFunc(head[:min(len(head), 16)], func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\x1b' // which colours lines of a log
	})
}

// IsSpace knows what C's isspace does.
func IsSpace(c byte) bool { return c == ' ' || c-'\t' < 5 }

func withoutSpace(b []byte) (rest []byte) {
	for _, c := range b {
		if !IsSpace(c) {
			rest = append(rest, c)
		}
	}
	return rest
}

// FirstKey returns the first key of a JSON document if Perfetto sees one.
func FirstKey(head []byte) string {
	text := withoutSpace(head[:min(len(head), Lookahead)])
	text, is := bytes.CutPrefix(text, []byte(`{"`))
	end := bytes.IndexByte(text, '"')
	if !is || end < 0 {
		return ""
	}
	return string(text[:end])
}
