package inflate

import (
	"errors"
	"fmt"
	"io"
)

var (
	// ErrFormat says that the input does not begin like gzip at all.
	ErrFormat = errors.New("gzip: not in gzip format")
	// ErrTrailing says that the input goes on after its last member with
	// something that is neither another member nor zeros. All members before
	// it were good and have been delivered.
	ErrTrailing = errors.New("gzip: garbage after the last member")
)

// CorruptError says where a gzip stream is damaged, and how.
type CorruptError struct {
	Offset int64 // of the compressed byte where it was noticed
	Reason string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("gzip: corrupt at compressed byte %d: %s", e.Offset, e.Reason)
}

func (in *input) corrupt(reason string) error {
	return &CorruptError{in.offset(), reason}
}

func (in *input) trailing() error {
	return fmt.Errorf("%w, from compressed byte %d on", ErrTrailing, in.offset())
}

// short is the error for input that ends before it should.
func (in *input) short() error {
	if in.err == io.EOF {
		return fmt.Errorf("gzip: truncated at compressed byte %d: %w", in.base+int64(in.end), io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("gzip: read at compressed byte %d: %w", in.base+int64(in.end), in.err)
}
