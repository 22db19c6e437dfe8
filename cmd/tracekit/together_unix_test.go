//go:build unix

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// While one run writes into a folder, another is refused, whatever it is told, and
// the first one's files are those that are there.
func TestOneRunAtATimeWritesIntoAFolder(t *testing.T) {
	if testing.Short() {
		t.Skip("the command-line library's own flags are shared by runs of one process, which the race detector minds")
	}
	for _, args := range [][]string{
		{"split", "--by", "time", "--time", "10us", "-o", "out"}, {"report", "--csv", "out"},
	} {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			b := begin(t, args...)
			for len(list(t, b.dir)) < 2 {
				time.Sleep(10 * time.Millisecond)
			}
			out := filepath.Join(b.dir, "out")
			for _, second := range [][]string{
				{"split", "--by", "events", "--events", "2", "--force", "-o", out}, {"split", "--by", "events", "--events", "2", "-o", out}, {"report", "--csv", out},
			} {
				status, told := started(strings.NewReader(smallTrace), io.Discard, second...)
				if status != exitFailed || !strings.HasPrefix(told, "tracekit: error: "+out+": another tracekit is writing into it\nhint: ") {
					t.Errorf("%q: %d: %s", second, status, told)
				}
			}
			io.WriteString(b.pipe, smallTrace[strings.Index(smallTrace, `{"ph":"f"`):])
			b.pipe.Close()
			if err := b.Wait(); err != nil {
				t.Fatalf("%v: %s", err, b.stderr.String())
			}
			got := list(t, out)
			if i := slices.IndexFunc(got, func(name string) bool { return strings.HasPrefix(name, "events") }); i >= 0 || len(got) < 5 {
				t.Errorf("%q", got)
			}
		})
	}
}

// Of many splits into one folder at once, each ends well or with an error, and what
// is there in the end is one of them, whole.
func TestManySplitsIntoOneFolder(t *testing.T) {
	rounds := 8
	if testing.Short() {
		rounds = 2
	}
	file := filepath.Join(t.TempDir(), "t.json")
	if err := os.WriteFile(file, []byte(longTrace(2000)), 0o666); err != nil {
		t.Fatal(err)
	}
	for range rounds {
		out := filepath.Join(t.TempDir(), "out")
		var all sync.WaitGroup
		for i := range 6 {
			all.Go(func() {
				told, err := exec.Command("tracekit", "split", "--by", "events", "--events", fmt.Sprint(200+90*i), "--force", "-q", "-o", out, file).CombinedOutput()
				if err != nil && !bytes.Contains(told, []byte("another tracekit is writing")) {
					t.Errorf("%v: %s", err, told)
				}
			})
		}
		all.Wait()
		record, err := os.ReadFile(filepath.Join(out, recordName))
		if err != nil {
			t.Fatal(err)
		}
		var noted []string
		for l := range strings.Lines(string(record)) {
			noted = append(noted, strings.TrimSpace(l[66:]))
		}
		there := slices.DeleteFunc(list(t, out), func(name string) bool { return name == recordName })
		slices.Sort(noted)
		if !slices.Equal(there, noted) {
			t.Errorf("there are %q, and noted are %q", there, noted)
		}
		// That the checksums are right is what lets the next one replace it all.
		if status, told := started(nil, io.Discard, "split", "--by", "events", "--events", "1G", "--force", "-q", "-o", out, file); status != exitDone || told != "" {
			t.Errorf("%d: %s", status, told)
		}
		if got := list(t, out); len(got) != 4 {
			t.Errorf("%q is left", got)
		}
	}
}

// Of many writers of one file, all end well, and the file is that of one of them.
func TestManyWritersOfOneFile(t *testing.T) {
	dir := t.TempDir()
	file, out := filepath.Join(dir, "t.json"), filepath.Join(dir, "out.json.gz")
	if err := os.WriteFile(file, []byte(longTrace(2000)), 0o666); err != nil {
		t.Fatal(err)
	}
	made := map[string]bool{}
	for i := range 4 {
		one := filepath.Join(dir, "one.json.gz")
		if status, told := started(nil, io.Discard, "slice", "--to", fmt.Sprintf("%d%%", 20+20*i), "-q", "-o", one, file); status != exitDone {
			t.Fatal(told)
		}
		text, err := os.ReadFile(one)
		if err != nil {
			t.Fatal(err)
		}
		made[string(text)] = true
	}
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			args := []string{"slice", "--to", fmt.Sprintf("%d%%", 20+20*(i%4)), "-q", "-o", out, file}
			if i >= 8 {
				args = []string{"index", "-q", file}
			}
			if told, err := exec.Command("tracekit", args...).CombinedOutput(); err != nil || len(told) > 0 {
				t.Errorf("%q: %v: %s", args, err, told)
			}
		})
	}
	all.Wait()
	text, err := os.ReadFile(out)
	if err != nil || !made[string(text)] {
		t.Errorf("%d bytes are those of none, %v", len(text), err)
	}
	if got := list(t, dir); !slices.Equal(got, []string{"one.json.gz", "out.json.gz", "t.json", "t.json.tkx"}) {
		t.Errorf("%q", got)
	}
	if status, told := started(nil, io.Discard, "slice", "--to", "50%", "-q", file); status != exitDone || told != "" {
		t.Errorf("the index: %d: %s", status, told)
	}
}

// A command that waits for others, for good, ends by a signal too.
func TestSignalsEndWhatWaits(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "t.json")
	if err := os.WriteFile(file, []byte(longTrace(20_000)), 0o666); err != nil {
		t.Fatal(err)
	}
	fifos := 0
	fifo := func() string { // one that nobody else opens
		fifos++
		name := filepath.Join(dir, fmt.Sprint("fifo", fifos))
		if err := syscall.Mkfifo(name, 0o666); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for _, args := range [][]string{
		{"strip", "--python", file}, {"slice", "--from", "0us", file}, {"repair", file}, // nobody reads what they write
		{"info", fifo()}, {"check", fifo()}, {"strip", "--python", "-o", fifo(), file}, {"slice", "--from", "0us", "-o", filepath.Join(dir, "out.json"), fifo()},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command("tracekit", args...)
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			cmd.Stdout = w
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			w.Close()
			time.Sleep(300 * time.Millisecond) // it waits, or will find that it is told to end
			cmd.Process.Signal(syscall.SIGTERM)
			tooLong := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
			cmd.Wait()
			tooLong.Stop()
			if status := cmd.ProcessState.ExitCode(); status != 128+int(syscall.SIGTERM) && cmd.ProcessState.String() != "signal: terminated" {
				t.Errorf("%v", cmd.ProcessState)
			}
			for _, name := range list(t, dir) {
				if strings.HasPrefix(name, ".") || name == "out.json" {
					t.Errorf("%s is left", name)
				}
			}
		})
	}
}

// Where no file may grow, which is a disk that is full to whoever writes, every verb
// ends at once, says so, and leaves nothing behind.
func TestNoFileMayGrow(t *testing.T) {
	text := longTrace(3000)
	for _, args := range [][]string{
		{"strip", "--python", "-o", "out.json"}, {"slice", "--from", "0us", "-o", "out.json.gz"}, {"filter", "dur > 1us", "-o", "out.json.zst"},
		{"downsample", "--min-dur", "1us", "-o", "out.json"}, {"repair", "-o", "out.json"}, {"info", "--html", "out.html"},
		{"split", "--by", "time", "--time", "20ms", "-o", "out/deep"}, {"report", "--csv", "out"}, {"report", "--html", "out.html"}, {"index", "-q"},
	} {
		for _, pipe := range []bool{false, true} {
			if pipe && args[0] == "index" {
				continue
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "t.json"), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			blocks := 1
			if args[len(args)-2] == "--csv" || args[0] == "index" { // which write little
				blocks = 0
			}
			cmd := exec.Command("sh", append([]string{"-c", fmt.Sprintf(`ulimit -f %d; exec tracekit "$@"`, blocks), "sh"}, args...)...)
			cmd.Dir = dir
			if pipe {
				cmd.Stdin = strings.NewReader(text)
			} else {
				cmd.Args = append(cmd.Args, "t.json")
			}
			var told bytes.Buffer
			cmd.Stderr = &told
			cmd.Run()
			if status := cmd.ProcessState.ExitCode(); status != exitFailed || !strings.Contains(told.String(), ": file too large\nhint: ") {
				t.Errorf("%q, pipe %v: %v: %s", args, pipe, cmd.ProcessState, told.String())
			}
			if got := list(t, dir); !slices.Equal(got, []string{"t.json"}) {
				t.Errorf("%q, pipe %v: %q is left", args, pipe, got)
			}
		}
	}
}
