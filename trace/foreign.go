package trace

import (
	"bytes"
	"fmt"
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

// Foreign tells what text is that is known to be no JSON trace by its first bytes,
// as an error that wraps ErrFormat, or returns nil. It needs no more than 512 of
// them.
func Foreign(head []byte) error {
	for _, f := range foreign {
		if len(head) > f.at && bytes.HasPrefix(head[f.at:], []byte(f.magic)) {
			return fmt.Errorf("%w: %s", ErrFormat, f.advice)
		}
	}
	if perfettos(head) {
		return fmt.Errorf("%w: Perfetto's own binary one; it opens as it is, and only JSON traces are read", ErrFormat)
	}
	return nil
}

// perfettos reports whether text begins as a Perfetto trace does: with the tag of
// a message's field 1, which reads as the end of a line (protos/perfetto/trace/
// trace.proto), and bytes behind it that are not text.
func perfettos(head []byte) bool {
	if len(head) == 0 || head[0] != '\n' {
		return false
	}
	return bytes.ContainsFunc(head[:min(len(head), 16)], func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\x1b' // which colours lines of a log
	})
}
