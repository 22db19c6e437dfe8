package trace

import (
	"bytes"
	"fmt"

	"tracekit/internal/jsonlex"
	"tracekit/internal/perfetto"
)

// foreign are formats that users take for a trace, told by the bytes that stand
// at some place in them, with what to do about each.
var foreign = []struct {
	at     int
	magic  string
	advice string
}{
	{0, "\xfd7zXZ\x00", "xz; unpack it first: xz -dc FILE | tracekit …"},
	{0, "BZh", "bzip2; unpack it first: bzip2 -dc FILE | tracekit …"},
	{0, "\x04\x22\x4d\x18", "lz4; unpack it first: lz4 -dc FILE | tracekit …"},
	{257, "ustar", "tar; unpack it first: tar -xOf FILE NAME | tracekit …"},
	{0, "\xff\xfe", "UTF-16; make UTF-8 of it first: iconv -f UTF-16 -t UTF-8 FILE | tracekit …"},
	{0, "\xfe\xff", "UTF-16; make UTF-8 of it first: iconv -f UTF-16 -t UTF-8 FILE | tracekit …"},
	{0, "SQLite format 3\x00", "an SQLite database, as Nsight Systems exports them; only JSON traces are read"},
	{0, "version https://git-lfs", "a pointer of Git LFS; fetch the file itself: git lfs pull"},
	{0, "<!", "HTML or XML, perhaps a page that came in place of the file; download it again"},
	{0, "<html", "HTML or XML, perhaps a page that came in place of the file; download it again"},
	{0, "<?xml", "HTML or XML, perhaps a page that came in place of the file; download it again"},
}

// Foreign returns an error that wraps ErrFormat and names the format if the first bytes of a text show that it
// is not a JSON trace, else nil. It needs no more than 512 of them.
func Foreign(head []byte) error {
	for _, f := range foreign {
		if len(head) > f.at && bytes.HasPrefix(head[f.at:], []byte(f.magic)) {
			return fmt.Errorf("%w: %s", ErrFormat, f.advice)
		}
	}
	if other := perfetto.Other(head); other != "" {
		return fmt.Errorf("%w: %s; Perfetto opens it as it is, and only Chrome JSON is read", ErrFormat, other)
	}
	return nil
}

// documents are JSON that users take for a trace, told by a key among the first ones.
// FORMATS.md says where they come from.
var documents = []struct{ key, advice string }{
	{"rocprofiler-sdk-tool", "JSON of rocprofiler-sdk's own; rocprofv3 --output-format pftrace writes what Perfetto opens"},
	{"resourceSpans", "an OpenTelemetry export; slice and split read it beside a trace, by --requests"},
	{"$schema", "JSON by a schema, such as a speedscope profile"},
	{"snapshot", "a heap snapshot of V8"},
	{"profiles", "a profile of another kind"},
	{"log", "a HAR, the requests of a browser"},
	{"nodes", "a graph, such as an execution trace (Chakra) of PyTorch, or a CPU profile of V8"},
	{"meta", "a Firefox profile, which Perfetto opens as it is"},
	{"libs", "a Firefox profile, which Perfetto opens as it is"},
	{perfetto.Manifest, "what tells Perfetto how to merge the other files of an archive"},
	{"ph", "events without an array around them; tracekit repair makes one"},
}

// NoEvents is ErrNoEvents for a JSON document that begins with head, which says what it
// is instead if that is known.
func NoEvents(head []byte) error {
	keys := map[string]bool{}
	depth := 0
	for p := jsonlex.SkipSpace(head, 0); p < len(head); p++ {
		switch head[p] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			end, st := skipString(head, p)
			if st != scanned {
				p = len(head)
				continue
			}
			if q := jsonlex.SkipSpace(head, end); depth == 1 && q < len(head) && head[q] == ':' {
				keys[Unquote(head[p:end])] = true
			}
			p = end - 1
		}
	}
	if keys["traceEvents"] {
		return fmt.Errorf("%w: its traceEvents is no array", ErrNoEvents)
	}
	for _, d := range documents {
		if keys[d.key] {
			return fmt.Errorf("%w: it is %s", ErrNoEvents, d.advice)
		}
	}
	return ErrNoEvents
}
