package downsample

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"tracekit/internal/spill"
)

// textMemory is how many bytes of texts are held before they go to a file.
const textMemory = 1 << 20

// appendText appends a text behind its length; nothing if it is empty.
func appendText(dst, text []byte) []byte {
	if len(text) == 0 {
		return dst
	}
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// eachText gives the texts that appendText has written to f. A text is valid until f
// returns.
func eachText(kept *spill.Log, f func(text []byte) error) error {
	in, err := kept.Read()
	if err != nil {
		return err
	}
	r := bufio.NewReaderSize(in, 64<<10)
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
			return fmt.Errorf("temporary data: %w", err)
		}
		if err := f(text); err != nil {
			return err
		}
	}
}
