// Package gzwrite writes gzip with several cores, so that it can also be read
// with several cores.
//
// # The stream
//
// The output is one gzip member that every gzip reader takes: no name, no
// time, operating system 255. The same input makes the same bytes, however
// many goroutines compress and however the input was cut into writes. What is said
// of it to be as it was read ([Writer.WasRead]) is input too.
//
// The input is cut every [ChunkSize] bytes. Only the last chunk may be shorter
// and none is empty, so empty input has no chunks at all. The member is
//
//	header, chunk, chunk, ..., chunk, 03 00, CRC-32, size
//
// A chunk is a run of deflate blocks that begins at a byte boundary, never
// refers to output before its own first byte, and contains no block that is
// marked final. Its last block is an empty stored block, whose last four bytes
// are the mark 00 00 FF FF. The bytes 03 00 are the final block, which is
// empty too.
//
// # The announcement
//
// The header's extra field consists of one subfield that promises all this:
//
//	54 4B        "TK", the subfield's name
//	05 00        length of what follows
//	01           version of the promise
//	00 00 10 00  chunk size in bytes, little endian
//
// A reader that does not know the version must take the member for any other.
// It belongs to its member only; members that follow may be of any kind.
//
// # Reading with several cores
//
// Sizes of compressed chunks are recorded nowhere, since a chunk's size is not
// known when the header is written. A reader finds them as follows.
//
// Every mark is followed by a chunk or the final block, but not every 00 00 FF
// FF is a mark: a stored block may hold anything, and compressed bits may look
// like one. So a place found by [AppendMarks] is a guess. Decode each guess by
// itself, with no window before it, until the output reaches the chunk size and
// the empty stored block ends the chunk, and note the offset of the byte after.
// Give up a guess that refers to output before its start, makes more output
// than the chunk size, comes to a final block, or breaks a rule of deflate.
//
// What makes a guess certain is that the chunk before it ended there. The
// first chunk starts right after the header, which is certain; each chunk
// thereby confirms the start of the next, and guesses that none confirms are
// thrown away. A chunk that ends where no guess was made is followed by one
// that is decoded from there, as anyone would. So the result is right whatever
// the search found; a wrong guess costs only time. The last chunk is known by
// the final block after its mark, which is the only place where fewer bytes
// than the chunk size may come out. CRC-32 and size are then checked over the
// whole member as usual.
package gzwrite
