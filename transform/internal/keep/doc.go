// Package keep writes the part of a trace that a Selection keeps, and sees to it that
// what is left is whole: begins have ends, counters their values, flows both ends, and
// threads their names.
package keep
