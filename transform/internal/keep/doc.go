// Package keep writes the part of a trace that a [Selection] keeps, whole: begins with their ends,
// counters with their values, flows with both ends, threads with their names. A [Plan] is made in a
// first pass and writes in a second one, or from memory. What is kept is decided by slice,
// filter and split.
package keep
