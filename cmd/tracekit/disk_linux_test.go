package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// smallDisk is a disk of so many pages, and is not there for those who may not
// mount one.
func smallDisk(t *testing.T, pages int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dk", 4*pages)); err != nil {
		t.Skip("no small disk: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// A disk that is full at any moment leaves no part of an output behind, and is
// named.
func TestFullDisk(t *testing.T) {
	file := filepath.Join(t.TempDir(), "t.json")
	if err := os.WriteFile(file, []byte(longTrace(4000)), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"strip", "--python", "-o", "out.json"}, {"slice", "--from", "0us", "-o", "out.json.gz"}, {"repair", "-o", "out.json.zst"},
		{"downsample", "--min-dur", "1us", "-o", "out.json"}, {"info", "--html", "out.html"},
		{"split", "--by", "time", "--time", "20ms", "-o", "out"}, {"report", "--csv", "out"},
	} {
		for pages := 1; pages <= 16; pages *= 2 {
			disk := smallDisk(t, pages)
			call, out := args[:len(args)-1], filepath.Join(disk, args[len(args)-1])
			status, told := callWith(nil, append(slices.Clone(call), out, file)...)
			if status != exitFailed && (pages == 1 || pages < 8 && args[0] != "report" && args[0] != "info") {
				t.Errorf("%q on %d pages: %d: %s", args, pages, status, told)
			}
			if status == exitFailed && (!strings.Contains(told, "no space left on device") || !strings.Contains(told, "\nhint: ")) {
				t.Errorf("%q on %d pages: %s", args, pages, told)
			}
			for _, name := range list(t, disk) {
				if status == exitFailed || strings.HasPrefix(name, ".") {
					t.Errorf("%q on %d pages: %s is left", args, pages, name)
				}
			}
		}
	}
}

// The same for what is written beside a trace, and for the pages of the manual.
func TestFullDiskBeside(t *testing.T) {
	for _, args := range [][]string{{"index", "t.json.gz"}, {"man", "-o", "man"}} {
		disk := smallDisk(t, 16)
		last := len(args) - 1
		args := append(slices.Clone(args[:last]), filepath.Join(disk, args[last]))
		if args[0] == "index" {
			if status, told := started(strings.NewReader(longTrace(200)), io.Discard, "strip", "--python", "-o", args[last]); status != exitDone {
				t.Fatal(told)
			}
		}
		os.WriteFile(filepath.Join(disk, "filler"), make([]byte, 64<<10), 0o666) // takes what room there is
		status, told := started(nil, io.Discard, args...)
		if status != exitFailed || !strings.HasPrefix(told, "tracekit: error: "+args[last]) || !strings.Contains(told, "no space left on device") {
			t.Errorf("%q: %d: %s", args, status, told)
		}
	}
}

func callWith(stdin io.Reader, args ...string) (int, string) {
	return started(stdin, io.Discard, args...)
}

// A disk for temporary data that is full is named, with what to do about it.
func TestNoRoomForAPipe(t *testing.T) {
	text := longTrace(4000)
	for _, args := range [][]string{
		{"slice", "--from", "0us"}, {"filter", "dur > 1us"}, {"repair"}, {"report"}, {"split", "--by", "time", "--time", "20ms", "-o", filepath.Join(t.TempDir(), "pieces")},
		{"downsample", "--merge", "1us"},
	} {
		for pages := 1; pages <= 16; pages *= 4 {
			disk := smallDisk(t, pages)
			status, told := started(strings.NewReader(text), io.Discard, append(slices.Clone(args), "--tmpdir", disk)...)
			if status != exitFailed || !strings.HasPrefix(told, "tracekit: error: no room for temporary data: ") ||
				!strings.HasSuffix(told, "no space left on device\nhint: name a folder that has room: --tmpdir DIR\n") {
				t.Errorf("%q on %d pages: %d: %s", args, pages, status, told)
			}
			if left := list(t, disk); len(left) > 0 {
				t.Errorf("%q on %d pages: %q is left", args, pages, left)
			}
		}
	}
}
