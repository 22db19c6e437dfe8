package term

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Progress is the line of a call that reads several inputs, or one of them several times. Each
// reading is a [Part] of it.
type Progress struct {
	line *line // nil if it is not shown

	mutex    sync.Mutex
	expected int64 // bytes of all parts
	ended    int64 // of those that have ended
	running  []*Part
	count    int   // parts that have ended
	read     int64 // bytes that these have read
	of       int64 // and how large those were that have read any
	counted  int   // of how many parts the line says how many have ended; 0 if it does not
}

// Part is one reading of one input.
type Part struct {
	of     *Progress
	size   int64
	meters []*Meter
}

// NewProgress starts a Progress of parts that have so many bytes together. Its line, which is
// written to w if show is set, says of how many parts how many have ended, if count is not 0.
func NewProgress(w io.Writer, expected int64, count int, show bool) *Progress {
	p := &Progress{expected: expected, counted: count}
	if show {
		p.line = newLine(w, p.text)
	}
	return p
}

// Expect tells that there are more parts, of so many bytes together.
func (p *Progress) Expect(bytes int64) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.expected += bytes
}

// Begin starts a part of so many bytes.
func (p *Progress) Begin(size int64) *Part {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	part := &Part{of: p, size: max(size, 0)}
	p.running = append(p.running, part)
	return part
}

// Meter returns a Meter of what is read within the part. Nothing else shows it.
func (t *Part) Meter(total int64) *Meter {
	m := NewMeter(nil, total, false)
	t.of.mutex.Lock()
	defer t.of.mutex.Unlock()
	t.meters = append(t.meters, m)
	return m
}

// End ends the part, whatever of it was read.
func (t *Part) End() {
	p := t.of
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for i, running := range p.running {
		if running == t {
			p.running = append(p.running[:i], p.running[i+1:]...)
			break
		}
	}
	p.ended += t.size
	p.count++
	if read := t.read(); read > 0 {
		p.read += read
		p.of += t.size
	}
}

func (t *Part) read() (n int64) {
	for _, m := range t.meters {
		n += m.done.Load()
	}
	return n
}

// done is how much of the part is done, in bytes of its size: by what its meters expect, or by how
// often those before were read.
func (t *Part) done(times float64) float64 {
	did, expected := int64(0), float64(0)
	for _, m := range t.meters {
		did += m.done.Load() + m.other.Load()
		expected += float64(m.total.Load())
	}
	expected = max(expected, times*float64(t.size))
	if expected <= 0 {
		return 0
	}
	return min(float64(did)/expected, 1) * float64(t.size)
}

// text is the line.
func (p *Progress) text(since time.Duration) string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	times := 1.0
	if p.of > 0 {
		times = float64(p.read) / float64(p.of)
	}
	read, done, known := p.read, float64(p.ended), p.ended
	for _, t := range p.running {
		read += t.read()
		done += t.done(times)
		known += t.size
	}
	line := rate(read, since)
	if p.counted > 0 {
		line = fmt.Sprintf("%d of %d inputs, %s", p.count, p.counted, line)
	}
	if all := max(p.expected, known); done > 0 && all > 0 {
		line += remaining(done/float64(all), since)
	}
	return line
}

// Above has f write to the terminal without the line in between.
func (p *Progress) Above(f func()) {
	if p.line == nil {
		f()
		return
	}
	p.line.above(f)
}

// Stop ends the line and clears it.
func (p *Progress) Stop() {
	if p.line != nil {
		p.line.stop()
	}
}
