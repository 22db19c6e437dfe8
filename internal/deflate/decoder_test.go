package deflate_test

import (
	"bytes"
	"io"

	"tracekit/internal/deflate"
	"tracekit/internal/inflate"
)

func init() {
	deflate.OwnDecoder = func(packed []byte) ([]byte, error) {
		return io.ReadAll(inflate.NewReader(bytes.NewReader(packed)))
	}
}
