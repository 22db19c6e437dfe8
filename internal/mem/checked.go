//go:build race || !(amd64 || arm64)

// Package mem has the loads and stores of inner loops, here with a check of their
// bounds: on machines that need bytes one by one, and with the race detector.
package mem

import "encoding/binary"

// Load64 returns the eight bytes at b[i].
func Load64(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i : i+8]) }

// Load32 returns the four bytes at b[i].
func Load32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[i : i+4]) }

// Store64 sets the eight bytes at b[i] to v.
func Store64(b []byte, i int, v uint64) { binary.LittleEndian.PutUint64(b[i:i+8], v) }
