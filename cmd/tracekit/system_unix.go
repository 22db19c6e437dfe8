//go:build unix

package main

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// descriptor is the number of the descriptor of this process that name stands for,
// negative if it stands for none.
func descriptor(name string) int {
	switch name = filepath.Clean(name); name {
	case "/dev/stdin":
		return 0
	case "/dev/stdout":
		return 1
	case "/dev/stderr":
		return 2
	}
	for _, dir := range []string{"/dev/fd/", "/proc/self/fd/", "/proc/" + strconv.Itoa(os.Getpid()) + "/fd/"} {
		if number, is := strings.CutPrefix(name, dir); is {
			if fd, err := strconv.ParseUint(number, 10, 31); err == nil {
				return int(fd)
			}
		}
	}
	return -1
}

// inherited is the descriptor fd under a number of its own, so that it is written
// to where it stands. A path would open the file again, at its start.
func inherited(fd int, name string) (*os.File, error) {
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(own), name), nil
}

// isClosed reports whether a standard stream was closed when the process began.
// Go opens /dev/null in its place, for reading and writing, as a shell does not.
func isClosed(stream any) bool {
	f, is := stream.(*os.File)
	info := infoOf(stream)
	null, err := os.Stat(os.DevNull)
	if !is || info == nil || err != nil || !os.SameFile(info, null) {
		return false
	}
	flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_ACCMODE == unix.O_RDWR
}

// isFull reports that there is no room for what was to be written.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// fileName is the file that a stream was redirected to, where that can be known.
func fileName(stream any) string {
	f, is := stream.(*os.File)
	if info := infoOf(stream); !is || info == nil || !info.Mode().IsRegular() {
		return ""
	}
	name, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(int(f.Fd())))
	if err != nil {
		return ""
	}
	return name
}

// lock keeps other processes from locking f, or tells that one has. It does nothing
// where the file system knows no locks.
func lock(f *os.File) (held bool, err error) {
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	switch {
	case errors.Is(err, unix.EWOULDBLOCK):
		return false, nil
	case errors.Is(err, unix.ENOSYS), errors.Is(err, unix.ENOTSUP), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOLCK):
		return true, nil
	}
	return err == nil, err
}
