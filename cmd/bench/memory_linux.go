package main

import (
	"os"
	"syscall"
)

// peak is the largest memory that a process or one of its children had, in bytes.
func peak(p *os.ProcessState) int64 {
	if u, ok := p.SysUsage().(*syscall.Rusage); ok {
		return u.Maxrss << 10 // getrusage(2) counts KiB
	}
	return 0
}
