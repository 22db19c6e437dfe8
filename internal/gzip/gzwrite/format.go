package gzwrite

import (
	"bytes"
	"encoding/binary"
)

// ChunkSize is how many bytes of input each chunk holds, the last one apart.
const ChunkSize = 1 << 20

const (
	fixedHeader = 10 // bytes of every gzip header
	flagExtra   = 4
	version     = 1
	subfield    = "TK\x05\x00" // name and length of the announcement
)

// header is what every stream starts with.
var header = string([]byte{
	0x1f, 0x8b, 8, flagExtra, 0, 0, 0, 0, 0, 255,
	9, 0,
	'T', 'K', 5, 0, version,
	ChunkSize & 0xff, ChunkSize >> 8 & 0xff, ChunkSize >> 16 & 0xff, ChunkSize >> 24,
})

const (
	finalBlock = "\x03\x00"
	mark       = "\x00\x00\xff\xff"
)

func appendTrailer(dst []byte, crc, size uint32) []byte {
	dst = append(dst, finalBlock...)
	dst = binary.LittleEndian.AppendUint32(dst, crc)
	return binary.LittleEndian.AppendUint32(dst, size)
}

// Announced looks at the first bytes of a gzip member, of which it needs
// [HeaderSize], and reports whether they promise the chunks that the package
// documentation describes, each of [ChunkSize] bytes. The first chunk then
// starts at HeaderSize.
func Announced(member []byte) bool {
	return len(member) >= HeaderSize && string(member[:HeaderSize]) == header
}

// HeaderSize is the size in bytes of a header that announces chunks.
const HeaderSize = 21

// AppendMarks appends to dst the offset after each mark in compressed, in
// rising order: where a chunk or the final block may start. The package
// documentation says how a reader tells which do. A search in pieces finds all
// if each piece begins with the last three bytes of the one before.
func AppendMarks(dst []int, compressed []byte) []int {
	for at := 0; ; {
		i := bytes.Index(compressed[at:], []byte(mark))
		if i < 0 {
			return dst
		}
		at += i + len(mark)
		dst = append(dst, at)
	}
}
