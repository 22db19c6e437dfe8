//go:build !race && (amd64 || arm64)

package deflate

import "unsafe"

// The loads and stores of the inner loops do not check their bounds, which
// saves a quarter of the time. mem_checked.go has the same functions with
// checks; with the race detector the tests and fuzz targets run on those.

func load64(b []byte, i int) uint64 {
	return *(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))
}

func load32(b []byte, i int) uint32 {
	return *(*uint32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))
}

func store64(b []byte, i int, v uint64) {
	*(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i)) = v
}
