package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// hostile are traces made to exhaust whoever reads them, with the bytes of memory
// that state may take for each of their many threads, open pairs or ids.
var hostile = []struct {
	name  string
	state int // MB
	write func(w io.Writer)
}{
	{"one event of 60 MB", 0, func(w io.Writer) {
		few := strings.Repeat(`a b\\n `, 1<<10)
		io.WriteString(w, `{"ph":"X","cat":"cpu_op","name":"big","pid":1,"tid":1,"ts":5,"dur":9000,"args":{"s":"`)
		for range 60 << 20 / len(few) {
			io.WriteString(w, few)
		}
		io.WriteString(w, `"}}`)
	}},
	{"the smallest events", 0, func(w io.Writer) {
		io.WriteString(w, "{}"+strings.Repeat(",{}", 1_000_000))
	}},
	{"nesting 10,000 deep", 0, func(w io.Writer) {
		fmt.Fprintf(w, `{"ph":"X","name":"deep","pid":1,"tid":1,"ts":5,"dur":9,"args":{"x":%s%s}},`, strings.Repeat("[", 10_000), strings.Repeat("]", 10_000))
		fmt.Fprintf(w, `{"ph":"X","name":"deep","pid":1,"tid":1,"ts":7,"dur":6,"args":%s1%s}`, strings.Repeat(`{"a":`, 10_000), strings.Repeat("}", 10_000))
	}},
	{"slices 20,000 deep", 0, func(w io.Writer) {
		for i := range 20_000 {
			fmt.Fprintf(w, `%s{"ph":"X","name":"s","pid":1,"tid":1,"ts":%d,"dur":%d}`, comma(i), i, 100_000-2*i)
		}
	}},
	{"a thread an event", 60, func(w io.Writer) {
		for i := range 40_000 {
			fmt.Fprintf(w, `%s{"ph":"X","name":"op %d","pid":%d,"tid":%d,"ts":%d,"dur":3}`, comma(i), i%50, i%7, i*977, i)
		}
	}},
	{"begins without an end", 60, func(w io.Writer) {
		for i := range 40_000 {
			fmt.Fprintf(w, `%s{"ph":"B","cat":"c","name":"op %d","pid":1,"tid":%d,"ts":%d}`, comma(i), i%50, i%1000, i)
		}
	}},
	{"async begins without an end", 60, func(w io.Writer) {
		for i := range 40_000 {
			fmt.Fprintf(w, `%s{"ph":"b","cat":"c","name":"op %d","id":"0x%x","pid":1,"tid":1,"ts":%d}`, comma(i), i%50, i*7919, i)
		}
	}},
	{"ids far from each other", 60, func(w io.Writer) {
		for i := range 20_000 {
			fmt.Fprintf(w, `%s{"ph":"X","cat":"cuda_runtime","name":"cudaLaunchKernel","pid":1,"tid":1,"ts":%d,"dur":2,"args":{"correlation":%d}},`, comma(i), 10*i, i*65537)
			fmt.Fprintf(w, `{"ph":"s","cat":"ac2g","name":"ac2g","id":%d,"pid":1,"tid":1,"ts":%d},`, i*65537, 10*i)
			fmt.Fprintf(w, `{"ph":"f","bp":"e","cat":"ac2g","name":"ac2g","id":%d,"pid":0,"tid":7,"ts":%d},`, i*65537, 10*i+5)
			fmt.Fprintf(w, `{"ph":"X","cat":"kernel","name":"k","pid":0,"tid":7,"ts":%d,"dur":4,"args":{"stream":7,"correlation":%d}}`, 10*i+5, i*65537)
		}
	}},
	{"a name an event", 60, func(w io.Writer) {
		for i := range 40_000 {
			fmt.Fprintf(w, `%s{"ph":"X","cat":"c%d","name":"name number %d","pid":1,"tid":1,"ts":%d,"dur":1}`, comma(i), i, i, 2*i)
		}
	}},
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ",\n"
}

// hostileCalls are what is run on each of them; OUT stands for the output.
var hostileCalls = [][]string{
	{"slice", "--from", "10%", "--to", "60%", "-o", "OUT"}, {"slice", "--device", "launched", "--from", "10%", "--to", "60%", "-o", "OUT"},
	{"strip", "--python", "--hardware", "-o", "OUT"}, {"filter", "--with-parents", "--with-flows", `name =~ "1|k|big"`, "-o", "OUT"},
	{"downsample", "--merge", "20us", "-o", "OUT"}, {"downsample", "--max-events", "20k", "-o", "OUT"},
	{"split", "--by", "time", "--time", "100ms", "-o", "OUT"}, {"repair", "-o", "OUT"},
	{"info"}, {"info", "--html", "OUT"}, {"report"}, {"check"},
}

// refusals are the only calls that may fail, by trace and start of the call, with what
// they have to say.
var refusals = []struct{ trace, call, because string }{
	{"the smallest events", "slice ", "the range holds nothing of the trace"},
	{"the smallest events", "split ", "there is nothing in the trace to split"},
	{"slices 20,000 deep", "check ", "something would be dropped or shown wrongly"},
	{"begins without an end", "downsample --max-events ", "the budget is too small"},
	{"async begins without an end", "downsample --max-events ", "the budget is too small"},
	{"a thread an event", "downsample --max-events ", "the budget is too small"},
}

func refusal(trace, call string) (because string) {
	for _, r := range refusals {
		if r.trace == trace && strings.HasPrefix(call, r.call) {
			return r.because
		}
	}
	return ""
}

// Whatever a trace is made of, memory stays within what it may be, and every verb
// ends: with an output, or where there can be none, with one line that says why.
//
// Each call is made on a third of them, and on all with -full.
func TestHostileTracesStayWithinBounds(t *testing.T) {
	if testing.Short() {
		t.Skip("memory is measured, so that the race detector has no part in it")
	}
	for at, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "t.json.gz")
			packed(t, file, quickGzip, func(w io.Writer) {
				io.WriteString(w, `{"traceEvents":[`)
				h.write(w)
				io.WriteString(w, "]}\n")
			})
			fine, _, _ := ranAlone(t, []string{"check", "-q", file}, "")
			for i, args := range hostileCalls {
				if (i+at)%3 != 0 && !*full {
					continue
				}
				out := filepath.Join(t.TempDir(), "out")
				status, told, peak := ranAlone(t, append(args, file), out)
				switch because := refusal(h.name, strings.Join(args, " ")+" "); {
				case because == "" && status != exitDone:
					t.Errorf("%q: status %d: %s", args, status, told)
				case because != "" && (status != exitFailed || !strings.Contains(told, because) || lines(told, "tracekit: error: ") != 1):
					t.Errorf("%q: status %d, not a failure because %s: %s", args, status, because, told)
				}
				if most := 256 + h.state; peak > most<<20 {
					t.Errorf("%q: %d MB at most, more than %d", args, peak>>20, most)
				}
				if fine == exitDone && status == exitDone && args[len(args)-1] == "OUT" && args[0] != "split" && args[0] != "info" {
					if status, told, _ := ranAlone(t, []string{"check", "-q", out}, ""); status != exitDone {
						t.Errorf("check of %q: status %d: %s", args, status, told)
					}
				}
			}
		})
	}
}

// bombs are small files that unpack into large ones; text is what they are full of.
var bombs = []struct {
	name string
	pack func(w io.Writer) io.WriteCloser
	text func(w io.Writer)
	told string // why not even one without --max-size is read, if so
	most int    // MB
}{
	{"blanks.json.gz", quickGzip, blanks, "", 160},
	{"events.json.gz", quickGzip, sameEvent, "", 64},
	{"string.json.gz", quickGzip, oneString, "1 broken event left out", 320},
	{"events.json.zst", quickZstd, sameEvent, "", 64},
	{"events.zip", zipped, sameEvent, "", 64},
	{"string.zip", zipped, oneString, "1 broken event left out", 320},
}

const bombSize = 150 << 20

func blanks(w io.Writer) {
	io.WriteString(w, smallSlice)
	fill(w, " ")
}

func sameEvent(w io.Writer) {
	io.WriteString(w, smallSlice)
	fill(w, `,{"ph":"C","name":"`+strings.Repeat("much of the same ", 2000)+`","pid":1,"ts":3,"args":{"n":1}}`)
}

func oneString(w io.Writer) {
	io.WriteString(w, smallSlice+`,{"ph":"i","name":"`)
	fill(w, "a")
	io.WriteString(w, `","pid":1,"tid":1,"ts":3}`)
}

const smallSlice = `{"ph":"X","cat":"c","name":"a","pid":1,"tid":1,"ts":1,"dur":9}`

// fill writes the same again and again.
func fill(w io.Writer, same string) {
	block := []byte(strings.Repeat(same, 1+(1<<20)/len(same)))
	for n := 0; n < bombSize; n += len(block) {
		w.Write(block)
	}
}

func quickGzip(w io.Writer) io.WriteCloser {
	z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
	return z
}

func quickZstd(w io.Writer) io.WriteCloser {
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		panic(err)
	}
	return z
}

// zipped packs the only file of an archive.
func zipped(w io.Writer) io.WriteCloser {
	archive := zip.NewWriter(w)
	file, err := archive.Create("t.json")
	if err != nil {
		panic(err)
	}
	return struct {
		io.Writer
		io.Closer
	}{file, archive}
}

// A small file that unpacks into a large one is refused by every verb that is told
// what is too much, and read within bounds by one that is not.
func TestBombsAreRefused(t *testing.T) {
	if testing.Short() {
		t.Skip("memory is measured, so that the race detector has no part in it")
	}
	for _, bomb := range bombs {
		t.Run(bomb.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), bomb.name)
			packed(t, file, bomb.pack, func(w io.Writer) {
				io.WriteString(w, `{"traceEvents":[`)
				bomb.text(w)
				io.WriteString(w, "]}\n")
			})
			calls := hostileCalls
			if bomb.name != "events.json.gz" {
				calls = calls[:1] // all come by one way to their bytes
			}
			for _, args := range calls {
				call := append(append(slices.Clone(args), "--max-size", "20MB"), file)
				status, told, peak := ranAlone(t, call, filepath.Join(t.TempDir(), "out"))
				if status != exitFailed || lines(told, "tracekit: error: ") != 1 || !strings.Contains(told, "\nhint: ") || !strings.Contains(told, "--max-size") {
					t.Errorf("%q: status %d: %s", call, status, told)
				}
				if peak > bomb.most<<20 {
					t.Errorf("%q: %d MB", call, peak>>20)
				}
			}
			readers := [][]string{{"strip", "--python", "-o", "OUT"}, {"info"}, {"check"}}
			if filepath.Ext(bomb.name) != ".gz" {
				readers = readers[:1]
			}
			for _, args := range readers {
				status, told, peak := ranAlone(t, append(args, file), filepath.Join(t.TempDir(), "out"))
				want := exitDone
				if bomb.told != "" {
					want = exitDamaged
				}
				if args[0] == "check" {
					want = min(want, exitFailed) // it says what would be lost
				}
				if status != want || args[0] != "check" && !strings.Contains(told, bomb.told) {
					t.Errorf("%q: status %d: %s", args, status, told)
				}
				if peak > bomb.most<<20 {
					t.Errorf("%q: %d MB", args, peak>>20)
				}
			}
		})
	}
}

func lines(text, prefix string) (n int) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, prefix) {
			n++
		}
	}
	return n
}

func packed(t *testing.T, file string, pack func(io.Writer) io.WriteCloser, write func(w io.Writer)) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	z := pack(f)
	write(z)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// ranAlone runs the command in a process of its own, with OUT replaced, and returns
// its status, what it told, and the most memory it had, in bytes.
func ranAlone(t *testing.T, args []string, out string) (status int, told string, peak int) {
	t.Helper()
	args = slices.Clone(args)
	for i, a := range args {
		if a == "OUT" {
			args[i] = out
		}
	}
	peakFile := filepath.Join(t.TempDir(), "peak")
	c := exec.Command("peakof", append([]string{peakFile, "tracekit"}, args...)...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	tooLong := time.AfterFunc(5*time.Minute, func() { c.Process.Kill() })
	defer tooLong.Stop()
	c.Wait()
	if c.ProcessState.ExitCode() < 0 {
		t.Fatalf("%q: %v: %s", args, c.ProcessState, stderr.String())
	}
	text, err := os.ReadFile(peakFile)
	if err != nil {
		t.Fatal(err)
	}
	if peak, err = strconv.Atoi(string(text)); err != nil || peak == 0 {
		t.Fatalf("%q: a peak of %q", args, text)
	}
	return c.ProcessState.ExitCode(), stderr.String(), peak
}

func init() { commands["peakof"] = peakOf }

// peakOf runs a command and writes the most memory that it had, in bytes, to a file.
// It stands between the tests and the command, since a process starts with the peak of
// the one that it comes from, and that of the tests is large.
func peakOf() {
	c := exec.Command(os.Args[2], os.Args[3:]...)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	runtime.LockOSThread() // the command dies with the thread that it comes from
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	c.Run()
	if c.ProcessState == nil {
		os.Exit(127)
	}
	peak := c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	if err := os.WriteFile(os.Args[1], strconv.AppendInt(nil, peak, 10), 0o666); err != nil {
		os.Exit(126)
	}
	os.Exit(c.ProcessState.ExitCode())
}
