package term

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Meter counts the bytes that are read and, if it is shown, keeps a line on a
// terminal up to date: bytes done, rate, time left.
type Meter struct {
	done  atomic.Int64 // bytes read
	other atomic.Int64 // work besides, as so many bytes
	total atomic.Int64 // of both, negative if not known
	line  *line        // nil if it is not shown
}

// NewMeter starts a Meter of total bytes, negative if that is not known. It writes
// to w if show is set.
func NewMeter(w io.Writer, total int64, show bool) *Meter {
	m := &Meter{}
	m.total.Store(total)
	if show {
		m.line = newLine(w, func(since time.Duration) string {
			return Line(m.done.Load(), m.other.Load(), m.total.Load(), since)
		})
	}
	return m
}

// Expect tells that there is more to do than to read once: total is what it is worth
// in bytes, with those that Work will tell of.
func (m *Meter) Expect(total int64) { m.total.Store(total) }

// Work counts what is done besides reading, as so many bytes.
func (m *Meter) Work(n int64) { m.other.Add(n) }

// Far tells how many bytes were read, and of how many in all, negative if that is not known.
func (m *Meter) Far() (done, of int64) { return m.done.Load(), m.total.Load() }

// Stop ends the line and clears it.
func (m *Meter) Stop() {
	if m.line != nil {
		m.line.stop()
	}
}

// quiet is for how long nothing is shown: short work needs no line.
const quiet = time.Second

// line keeps a line on a terminal up to date.
type line struct {
	w     io.Writer
	text  func(since time.Duration) string
	start time.Time
	quit  chan struct{}
	ended sync.WaitGroup
	once  sync.Once

	mutex sync.Mutex // held where the terminal is written to
	shown bool
}

func newLine(w io.Writer, text func(since time.Duration) string) *line {
	l := &line{w: w, text: text, start: time.Now(), quit: make(chan struct{})}
	l.ended.Go(l.run)
	return l
}

func (l *line) run() {
	tick := time.NewTicker(quiet / 5)
	defer tick.Stop()
	for {
		select {
		case <-l.quit:
			l.above(func() {})
			return
		case <-tick.C:
			if since := time.Since(l.start); since >= quiet {
				text := l.text(since)
				l.mutex.Lock()
				fmt.Fprintf(l.w, "\r\x1b[K%s", text)
				l.shown = true
				l.mutex.Unlock()
			}
		}
	}
}

// above clears the line, and has f write where it was.
func (l *line) above(f func()) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.shown {
		fmt.Fprint(l.w, "\r\x1b[K")
		l.shown = false
	}
	f()
}

func (l *line) stop() {
	l.once.Do(func() {
		close(l.quit)
		l.ended.Wait()
	})
}

// Line says how far work has come after some time: bytes read and other work, of a
// total of both.
func Line(read, other, total int64, since time.Duration) string {
	line := rate(read, since)
	if done := read + other; total > 0 && done > 0 && done <= total {
		line += remaining(float64(done)/float64(total), since)
	}
	return line
}

func rate(read int64, since time.Duration) string {
	return fmt.Sprintf("%s read, %s/s", Bytes(read), Bytes(int64(float64(read)/since.Seconds())))
}

// remaining says how long it takes where a share of all is done.
func remaining(share float64, since time.Duration) string {
	left := time.Duration(float64(since) * (1 - share) / share)
	return fmt.Sprintf(", %d%%, %s left", int64(100*share), left.Round(time.Second))
}

// Bytes writes a number of bytes for people, in powers of ten.
func Bytes(n int64) string {
	switch {
	case n >= 999_950_000:
		return fmt.Sprintf("%.2f GB", float64(n)/1e9)
	case n >= 999_950:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d B", n)
}

// File is a file whose reading is counted.
type File struct {
	*os.File
	m *Meter
}

// File counts what is read of f.
func (m *Meter) File(f *os.File) File { return File{f, m} }

func (f File) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	f.m.done.Add(int64(n))
	return n, err
}

// ReadAt counts as Read does.
func (f File) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.File.ReadAt(p, off)
	f.m.done.Add(int64(n))
	return n, err
}

// Section is an input of so many bytes that is read from anywhere, and counted.
type Section struct {
	*io.SectionReader
	m *Meter
}

// ReaderAt counts what is read of r, which has so many bytes.
func (m *Meter) ReaderAt(r io.ReaderAt, size int64) Section {
	return Section{io.NewSectionReader(r, 0, size), m}
}

func (s Section) Read(p []byte) (int, error) {
	n, err := s.SectionReader.Read(p)
	s.m.done.Add(int64(n))
	return n, err
}

// ReadAt counts as Read does.
func (s Section) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.SectionReader.ReadAt(p, off)
	s.m.done.Add(int64(n))
	return n, err
}

// Reader counts what is read of r.
func (m *Meter) Reader(r io.Reader) io.Reader { return reader{r, m} }

type reader struct {
	io.Reader
	m *Meter
}

func (r reader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.m.done.Add(int64(n))
	return n, err
}
