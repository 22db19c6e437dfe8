package trace

import (
	"context"
	"io"
)

// Stream gives a trace, or what was chosen of it, in file order. A batch is
// valid until the next call; the last is followed by io.EOF.
type Stream interface {
	Next() (*Batch, error)
	Close() error
}

// EachPart calls f for all parts that s has left, each valid until f returns. It
// ends with the first error of either, or once ctx is done.
func EachPart(ctx context.Context, s Stream, f func(p *Part) error) error {
	for {
		b, err := s.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		for i := range b.Parts {
			if err := f(&b.Parts[i]); err != nil {
				return err
			}
		}
	}
}
