package term

import (
	"strings"
	"testing"
	"time"

	"tracekit/internal/testkit/cmptest"
)

// The line of several inputs is true from the first to the last, however often each is read.
func TestProgressOfMany(t *testing.T) {
	p := NewProgress(nil, 400e6, 3, false)
	says := func(since time.Duration, want string) {
		t.Helper()
		cmptest.Same(t, "the line", want, p.text(since))
	}
	reads := func(m *Meter, n int64) { m.done.Add(n) }
	says(time.Second, "0 of 3 inputs, 0 B read, 0 B/s")
	first, second := p.Begin(100e6), p.Begin(200e6)
	m := first.Meter(100e6)
	m.Expect(200e6) // read twice, of which it knows
	reads(m, 100e6)
	says(time.Second, "0 of 3 inputs, 100.0 MB read, 100.0 MB/s, 12%, 7s left")
	n := second.Meter(200e6)
	reads(n, 300e6) // of which it does not know
	says(2*time.Second, "0 of 3 inputs, 400.0 MB read, 200.0 MB/s, 62%, 1s left")
	reads(m, 100e6)
	m.Stop()
	first.End()
	says(3*time.Second, "1 of 3 inputs, 500.0 MB read, 166.7 MB/s, 62%, 2s left") // now it is known
	reads(n, 100e6)
	second.End()
	third := p.Begin(100e6) // of which nothing has to be read
	says(4*time.Second, "2 of 3 inputs, 600.0 MB read, 150.0 MB/s, 75%, 1s left")
	third.End()
	says(4*time.Second, "3 of 3 inputs, 600.0 MB read, 150.0 MB/s, 100%, 0s left")
}

// Each reading of a file counts, and those of which nobody knew in the beginning.
func TestProgressOfReadings(t *testing.T) {
	p := NewProgress(nil, 200, 0, false)
	for i, want := range []string{"50%, 1s left", "100%, 0s left"} {
		part := p.Begin(100)
		part.Meter(100).done.Add(100)
		part.End()
		if got := p.text(time.Duration(i+1) * time.Second); !strings.HasSuffix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	p.Expect(100)
	if got := p.text(2 * time.Second); !strings.HasSuffix(got, "66%, 1s left") {
		t.Errorf("%q of another reading", got)
	}
	p.Begin(300)
	if got := p.text(2 * time.Second); !strings.HasSuffix(got, "40%, 3s left") {
		t.Errorf("%q of more than was expected", got)
	}
}

// What is said stands on lines of its own.
func TestProgressGivesWay(t *testing.T) {
	var b strings.Builder
	p := NewProgress(&b, 100, 0, false)
	p.line = &line{w: &b, shown: true}
	p.Above(func() { b.WriteString("a: done\n") })
	p.Above(func() { b.WriteString("b: done\n") })
	cmptest.Same(t, "the terminal", "\r\x1b[Ka: done\nb: done\n", b.String())
}
