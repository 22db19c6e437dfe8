package check

import (
	"archive/tar"
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"strings"

	"tracekit/trace"
)

// zip checks the files of an archive, one by one. in has r's first bytes still
// to be read.
func (c *checker) zip(in, r io.Reader, size int64, name string, depth int) error {
	at, seekable := r.(io.ReaderAt)
	if !seekable || size < 0 {
		file, err := c.o.Temp()
		if err != nil {
			return err
		}
		defer file.Close()
		if size, err = io.Copy(file, c.limited(in, new(int64))); err != nil {
			return err
		}
		at = file
	}
	z, err := zip.NewReader(at, size)
	if err != nil {
		c.report.fail(CutCompression, Place{Member: name, Line: 1, Detail: err.Error()})
		return nil
	}
	for _, f := range z.File {
		if hidden(f.Name) || strings.HasSuffix(f.Name, "/") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			c.report.fail(CutCompression, Place{Member: f.Name, Line: 1, Detail: err.Error()})
			return nil
		}
		err = c.input(member{r}, -1, f.Name, depth+1)
		r.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// member marks the errors of a damaged archive.
type member struct{ r io.Reader }

func (m member) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrFormat) {
		err = fmt.Errorf("%w: %w", trace.ErrDecode, err)
	}
	return n, err
}

// tar checks the files of an archive, one by one.
func (c *checker) tar(in io.Reader, name string, depth int) error {
	t := tar.NewReader(in)
	for {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			c.report.fail(CutCompression, Place{Member: name, Line: 1, Detail: err.Error()})
			return nil
		}
		if h.Typeflag != tar.TypeReg || hidden(h.Name) {
			continue
		}
		if err := c.input(member{t}, -1, h.Name, depth+1); err != nil {
			return err
		}
	}
}

// hidden knows files in archives that Perfetto passes over.
func hidden(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if len(part) > 1 && part[0] == '.' && part != ".." {
			return true
		}
	}
	return false
}
