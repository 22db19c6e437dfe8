package trace

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// unzip finds the one file in a zip archive of size bytes: as a gzip file where
// it is deflated, which its data are but for a frame, and as it is where it is
// stored.
func unzip(at io.ReaderAt, size int64) (io.ReaderAt, int64, error) {
	archive, err := zip.NewReader(at, size)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrDecode, err)
	}
	f, err := onlyFile(archive.File)
	if err != nil {
		return nil, 0, err
	}
	from, err := f.DataOffset()
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrDecode, err)
	}
	data := io.NewSectionReader(at, from, int64(f.CompressedSize64))
	switch {
	case f.Flags&1 != 0:
		return nil, 0, fmt.Errorf("%w: zip with a password; %s", ErrFormat, unzipFirst)
	case f.Method == zip.Store:
		return data, data.Size(), nil
	case f.Method == zip.Deflate:
		g := newFramed(data, f)
		return g, g.size(), nil
	}
	return nil, 0, fmt.Errorf("%w: zip by method %d; %s", ErrFormat, f.Method, unzipFirst)
}

const unzipFirst = "unpack it first: unzip -p FILE NAME | tracekit …"

var errZipInZip = fmt.Errorf("%w: zip in a zip; %s", ErrFormat, unzipFirst)

// onlyFile passes over folders and what systems add of their own.
func onlyFile(all []*zip.File) (only *zip.File, err error) {
	n := 0
	for _, f := range all {
		base := f.Name[strings.LastIndexByte(f.Name, '/')+1:]
		if base == "" || base[0] == '.' || strings.HasPrefix(f.Name, "__MACOSX/") {
			continue
		}
		n++
		only = f
	}
	if n != 1 {
		return nil, fmt.Errorf("%w: zip with %d files; %s", ErrFormat, n, unzipFirst)
	}
	return only, nil
}

// framed is deflated data with the frame of a gzip file around it.
type framed struct {
	head, foot string
	data       *io.SectionReader
}

func newFramed(data *io.SectionReader, f *zip.File) *framed {
	foot := binary.LittleEndian.AppendUint32(nil, f.CRC32)
	foot = binary.LittleEndian.AppendUint32(foot, uint32(f.UncompressedSize64))
	return &framed{"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", string(foot), data}
}

func (g *framed) size() int64 {
	return int64(len(g.head)) + g.data.Size() + int64(len(g.foot))
}

// ReadAt implements io.ReaderAt.
func (g *framed) ReadAt(p []byte, off int64) (n int, err error) {
	start := int64(0)
	for _, part := range []interface {
		io.ReaderAt
		Size() int64
	}{strings.NewReader(g.head), g.data, strings.NewReader(g.foot)} {
		end := start + part.Size()
		if n < len(p) && off < end {
			var k int
			k, err = part.ReadAt(p[n:min(len(p), n+int(end-off))], off-start)
			n, off = n+k, off+int64(k)
			if err != nil && err != io.EOF || off < end && n < len(p) {
				return n, err
			}
		}
		start = end
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
