// Package pairs matches the events that begin and end slices: B and E on a track, b
// and e by their id. An end belongs to the innermost begin that it can close, in order
// of time, wherever both stand in the file.
package pairs
