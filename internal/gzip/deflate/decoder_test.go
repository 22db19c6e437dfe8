package deflate_test

import (
	"bytes"
	"io"

	"tracekit/internal/gzip/deflate"
	"tracekit/internal/gzip/inflate"
)

func init() {
	deflate.OwnDecoder = func(packed []byte) ([]byte, error) {
		return io.ReadAll(inflate.NewReader(bytes.NewReader(packed)))
	}
}
