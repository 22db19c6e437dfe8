package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// recordName is the file in a folder that lists what a split wrote there, as
// sha256sum does. Whoever writes into the folder holds a lock on it.
const recordName = ".tracekit-files"

// record is that file, locked.
type record struct {
	file  *os.File
	sums  map[string]string // of files by name, as the file had them when it was opened
	empty bool              // it names nothing, and goes when it is closed
}

// openRecord opens the file, makes it if there is none, and locks it. It returns
// nil if another process holds it.
func openRecord(path string) (*record, error) {
	for {
		if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
			return nil, errNotRecord
		}
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return nil, err
		}
		held, err := lock(f)
		switch {
		case err != nil || !held:
			f.Close()
			return nil, err
		case isAt(f, path):
			return readRecord(f)
		}
		f.Close() // whoever had it has removed it meanwhile
	}
}

var errNotRecord = errors.New(recordName + " in it is not what tracekit wrote")

// mostRecord bounds what is read of a record: more than 100,000 lines, in bytes.
const mostRecord = 64 << 20

func isAt(f *os.File, path string) bool {
	there, err := os.Lstat(path)
	open, openErr := f.Stat()
	return err == nil && openErr == nil && os.SameFile(there, open)
}

// line is a line of the file: a checksum and a name as splits give them. Nothing else
// in the folder is theirs, whoever says so.
var line = regexp.MustCompile(`^([0-9a-f]{64})  ([^./\\][^/\\]*\.json(?:\.gz|\.zst)?|manifest\.csv)$`)

// readRecord reads lines. The last one of a process that was killed may have no end,
// and names nothing.
func readRecord(f *os.File) (*record, error) {
	r := &record{file: f, sums: map[string]string{}}
	text, err := io.ReadAll(io.LimitReader(f, mostRecord))
	if err == nil && len(text) == mostRecord {
		err = errNotRecord
	}
	for l := range strings.Lines(string(text)) {
		l, whole := strings.CutSuffix(l, "\n")
		m := line.FindStringSubmatch(l)
		switch {
		case m != nil && whole:
			r.sums[m[2]] = m[1]
		case whole && l != "" && err == nil:
			err = errNotRecord
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	r.empty = len(r.sums) == 0
	return r, nil
}

// unchanged reports whether the file name in the folder is as it was written.
func (r *record) unchanged(dir, name string) bool {
	sum, known := r.sums[name]
	path := filepath.Join(dir, name)
	info, err := os.Lstat(path)
	if !known || err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return err == nil && fmt.Sprintf("%x", h.Sum(nil)) == sum
}

// add notes files before they get their names.
func (r *record) add(files []written) error {
	r.empty = false
	_, err := r.file.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = r.file.Write(append([]byte{'\n'}, asLines(files)...)) // behind what may have no end
	}
	return err
}

// set makes files all that is noted.
func (r *record) set(files []written) error {
	text := asLines(files)
	_, err := r.file.WriteAt(text, 0)
	if err == nil {
		err = r.file.Truncate(int64(len(text)))
	}
	return err
}

func asLines(files []written) []byte {
	var b bytes.Buffer
	for _, w := range files {
		fmt.Fprintf(&b, "%s  %s\n", w.sum, w.name)
	}
	return b.Bytes()
}

// close removes the file if it names nothing, and lets others have it.
func (r *record) close() {
	if r.empty && os.Remove(r.file.Name()) != nil { // where an open file can't be removed
		defer os.Remove(r.file.Name())
	}
	r.file.Close()
}
