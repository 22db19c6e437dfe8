package gzwrite

import (
	"bytes"
	"hash/crc32"
	"slices"
	"testing"

	"github.com/klauspost/compress/flate"
)

// packStandard makes of data the stream that a Writer makes, but with another
// compressor and in one go.
func packStandard(t *testing.T, data []byte) []byte {
	t.Helper()
	out := bytes.NewBufferString(header)
	z, err := flate.NewWriter(out, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	crc := uint32(0)
	for part := range slices.Chunk(data, ChunkSize) {
		z.Reset(out)
		z.Write(part)
		z.Flush()
		crc = CombineCRC(crc, crc32.ChecksumIEEE(part), len(part))
	}
	return appendTrailer(out.Bytes(), crc, uint32(len(data)))
}

func TestAgainstTheNaiveWriter(t *testing.T) {
	for name, data := range map[string][]byte{
		"nothing": nil,
		"events":  events(3*ChunkSize + 1000),
		"noise":   noise(ChunkSize + 7),
		"both":    slices.Concat(noise(ChunkSize/2), events(2*ChunkSize), noise(ChunkSize)),
	} {
		own, other := pack(t, data, 2, 1<<17), packStandard(t, data)
		if !bytes.Equal(unpack(t, own), data) || !bytes.Equal(unpack(t, other), data) {
			t.Errorf("%s: the data did not come back", name)
		}
		if !bytes.Equal(own[len(own)-8:], other[len(other)-8:]) {
			t.Errorf("%s: checksum and size %x, want %x", name, own[len(own)-8:], other[len(other)-8:])
		}
		if len(own) > len(other)*11/10 {
			t.Errorf("%s: %d bytes, %d by another compressor", name, len(own), len(other))
		}
	}
}
