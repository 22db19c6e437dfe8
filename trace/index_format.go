package trace

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"

	"tracekit/internal/gzip/inflate"

	"github.com/klauspost/compress/s2"
)

// An index file is a magic word, the numbers and texts below in the order in
// which they are written here, and a CRC-32C of all that comes before it.
// Numbers are varints, zigzag where they may be negative. indexMagic changes
// with whatever changes the format, the kinds of damage included.
const (
	indexMagic = "TKX\x08"

	// isText marks a block of document text, in the byte that tells what
	// other blocks hold.
	isText = 0x80

	// mostPacked bounds how much text a packed byte may stand for, and so how
	// much memory an index file can ask for.
	mostPacked = 32
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Append appends the index as it is kept in a file.
func (x *Index) Append(dst []byte) []byte {
	w := indexWriter{append(dst, indexMagic...)}
	w.uint(x.File.Size)
	w.int(x.File.Modified)
	w.b = append(w.b, x.File.Sum[:]...)
	w.text([]byte(x.File.Tag))
	w.b = append(w.b, byte(x.Format))
	w.survey(&x.Survey)
	w.uint(int64(len(x.Cats)))
	for i := range x.Cats {
		k := &x.Cats[i]
		w.b = append(w.b, k.Phase)
		w.text([]byte(k.Cat))
		w.uint(k.Events)
		w.uint(k.Bytes)
		w.int(int64(k.Busy))
	}
	w.uint(int64(len(x.points)))
	var last point
	for _, p := range x.points {
		w.uint(p.in - last.in)
		w.uint(p.out - last.out)
		w.b = append(w.b, p.bit)
		w.uint(int64(p.size))
		last = p
	}
	var packed *windows
	for _, p := range x.points {
		if p.among != packed && p.among != nil {
			packed = p.among
			w.text(packed.packed)
		}
	}
	w.uint(x.sums.size)
	for _, sum := range x.sums.list {
		w.b = binary.LittleEndian.AppendUint32(w.b, sum)
	}
	w.uint(int64(len(x.sections)))
	for i := range x.sections {
		w.section(&x.sections[i])
	}
	return binary.LittleEndian.AppendUint32(w.b, crc32.Checksum(w.b[len(dst):], castagnoli))
}

type indexWriter struct{ b []byte }

func (w *indexWriter) uint(n int64) { w.b = binary.AppendUvarint(w.b, uint64(n)) }
func (w *indexWriter) int(n int64)  { w.b = binary.AppendVarint(w.b, n) }

func (w *indexWriter) text(t []byte) {
	w.uint(int64(len(t)))
	w.b = append(w.b, t...)
}

// packed writes text that may be long.
func (w *indexWriter) packed(t []byte) {
	p := s2.EncodeBetter(nil, t)
	if len(p) >= len(t) || len(t) > mostPacked*len(p) {
		w.b = append(w.b, 0)
		w.text(t)
		return
	}
	w.b = append(w.b, 1)
	w.text(p)
}

func (w *indexWriter) survey(v *Survey) {
	w.int(int64(v.Zero))
	w.int(int64(v.Last))
	w.int(int64(v.Ruler))
	w.int(int64(v.Longest))
	w.uint(v.Outside)
	w.uint(v.Events)
	w.uint(v.Bytes)
	w.uint(int64(kinds))
	for _, f := range v.Damage.finds {
		w.uint(f.Count)
		if f.Count > 0 {
			w.uint(f.Bytes)
			w.int(f.First)
			w.uint(truth(f.Lost))
		}
	}
	w.uint(int64(len(v.Blocks)))
	var at int64
	var last Time
	for i := range v.Blocks {
		b := &v.Blocks[i]
		kind := byte(b.Holds)
		if b.Text != nil {
			kind = isText
		}
		w.b = append(w.b, kind)
		w.int(b.Off - at)
		w.uint(b.End - b.Off)
		at = b.End
		if b.Text != nil {
			w.packed(b.Text)
			continue
		}
		w.uint(int64(b.Events))
		w.int(int64(b.Start - last)) // may wrap, and wraps back when it is read
		w.int(int64(b.Max - b.Start))
		last = b.Start
		w.uint(max(b.doubt-b.Off, 0))
		w.timeBounds(b)
	}
}

// timeBounds writes those of a block: no spans if it has none.
func (w *indexWriter) timeBounds(b *Block) {
	if b.timeBounds == nil {
		w.uint(0)
		return
	}
	w.uint(int64(len(b.timeBounds.spans)))
	for _, s := range b.timeBounds.spans {
		w.int(int64(s.start - b.Start))
		w.int(int64(s.end - s.start))
	}
	w.packed(b.timeBounds.outliers)
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// IsIndex reports whether a file begins as one of an index does, of this version or another.
func IsIndex(file []byte) bool { return bytes.HasPrefix(file, []byte(indexMagic[:3])) }

// ParseIndex reads an index file, of which the Index keeps parts. What the file
// can't mean is refused with an error that wraps ErrIndex.
func ParseIndex(file []byte) (*Index, error) {
	body := len(file) - crc32.Size
	if body < len(indexMagic) {
		return nil, ErrIndex
	}
	if string(file[:len(indexMagic)]) != indexMagic {
		return nil, ErrIndex
	}
	if crc32.Checksum(file[:body], castagnoli) != binary.LittleEndian.Uint32(file[body:]) {
		return nil, fmt.Errorf("%w: its checksum does not match", ErrIndex)
	}
	r := indexReader{b: file[len(indexMagic):body:body]}
	x := new(Index)
	x.File.Size = r.uint()
	x.File.Modified = r.int()
	copy(x.File.Sum[:], r.next(len(x.File.Sum)))
	x.File.Tag = string(r.text())
	x.Format = Format(r.byte())
	r.survey(&x.Survey)
	for range r.count(5) {
		x.Cats = append(x.Cats, Category{r.byte(), string(r.text()), r.uint(), r.uint(), Time(r.int())})
	}
	x.points = r.points()
	x.sums = r.sums()
	x.sections = r.sections()
	r.check(x.Format <= Zip && len(r.b) == 0 && x.Survey.Bytes <= x.sums.size)
	if r.bad {
		return nil, fmt.Errorf("%w: it contradicts itself", ErrIndex)
	}
	return x, nil
}

// indexReader reads what indexWriter has written. Once something is bad, all
// that it reads is nothing.
type indexReader struct {
	b   []byte
	bad bool
}

func (r *indexReader) check(ok bool) {
	if !ok {
		r.bad, r.b = true, nil
	}
}

// uint reads a number that is not negative.
func (r *indexReader) uint() int64 {
	n, size := binary.Uvarint(r.b)
	r.check(size > 0 && n <= math.MaxInt64)
	if r.bad {
		return 0
	}
	r.b = r.b[size:]
	return int64(n)
}

func (r *indexReader) int() int64 {
	n, size := binary.Varint(r.b)
	r.check(size > 0)
	if r.bad {
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *indexReader) byte() byte {
	if t := r.next(1); !r.bad {
		return t[0]
	}
	return 0
}

// count reads how many things follow, each of so many bytes at least.
func (r *indexReader) count(size int64) int64 {
	n := r.uint()
	r.check(n <= int64(len(r.b))/size)
	if r.bad {
		return 0
	}
	return n
}

func (r *indexReader) text() []byte { return r.next(int(r.count(1))) }

func (r *indexReader) next(n int) []byte {
	r.check(n <= len(r.b))
	if r.bad {
		return nil
	}
	t := r.b[:n:n]
	r.b = r.b[n:]
	return t
}

// points reads places, and then their windows.
func (r *indexReader) points() (all []point) {
	var last point
	var groups []*windows
	held := 0
	for range r.count(4) {
		p := point{in: last.in + r.uint(), out: last.out + r.uint(), bit: r.byte()}
		size := r.uint()
		r.check(p.in >= last.in && p.out >= last.out && p.bit < 8 && size <= inflate.Window)
		if p.size = int(size); size > 0 && !r.bad {
			if held%together == 0 {
				groups = append(groups, new(windows))
			}
			p.among = groups[held/together]
			p.from = p.among.size
			p.among.size += p.size
			held++
		}
		all = append(all, p)
		last = p
	}
	for _, g := range groups {
		g.packed = r.text()
	}
	return all
}

func (r *indexReader) sums() *sums {
	s := &sums{size: r.uint()}
	n := numSums(s.size)
	r.check(n <= int64(len(r.b))/4)
	if r.bad {
		return s
	}
	for range n {
		s.list = append(s.list, binary.LittleEndian.Uint32(r.next(4)))
	}
	return s
}

func (r *indexReader) packed() []byte {
	if r.byte() == 0 {
		return r.text()
	}
	p := r.text()
	n, err := s2.DecodedLen(p)
	r.check(err == nil && n <= mostPacked*len(p))
	if r.bad {
		return nil
	}
	t, err := s2.Decode(make([]byte, n), p)
	r.check(err == nil)
	return t
}

func (r *indexReader) survey(v *Survey) {
	v.Extent = Extent{Time(r.int()), Time(r.int()), Time(r.int()), Time(r.int()), r.uint()}
	v.Events, v.Bytes = r.uint(), r.uint()
	r.check(r.uint() == int64(kinds))
	for k := range v.Damage.finds {
		if n := r.uint(); n > 0 {
			v.Damage.finds[k] = Find{Kind(k), n, r.uint(), r.int(), r.uint() != 0}
		}
	}
	var (
		at, done int64 // where the last block ended, and the last one of events
		events   int64
		last     Time
	)
	n := r.count(5)
	v.Blocks = make([]Block, 0, min(n, 1<<16))
	for range n {
		b := Block{Holds: Holds(r.byte())}
		b.Off = at + r.int()
		b.End = b.Off + r.uint()
		at = b.End
		r.check(b.Off >= 0 && b.Off <= b.End)
		if b.Holds == isText {
			b.Holds, b.Text = 0, r.packed()
			r.check(len(b.Text) > 0)
		} else {
			b.Events = int(r.uint())
			b.Start = last + Time(r.int())
			b.Max = b.Start + Time(r.int())
			last = b.Start
			if n := r.uint(); n > 0 {
				b.doubt = b.Off + n
			}
			b.timeBounds = r.timeBounds(&b)
			r.check(b.Holds < isText && b.Off >= done && b.End <= v.Bytes && int64(b.Events) <= b.End-b.Off)
			done, events = b.End, events+int64(b.Events)
		}
		v.Blocks = append(v.Blocks, b)
	}
	r.check(events == v.Events && v.Zero <= v.Last)
}

func (r *indexReader) timeBounds(b *Block) *timeBounds {
	n := r.count(2)
	if n == 0 {
		return nil
	}
	o := new(timeBounds)
	for range n {
		s := stretch{start: b.Start + Time(r.int())}
		s.end = s.start + Time(r.int())
		o.spans = append(o.spans, s)
	}
	o.outliers = r.packed()
	r.check(o.sound())
	return o
}
