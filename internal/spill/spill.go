// Package spill keeps bytes that do not fit into memory in temporary files: [Create] makes a
// [File] that is gone when the program ends, a [Log] is written and then read, [Blocks] are read at
// random. It does not know what the bytes are.
package spill

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrNoRoom says that there is no place for temporary data, or that it is full.
var ErrNoRoom = errors.New("no room for temporary data")

// File is a temporary file. It has no name left where the system allows that,
// so that nothing stays behind however the process ends.
type File struct {
	f       *os.File
	unnamed bool
	size    int64
}

// Create makes a File in dir, or in the system's place for temporary files if
// dir is empty.
func Create(dir string) (*File, error) {
	f, err := os.CreateTemp(dir, "tracekit-*.tmp")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoRoom, err)
	}
	return &File{f: f, unnamed: os.Remove(f.Name()) == nil}, nil
}

// In returns what makes a File in dir.
func In(dir string) func() (*File, error) { return func() (*File, error) { return Create(dir) } }

// Write appends p.
func (s *File) Write(p []byte) (int, error) {
	n, err := s.f.Write(p)
	s.size += int64(n)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrNoRoom, err)
	}
	return n, err
}

// WriteAt writes p at off, for ReadAt alone: Size does not count it. Several goroutines may
// write different places.
func (s *File) WriteAt(p []byte, off int64) (int, error) {
	n, err := s.f.WriteAt(p, off)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrNoRoom, err)
	}
	return n, err
}

// errShort says that some of a file is gone.
var errShort = errors.New("temporary file: it has become shorter")

// ReadAt reads what was written, from off on. It fails if some of that is not there any
// more.
func (s *File) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.f.ReadAt(p, off)
	switch {
	case err == io.EOF && off+int64(n) < s.size:
		err = errShort
	case err != nil && err != io.EOF:
		err = fmt.Errorf("temporary file: %w", err)
	}
	return n, err
}

// Size is the number of bytes written.
func (s *File) Size() int64 { return s.size }

// Close removes the file.
func (s *File) Close() error {
	err := s.f.Close()
	if !s.unnamed {
		if rm := os.Remove(s.f.Name()); err == nil {
			err = rm
		}
	}
	return err
}
