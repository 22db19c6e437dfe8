package inflate

import (
	"bytes"
	"compress/gzip"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestRandomCodes(t *testing.T) {
	for seed := range uint64(300) {
		packed, want := randomMember(seed, 3, 2000)
		got, err := decodeAll(packed)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("seed %d: %d bytes, error %v; want %d", seed, len(got), err, len(want))
		}
		if seed%10 == 0 {
			sameAsJudge(t, packed)
		}
	}
}

// smallStreams hold every kind of block and header field.
func smallStreams(t *testing.T) map[string][]byte {
	t.Helper()
	random, _ := randomMember(7, 2, 30)
	var full bytes.Buffer
	z := gzip.NewWriter(&full)
	z.Header = gzip.Header{Name: "name", Comment: "comment", Extra: []byte("extra")}
	must(z.Write(trace(200)))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{
		"empty":    pack("std6", nil, 0),
		"fixed":    pack("std6", []byte("abcabcabcabcabd"), 0),
		"dynamic":  pack("std9", trace(900), 0),
		"stored":   pack("std0", noise(60), 1),
		"huffman":  pack("std-2", trace(150), 0),
		"flushed":  pack("klauspost6", trace(300), 4),
		"members":  slices.Concat(pack("std6", []byte("one"), 0), pack("std6", nil, 0), pack("std6", []byte("two"), 0)),
		"header":   withHeaderCRC(full.Bytes()),
		"random":   random,
		"overlaps": pack("std6", slices.Concat(bytes.Repeat([]byte("x"), 400), bytes.Repeat([]byte("12345"), 90)), 0),
	}
}

// withHeaderCRC adds a checksum behind the header that holds "comment" last.
func withHeaderCRC(packed []byte) []byte {
	n := bytes.Index(packed, []byte("comment\x00")) + len("comment\x00")
	header := bytes.Clone(packed[:n])
	header[3] |= flagHeaderCRC
	sum := crc32.ChecksumIEEE(header)
	return slices.Concat(header, []byte{byte(sum), byte(sum >> 8)}, packed[n:])
}

func TestTruncatedAnywhere(t *testing.T) {
	for name, packed := range smallStreams(t) {
		want, err := judge(packed)
		if err != nil {
			t.Fatal(name, err)
		}
		for n := range packed {
			if name == "members" && n > 0 {
				if _, err := judge(packed[:n]); err == nil {
					continue // ends between two members
				}
			}
			sameAsJudge(t, packed[:n])
			got, err := decodeAll(packed[:n])
			if !errors.Is(err, io.ErrUnexpectedEOF) || !bytes.HasPrefix(want, got) {
				t.Errorf("%s, %d of %d bytes: error %v, %d bytes of output", name, n, len(packed), err, len(got))
			}
		}
	}
}

func TestEveryBitFlipped(t *testing.T) {
	for name, packed := range smallStreams(t) {
		for bit := range 8 * len(packed) {
			flipped := bytes.Clone(packed)
			flipped[bit/8] ^= 1 << (bit % 8)
			sameAsJudge(t, flipped)
			if t.Failed() {
				t.Fatalf("%s, bit %d", name, bit)
			}
		}
	}
}

// TestFlipsInTheMiddle damages streams where the fast loop reads them.
func TestFlipsInTheMiddle(t *testing.T) {
	for seed := range uint64(40) {
		packed, _ := randomMember(seed, 1, 700)
		for bit := int(seed); bit < 8*len(packed); bit += 307 {
			flipped := bytes.Clone(packed)
			flipped[bit/8] ^= 1 << (bit % 8)
			sameAsJudge(t, flipped)
			if t.Failed() {
				t.Fatalf("seed %d, bit %d", seed, bit)
			}
		}
	}
}

func TestTrailingBytesAfterTheLastMember(t *testing.T) {
	packed := pack("std6", []byte("text"), 0)
	for _, c := range []struct {
		tail string
		want error
	}{
		{"", nil},
		{"\x00", nil},
		{strings.Repeat("\x00", 600<<10), nil},
		{"\x00\x00x", ErrTrailing},
		{"x", ErrTrailing},
		{"\x1fx", ErrTrailing},
		{"\x1f\x00", ErrTrailing},
		{"\x1f", io.ErrUnexpectedEOF},
		{"\x1f\x8b\x08\x00", io.ErrUnexpectedEOF},
		{"\x00" + string(packed), ErrTrailing},
	} {
		got, err := decodeAll(slices.Concat(packed, []byte(c.tail)))
		if !errors.Is(err, c.want) || string(got) != "text" {
			t.Errorf("tail %.10q: error %v, want %v; output %q", c.tail, err, c.want, got)
		}
	}
}

func TestErrors(t *testing.T) {
	good := pack("std6", trace(1000), 0)
	set := func(at int, c byte) []byte {
		b := bytes.Clone(good)
		b[at] = c
		return b
	}
	headerCRC := smallStreams(t)["header"]
	headerCRC[4]++
	deflated := func(bits ...int) []byte {
		var e encoder
		for i := 0; i < len(bits); i += 2 {
			e.put(bits[i], bits[i+1])
		}
		e.flush()
		return append(member(e.out, nil), make([]byte, 300)...)
	}
	for name, c := range map[string]struct {
		data   []byte
		reason string
		offset int64
	}{
		"method":          {set(2, 7), "compression method", 3},
		"flag":            {set(3, 0x20), "reserved flag", 4},
		"header checksum": {headerCRC, "header checksum", int64(bytes.Index(headerCRC, []byte("comment")) + 10)},
		"checksum":        {set(len(good)-8, good[len(good)-8]+1), "checksum does not match", int64(len(good) - 8)},
		"size":            {set(len(good)-4, good[len(good)-4]+1), "size does not match", int64(len(good) - 8)},
		"block type":      {deflated(1, 1, 3, 2), "block type", 10},
		"stored length":   {deflated(1, 1, 0, 2, 0, 5, 7, 16, 7, 16), "stored block", 11},
		"too many":        {deflated(1, 1, 2, 2, 30, 5, 0, 5, 0, 4), "too many symbols", 12},
		"no distance":     {deflated(1, 1, 1, 2, 0b1000000, 7, 0, 5, 0, 7), "before the start", 11},
		"literal 286":     {deflated(1, 1, 1, 2, 0b01100011, 8), "without a meaning", 11},
		"distance 30":     {deflated(1, 1, 1, 2, 0b00001100, 8, 0b1000000, 7, 0b01111, 5), "without a meaning", 12},
	} {
		_, err := decodeAll(c.data)
		var corrupt *CorruptError
		if !errors.As(err, &corrupt) || !strings.Contains(err.Error(), c.reason) || corrupt.Offset != c.offset {
			t.Errorf("%s: error %v, want one about %q at %d", name, err, c.reason, c.offset)
		}
	}
	for _, data := range []string{"{\"traceEvents\": []}", "x", "\x1fx", "BZh91AY"} {
		if _, err := decodeAll([]byte(data)); !errors.Is(err, ErrFormat) {
			t.Errorf("%q: error %v, want %v", data, err, ErrFormat)
		}
	}
}

// TestFarMatch has matches of the greatest distance, and one byte more.
func TestFarMatch(t *testing.T) {
	for _, hist := range []int{0, 5, Window} {
		for _, dist := range []int{Window - 1, Window} {
			packed, want := farMember(Window, dist)
			if got, err := decode(NewReader(bytes.NewReader(packed)), hist, 1000); err != nil || !bytes.Equal(got, want) {
				t.Errorf("distance %d, history %d: %d bytes, error %v", dist, hist, len(got), err)
			}
			// Output of an earlier member is out of reach.
			packed, _ = farMember(dist-1, dist)
			packed = slices.Concat(pack("std6", trace(70000), 0), packed)
			got, err := decode(NewReader(bytes.NewReader(packed)), hist, 1000)
			var corrupt *CorruptError
			if !errors.As(err, &corrupt) || len(got) != 70000+dist-1 {
				t.Errorf("distance %d, history %d: %d bytes, error %v", dist, hist, len(got), err)
			}
		}
	}
}

// farMember has stored bytes and then matches from dist before.
func farMember(stored, dist int) (packed, plain []byte) {
	var e encoder
	e.plain = noise(stored)
	e.put(0, 3)
	e.flush()
	e.out = append(e.out, byte(stored), byte(stored>>8), ^byte(stored), ^byte(stored>>8))
	e.out = append(e.out, e.plain...)
	e.put(1, 1)
	e.put(blockFixed, 2)
	for range 100 {
		e.put(0b1000000, 7) // length 3
		e.put(0b10111, 5)   // distance symbol 29
		e.put(dist-24577, 13)
		for range 3 {
			if dist <= len(e.plain) {
				e.plain = append(e.plain, e.plain[len(e.plain)-dist])
			}
		}
	}
	e.put(0, 7)
	e.flush()
	return member(e.out, e.plain), e.plain
}
