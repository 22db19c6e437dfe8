//go:build !amd64 || race

package trace

func stringEnd(buf []byte, p, limit int) int { return plainStringEnd(buf, p, limit) }

func objectEnd(buf []byte, p, limit int) int { return plainObjectEnd(buf, p, limit) }
