//go:build !race

package trace

// stringEnd is plainStringEnd.
//
//go:noescape
func stringEnd(buf []byte, p, limit int) int

// objectEnd is plainObjectEnd.
//
//go:noescape
func objectEnd(buf []byte, p, limit int) int
