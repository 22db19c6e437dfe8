package downsample

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"tracekit/internal/spill"
)

// spool keeps the texts of slices that are made, in their order.
type spool struct {
	create func() (*spill.File, error)
	file   *spill.File // nil as long as all are in memory
	buf    []byte      // each text behind its length
}

// spoolMemory is how many bytes are held before they go to a file.
const spoolMemory = 1 << 20

// add takes texts, each as appendText has written it.
func (s *spool) add(texts []byte) (err error) {
	s.buf = append(s.buf, texts...)
	if len(s.buf) < spoolMemory {
		return nil
	}
	if s.file == nil {
		if s.file, err = s.create(); err != nil {
			return err
		}
	}
	_, err = s.file.Write(s.buf)
	s.buf = s.buf[:0]
	return err
}

// appendText appends a text behind its length; nothing if it is empty.
func appendText(dst, text []byte) []byte {
	if len(text) == 0 {
		return dst
	}
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// each gives the texts to f. A text is valid until f returns.
func (s *spool) each(f func(text []byte) error) error {
	var in io.Reader = bytes.NewReader(s.buf)
	if s.file != nil {
		in = io.MultiReader(io.NewSectionReader(s.file, 0, s.file.Size()), in)
	}
	r := bufio.NewReaderSize(in, 256<<10)
	var text []byte
	for {
		n, err := binary.ReadUvarint(r)
		if err == io.EOF {
			return nil
		}
		if err == nil {
			if uint64(cap(text)) < n {
				text = make([]byte, n)
			}
			text = text[:n]
			_, err = io.ReadFull(r, text)
		}
		if err != nil {
			return fmt.Errorf("temporary file: %w", err)
		}
		if err := f(text); err != nil {
			return err
		}
	}
}

func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
	}
}
