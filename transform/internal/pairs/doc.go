// Package pairs matches the events that begin and end slices, B and E on a track, b and e by their
// id: an end closes the innermost begin that it may close, in order of time, wherever both are
// in the file. [NewMatcher] is for streams in which most are in order already. It is the only
// matcher of slices, besides the naive one of the tests.
package pairs
