package main

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/windows"
)

// What follows is what other systems have, and Windows has not.

func descriptor(string) int { return -1 }

func inherited(_ int, name string) (*os.File, error) { return os.OpenFile(name, os.O_WRONLY, 0) }

func isClosed(any) bool { return false }

func fileName(any) string { return "" }

// isFull reports that there is no room for what was to be written.
func isFull(err error) bool {
	const diskFull, handleDiskFull = syscall.Errno(112), syscall.Errno(39)
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, diskFull) || errors.Is(err, handleDiskFull)
}

// lock keeps other processes from locking f, or tells that one has. What is locked
// lies behind all that is in the file, which others may go on to read.
func lock(f *os.File) (held bool, err error) {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err = windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{OffsetHigh: 1 << 20})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return false, nil
	}
	return err == nil, err
}
