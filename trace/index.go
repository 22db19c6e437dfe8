package trace

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"time"
)

// What can be wrong with an index.
var (
	// ErrStale says that a file is not, or no longer, the one that an index was
	// made of.
	ErrStale = errors.New("the file is not as it was when the index was made")
	// ErrIndex says that something is no index that can be read.
	ErrIndex = errors.New("not an index of this version, or a damaged one")
	// ErrNoIndex says that nothing leads into the midst of a file.
	ErrNoIndex = errors.New("only a file that is packed once can have an index")
)

// Index is what one reading of a file leaves, so that later ones need to go
// only where they have business: its survey, and places all over the file at
// which decompression can be taken up.
type Index struct {
	File   Identity
	Format Format
	Survey Survey
	Cats   []Category // the largest first

	points   []point
	sums     *sums // of the text
	sections []section
}

// Identity distinguishes a file from others, and from its own state at another time.
type Identity struct {
	Size     int64 // bytes
	Modified int64 // ns since 1970
	Sum      [sha256.Size]byte
	Tag      string // what a server calls this state of it, which then stands for the two above; else empty
}

// summedAtEachEnd is how much of a file's head and tail goes into its identity,
// in bytes. The tail of a gzip file holds the checksum of all of it.
const summedAtEachEnd = 64 << 10

// Identify looks at the file r, size bytes long and last modified at some time.
func Identify(r io.ReaderAt, size int64, modified time.Time) (Identity, error) {
	id := Identity{Size: size, Modified: modified.UnixNano()}
	h := sha256.New()
	for _, from := range []int64{0, max(0, size-summedAtEachEnd)} {
		if _, err := io.Copy(h, io.NewSectionReader(r, from, summedAtEachEnd)); err != nil {
			return id, err
		}
	}
	h.Sum(id.Sum[:0])
	return id, nil
}

// Index reads the whole trace and returns the index of the file id, which it is.
// It takes the place of Read, and may be called once. It ends early with ctx. Each part
// of the trace is shown to look, unless that is nil; it is valid until look returns, and
// an error of look ends the reading.
func (s *Source) Index(ctx context.Context, id Identity, look func(*Part) error) (*Index, error) {
	if s.at == nil {
		return nil, ErrNoIndex
	}
	s.points = points{every: 3 * s.points.every / 4, sparse: true} // as many as the file needs, but small beside it
	s.sums = &sums{}
	s.cats = catCounter{}
	v, err := s.SurveyParts(func(p *Part) error {
		s.cats.count(p)
		if look != nil {
			if err := look(p); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	s.sums.finish()
	s.points.finish()
	return &Index{File: id, Format: s.outer, Survey: *v, Cats: s.cats.list(), points: s.points.list, sums: s.sums}, nil
}

// IndexMemory returns what categories take that Index counts, in bytes. It may be called between two parts.
func (s *Source) IndexMemory() int { return s.cats.memory() }

// Use makes s, which is the file id, rely on x: Survey without a visitor reads
// nothing, and ReadBlocks goes straight to where blocks stand. If x belongs to
// another file, or to another state of this one, the error is ErrStale.
func (s *Source) Use(x *Index, id Identity) error {
	if s.at == nil || x.File != id || x.Format != s.outer || id.Size != s.input {
		return ErrStale
	}
	for i := range x.points {
		if x.points[i].in > s.size {
			return fmt.Errorf("%w: it leads to byte %d of %d", ErrIndex, x.points[i].in, s.size)
		}
	}
	s.index, s.points = x, points{list: x.points, sparse: true}
	return nil
}

// Places is how many places the index knows at which decompression can be taken
// up; 0 for what is not compressed and for zstd, which has none.
func (x *Index) Places() int { return len(x.points) }
