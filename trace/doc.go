// Package trace reads and writes traces in the Chrome JSON format as streams of events. An
// event is a view of its own text, so that what is not changed is written byte for byte.
//
//   - Input (read_*.go): [NewSource] opens plain, gzip, zstd or zipped JSON; [Source.Read]
//     returns a Reader of batches. A [Survey] is one pass that remembers where each block of
//     events is and what times it spans; [Source.ReadBlocks] reads some blocks again.
//   - Document (document*.go): splits the text into events and the text around them, finds the
//     next event after damage, and sanitizes what would stop a viewer.
//   - Scanner (scan_*.go): reads one event, by a template learned from events before it or by
//     the general scanner.
//   - Model (event*.go, time*.go, tracks.go): [Event], [Time] in ns, the extent of a trace, the
//     tracks that events belong to.
//   - Index (index*.go): a survey, checkpoints of the decoder and checksums in a file.
//   - Output (write_*.go): [NewWriter] writes the events that it is given, with the text around
//     them; what was read compressed and is written as it was is copied compressed.
//
// It is API: other programs may import it, and exported names change only with a new major
// version.
//
// It does not know what events mean: kinds of events are package filter's, pairs and flows
// those of the packages in transform/internal.
package trace
