//go:build !race && (amd64 || arm64)

// Package mem has the loads and stores of inner loops. They are little-endian and do
// not check their bounds, which the callers keep by margins: this saves a quarter
// of the time. With the race detector, on which tests and fuzz targets run too, the
// same functions do check them.
package mem

import "unsafe"

// Load64 returns the eight bytes at b[i].
func Load64(b []byte, i int) uint64 {
	return *(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))
}

// Load32 returns the four bytes at b[i].
func Load32(b []byte, i int) uint32 {
	return *(*uint32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))
}

// Store64 sets the eight bytes at b[i] to v.
func Store64(b []byte, i int, v uint64) {
	*(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i)) = v
}
