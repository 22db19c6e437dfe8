package trace

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestForeignFormatsAreNamed(t *testing.T) {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	trace := `{"traceEvents":[]}`
	w.WriteHeader(&tar.Header{Name: "t.json", Mode: 0o644, Size: int64(len(trace))})
	io.WriteString(w, trace)
	w.Close()
	for text, want := range map[string]string{
		archive.String():                   "tar",
		"\xfd7zXZ\x00\x00\x04":             "xz",
		"BZh91AY&SY":                       "bzip2",
		"\x04\x22\x4d\x18\x64\x40":         "lz4",
		"\xff\xfe{\x00}\x00":               "UTF-16",
		"SQLite format 3\x00\x10\x00":      "SQLite",
		"<!DOCTYPE html><html>":            "HTML",
		"version https://git-lfs.github.c": "Git LFS",
		"\x0a\x1c\x32\x1a\x0a\x08\x08\x06": "Perfetto",
	} {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		io.WriteString(z, text)
		z.Close()
		for _, in := range []string{text, packed.String()} {
			err := readAll(in)
			if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", want, err)
			}
		}
	}
	for _, log := range []string{"<6>[  1.5] cuda: ready\n", "\n\x1b[32mready\x1b[0m\n"} {
		if err := Foreign([]byte(log + `{"traceEvents":[]}`)); err != nil {
			t.Errorf("%q before a trace, which repair leaves out: %v", log, err)
		}
	}
	for _, text := range []string{"\n\t{\"traceEvents\":[]}", "\r\n [{}]", "{\"a\":\"<\",\"traceEvents\":[]}"} {
		if err := readAll(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func readAll(text string) error {
	s, err := NewSource(strings.NewReader(text), int64(len(text)), SourceOptions{})
	if err != nil {
		return err
	}
	_, err = s.Survey(nil)
	return err
}
